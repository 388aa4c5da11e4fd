"""What was done that matters to security: written with the act itself, read by administrators."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from uuid_utils.compat import uuid7

from db.models.audit import AuditEvent
from db.models.base import NOBODY
from db.repositories.audit import AuditFilter
from db.session import Database
from db.unit import Unit
from engine.accounts.actor import Actor
from engine.accounts.rights import Right, needs
from engine.exports import Form, table

__all__ = ["EVERYTHING", "Act", "AuditFilter", "AuditLog", "Form", "record"]

EVERYTHING = AuditFilter()
STRANGER = UUID(int=1)
"""The actor of what somebody did who is not signed in."""
_ACTORS = {NOBODY: "Operator", STRANGER: "Not signed in"}
COLUMNS = ("at", "actor", "actor_id", "action", "target_kind", "target", "target_id", "before", "after", "address")


@dataclass(frozen=True, slots=True)
class Act:
    """One line of the log. `actor` and `target` are names where somebody still has them, else a pseudonym.

    `actor_id` is None for the operator.
    """

    id: UUID
    at: datetime
    actor_id: UUID | None
    actor: str
    action: str
    target_kind: str
    target_id: str
    target: str
    before: dict[str, Any]
    after: dict[str, Any]
    address: str


def record(
    unit: Unit,
    actor_id: UUID | None,
    action: str,
    target_kind: str,
    target_id: object,
    now: datetime,
    *,
    before: Mapping[str, Any] | None = None,
    after: Mapping[str, Any] | None = None,
    address: str = "",
) -> None:
    """Append an act inside the transaction that does it.

    `action` is dotted, kind first ("person.disable"). `before` and `after` name only fields that may be read by
    every administrator for ever: no secret, no address of a person; of what somebody wrote only the reason of an act.
    """
    unit.audit.add(
        AuditEvent(
            id=uuid7(),
            at=now,
            actor_id=actor_id or NOBODY,
            action=action,
            target_kind=target_kind,
            target_id=str(target_id),
            before=dict(before or {}),
            after=dict(after or {}),
            address=address,
        )
    )


class AuditLog:
    """Reads the log."""

    def __init__(self, database: Database, *, clock: Callable[[], datetime]) -> None:
        self._database = database
        self._clock = clock

    @needs(Right.SEE_AUDIT)
    def count(self, actor: Actor, wanted: AuditFilter = EVERYTHING) -> int:
        """How many acts a filter finds."""
        with self._database.read() as unit:
            return unit.audit.count(wanted)

    @needs(Right.SEE_AUDIT)
    def page(self, actor: Actor, wanted: AuditFilter = EVERYTHING, *, skip: int = 0, most: int = 50) -> list[Act]:
        """Acts, newest first."""
        with self._database.read() as unit:
            return _acts(unit, unit.audit.page(wanted, skip=max(skip, 0), most=max(most, 0)))

    @needs(Right.SEE_AUDIT)
    def export(self, actor: Actor, wanted: AuditFilter = EVERYTHING, form: Form = "csv") -> bytes:
        """All acts that a filter finds, newest first, as a file."""
        with self._database.read() as unit:
            acts = _acts(unit, unit.audit.page(wanted, most=None))
        return table(COLUMNS, [[getattr(act, column) for column in COLUMNS] for act in acts], form)

    @needs(Right.SEE_AUDIT)
    def actions(self, actor: Actor) -> list[str]:
        """The names of all acts that have happened."""
        with self._database.read() as unit:
            return unit.audit.actions()


def _acts(unit: Unit, rows: Sequence[AuditEvent]) -> list[Act]:
    """Acts with the names of today: the log itself holds only ids."""
    people = {row.actor_id for row in rows} | _targets(rows, "person")
    names = unit.people.names(people) | unit.departments.names(_targets(rows, "department"))
    return [_act(row, names) for row in rows]


def _targets(rows: Sequence[AuditEvent], kind: str) -> set[UUID]:
    return {found for row in rows if row.target_kind == kind and (found := _id(row.target_id))}


def _id(text: str) -> UUID | None:
    try:
        return UUID(text)
    except ValueError:
        return None


def _act(row: AuditEvent, names: Mapping[UUID, str]) -> Act:
    named = _id(row.target_id) if row.target_kind in ("person", "department") else None
    return Act(
        id=row.id,
        at=row.at,
        actor_id=None if row.actor_id == NOBODY else row.actor_id,
        actor=_ACTORS.get(row.actor_id) or _named(row.actor_id, names),
        action=row.action,
        target_kind=row.target_kind,
        target_id=row.target_id,
        target=_named(named, names) if named else row.target_id,
        before=row.before,
        after=row.after,
        address=row.address,
    )


def _named(row_id: UUID, names: Mapping[UUID, str]) -> str:
    return names.get(row_id, f"deleted …{row_id.hex[-6:]}")
