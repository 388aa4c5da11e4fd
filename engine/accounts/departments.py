"""Departments: groups of people, each with the personas that are recommended to them.

A department's leads are its members with that role; they choose its personas, administrators do everything else.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from uuid_utils.compat import uuid7

from db.models.people import Department as DepartmentRow
from db.session import Database
from db.unit import Unit
from engine.accounts.actor import Actor, Role
from engine.accounts.audit import record
from engine.accounts.guards import why_held_back
from engine.accounts.people import clean_name
from engine.accounts.rights import Right, needs
from engine.errors import BadInput, NotFound


@dataclass(frozen=True, slots=True)
class Department:
    """A department as its members see it. `leads` are names; personas are named by their references.

    `guard_rate` is how much of its rehearsal the default persona must have passed, in percent; `held_back` says why it
    does not answer now.
    """

    id: UUID
    name: str
    people: int
    leads: tuple[str, ...]
    recommended: tuple[str, ...]
    default_persona: str | None
    guard_rate: int | None = None
    held_back: str = ""


class Departments:
    """The departments of the house. Every change is written to the audit log."""

    def __init__(self, database: Database, *, clock: Callable[[], datetime]) -> None:
        self._database = database
        self._clock = clock

    @needs(Right.USE)
    def all(self, actor: Actor) -> list[Department]:
        """All departments by name."""
        with self._database.read() as unit:
            return _departments(unit, unit.departments.all())

    @needs(Right.MANAGE_DEPARTMENTS)
    def add(self, actor: Actor, name: str) -> Department:
        """Add a department, empty at first. Raises BadInput when the name is taken."""
        now = self._clock()
        with self._database.write() as unit:
            row = DepartmentRow(
                id=uuid7(), name=_free_name(unit, name), recommended=[], default_persona=None, created_at=now
            )
            if not unit.departments.add(row):
                raise _taken(row.name)
            _note(unit, actor, "add", row.id, now)
            return _departments(unit, [row])[0]

    @needs(Right.MANAGE_DEPARTMENTS)
    def rename(self, actor: Actor, department_id: UUID, name: str) -> Department:
        """Call a department something else. Raises NotFound, and BadInput when the name is taken."""
        with self._database.write() as unit:
            row = _held(unit, department_id)
            tidy = _free_name(unit, name, but=department_id)
            if tidy != row.name:
                if not unit.departments.rename(department_id, tidy):
                    raise _taken(tidy)
                _note(unit, actor, "rename", department_id, self._clock())
            return _departments(unit, [row])[0]

    @needs(Right.MANAGE_DEPARTMENTS)
    def remove(self, actor: Actor, department_id: UUID) -> None:
        """Forget a department; its people stay and are in none. Raises NotFound."""
        with self._database.write() as unit:
            left = unit.departments.remove(department_id)
            if left is None:
                raise _gone()
            _note(unit, actor, "remove", department_id, self._clock(), before={"people": left})

    @needs(Right.LEAD_DEPARTMENT)
    def choose_personas(
        self, actor: Actor, department_id: UUID, *, recommended: Sequence[str], default_persona: str | None
    ) -> Department:
        """Say which personas are recommended to a department, in this order, and which one answers by default.

        Administrators choose for any department, a lead for their own. Raises NotFound for every other one, and
        BadInput for a persona that not everybody there could use, and for a default that is not recommended or has
        not passed what the department asks of it.
        """
        wanted = list(dict.fromkeys(recommended))
        if default_persona is not None and default_persona not in wanted:
            raise BadInput(
                "The default is not among the recommended personas.",
                field="Default persona",
                hint="Recommend it too, or choose another.",
            )
        with self._database.write() as unit:
            row = _held(unit, department_id)
            if actor.role is not Role.ADMIN and actor.department_id != department_id:
                raise _gone()
            _check_usable(unit, wanted)
            if default_persona != row.default_persona:
                _check_guard(unit, default_persona, row.guard_rate)
            before = _choice(row)
            unit.departments.change(department_id, recommended=wanted, default_persona=default_persona)
            if _choice(row) != before:
                _note(unit, actor, "personas", department_id, self._clock(), before=before, after=_choice(row))
            return _departments(unit, [row])[0]

    @needs(Right.LEAD_DEPARTMENT)
    def set_guard(self, actor: Actor, department_id: UUID, rate: int | None) -> Department:
        """Ask the default persona to have passed so much of its rehearsal, in percent; None asks nothing.

        A default that has not is held back from then on. Raises NotFound as `choose_personas`, and BadInput.
        """
        if rate is not None and not 1 <= rate <= 100:
            raise BadInput("The share is not between 1 and 100 percent.", field="Checks passed")
        with self._database.write() as unit:
            row = _held(unit, department_id)
            if actor.role is not Role.ADMIN and actor.department_id != department_id:
                raise _gone()
            if rate != row.guard_rate:
                before, after = {"guard_rate": row.guard_rate}, {"guard_rate": rate}
                unit.departments.change(department_id, guard_rate=rate)
                _note(unit, actor, "guard", department_id, self._clock(), before=before, after=after)
            return _departments(unit, [row])[0]


def _departments(unit: Unit, rows: Sequence[DepartmentRow]) -> list[Department]:
    sizes, leads = unit.departments.sizes(), unit.departments.leads()
    return [
        Department(
            id=row.id,
            name=row.name,
            people=sizes.get(row.id, 0),
            leads=tuple(leads.get(row.id, ())),
            recommended=tuple(row.recommended),
            default_persona=row.default_persona,
            guard_rate=row.guard_rate,
            held_back=why_held_back(unit, row.default_persona, row.guard_rate),
        )
        for row in rows
    ]


def _held(unit: Unit, department_id: UUID) -> DepartmentRow:
    row = unit.departments.for_change(department_id)
    if row is None:
        raise _gone()
    return row


def _gone() -> NotFound:
    return NotFound("There is no such department for you to change.", hint="It was removed, perhaps in another tab.")


def _free_name(unit: Unit, name: str, *, but: UUID | None = None) -> str:
    tidy = clean_name(name)
    there = unit.departments.by_name(tidy)
    if there is not None and there.id != but:
        raise _taken(tidy)
    return tidy


def _taken(name: str) -> BadInput:
    return BadInput(f"There is a department called {name} already.", field="Name")


def _check_usable(unit: Unit, references: Sequence[str]) -> None:
    """Everybody may use what comes with the house; whether they may use anything else depends on who asks."""
    known = {row.key for row in unit.personas.builtins()}
    for reference in references:
        if reference not in known:
            raise BadInput(
                f"Not everybody in the department can use the persona {reference!r}.",
                field="Recommended personas",
                hint="Choose among the personas that come with the house.",
            )


def _check_guard(unit: Unit, reference: str | None, rate: int | None) -> None:
    if why := why_held_back(unit, reference, rate):
        raise BadInput(why, field="Default persona", hint="Nothing was changed. Rehearse it, or choose another.")


def _choice(row: DepartmentRow) -> dict[str, Any]:
    return {"recommended": list(row.recommended), "default_persona": row.default_persona}


def _note(
    unit: Unit,
    actor: Actor,
    verb: str,
    department_id: UUID,
    now: datetime,
    *,
    before: Mapping[str, Any] | None = None,
    after: Mapping[str, Any] | None = None,
) -> None:
    record(unit, actor.person_id, f"department.{verb}", "department", department_id, now, before=before, after=after)
