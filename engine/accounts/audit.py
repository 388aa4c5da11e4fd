"""What was done that matters to security: written with the act itself, read by administrators."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from uuid_utils.compat import uuid7

from db.models.audit import AuditEvent
from db.models.base import NOBODY
from db.repositories.audit import AuditFilter
from db.session import Database, Unit
from engine.accounts.actor import Actor
from engine.accounts.rights import Right, needs

__all__ = ["EVERYTHING", "Act", "AuditFilter", "AuditLog", "record"]

EVERYTHING = AuditFilter()


@dataclass(frozen=True, slots=True)
class Act:
    """One line of the log. `actor` and `target` are names where somebody still has them, else a pseudonym."""

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
    every administrator for ever: no secret, no address of a person, no text that somebody wrote.
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
            rows = unit.audit.page(wanted, skip=skip, most=most)
            ids = {row.actor_id for row in rows} | {UUID(row.target_id) for row in rows if row.target_kind == "person"}
            names = unit.people.names(ids)
        return [_act(row, names) for row in rows]

    @needs(Right.SEE_AUDIT)
    def actions(self, actor: Actor) -> list[str]:
        """The names of all acts that have happened."""
        with self._database.read() as unit:
            return unit.audit.actions()


def _act(row: AuditEvent, names: Mapping[UUID, str]) -> Act:
    person = UUID(row.target_id) if row.target_kind == "person" else None
    return Act(
        id=row.id,
        at=row.at,
        actor_id=None if row.actor_id == NOBODY else row.actor_id,
        actor="Operator" if row.actor_id == NOBODY else _named(row.actor_id, names),
        action=row.action,
        target_kind=row.target_kind,
        target_id=row.target_id,
        target=_named(person, names) if person else row.target_id,
        before=row.before,
        after=row.after,
        address=row.address,
    )


def _named(person_id: UUID, names: Mapping[UUID, str]) -> str:
    return names.get(person_id, f"deleted …{person_id.hex[-6:]}")
