"""The calls behind a figure: lines of the ledger, newest first, in pages and as a file."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, fields
from datetime import date, datetime, tzinfo
from decimal import Decimal
from typing import Any
from uuid import UUID

from db.models.metering import UsageEvent
from db.session import Database
from db.unit import Unit
from engine.accounts.actor import Actor
from engine.accounts.rights import Right, needs
from engine.errors import BadInput
from engine.exports import Form, table
from engine.llm.usage import Usage
from engine.usage.dashboard import billing_today
from engine.usage.naming import names_of
from engine.usage.sums import usd
from engine.usage.view import View

MOST_EXPORTED = 100_000


@dataclass(frozen=True, slots=True)
class CallLine:
    """One line of the ledger with names. `kind` is "call", or what was put right later ("late", "correction-2")."""

    at: datetime
    day: date
    person: str
    department: str
    persona: str
    persona_version: int | None
    surface: str
    mode: str
    provider: str
    model: str
    profile: str
    tier: int
    key_source: str
    kind: str
    status: str
    error_code: str | None
    charged: bool
    estimated: bool
    tokens: Usage
    cost_usd: Decimal | None
    attempts: int
    latency_ms: int | None
    first_token_ms: int | None
    admission_id: UUID

    def flat(self) -> list[Any]:
        """The values under COLUMNS."""
        counts = self.tokens.as_dict()
        return [value for name in _FIELDS for value in (counts.values() if name == "tokens" else [getattr(self, name)])]


_FIELDS = tuple(field.name for field in fields(CallLine))
COLUMNS = tuple(name for field in _FIELDS for name in (Usage().as_dict() if field == "tokens" else (field,)))


class Calls:
    """Single calls, for those who may see the usage of everyone. `billing_zone` says when a day begins."""

    def __init__(self, database: Database, *, clock: Callable[[], datetime], billing_zone: tzinfo) -> None:
        self._database = database
        self._clock = clock
        self._zone = billing_zone

    @needs(Right.SEE_HOUSE_USAGE)
    def count(self, actor: Actor, view: View) -> int:
        """How many lines there are behind what is picked."""
        with self._database.read() as unit:
            return unit.usage.count_lines(self._wanted(unit, view), failed=view.failed)

    @needs(Right.SEE_HOUSE_USAGE)
    def page(self, actor: Actor, view: View, *, skip: int = 0, most: int = 25) -> list[CallLine]:
        """Those lines, newest first."""
        with self._database.read() as unit:
            wanted = self._wanted(unit, view)
            rows = unit.usage.lines(wanted, failed=view.failed, skip=max(skip, 0), most=max(most, 0))
            return _named(unit, rows)

    @needs(Right.SEE_HOUSE_USAGE)
    def export(self, actor: Actor, view: View, form: Form = "csv") -> bytes:
        """All those lines as a file. Raises BadInput when there are more than MOST_EXPORTED."""
        with self._database.read() as unit:
            wanted = self._wanted(unit, view)
            if unit.usage.count_lines(wanted, failed=view.failed) > MOST_EXPORTED:
                raise BadInput(
                    f"There are more than {MOST_EXPORTED:,} calls, too many for one file.",
                    field="Filters",
                    hint="Choose a shorter period or more filters.",
                )
            rows = unit.usage.lines(wanted, failed=view.failed, skip=0, most=MOST_EXPORTED)
            found = _named(unit, rows)
        return table(COLUMNS, (line.flat() for line in found), form)

    def _wanted(self, unit: Unit, view: View) -> Any:
        narrowed = view.with_only(view.by, [view.picked]) if view.picked else view
        return narrowed.filter(view.span(billing_today(unit, self._clock(), self._zone)))


def _named(unit: Unit, rows: Sequence[UsageEvent]) -> list[CallLine]:
    people = names_of(unit, "person", (row.person_id for row in rows))
    departments = names_of(unit, "department", (row.department_id for row in rows))
    personas = names_of(unit, "persona", (row.persona_key for row in rows))
    own = {name for name in _FIELDS if name not in ("person", "department", "persona", "tokens", "cost_usd")}
    return [
        CallLine(
            person=people[row.person_id],
            department=departments[row.department_id],
            persona=personas[row.persona_key],
            tokens=Usage(*(getattr(row, name) for name in Usage().as_dict())),
            cost_usd=None if row.cost_nano is None else usd(row.cost_nano),
            **{name: getattr(row, name) for name in own},
        )
        for row in rows
    ]
