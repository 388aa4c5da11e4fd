"""Who used how much: the table of people, with what is left of each one's month."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta, tzinfo
from decimal import Decimal
from typing import Any
from uuid import UUID

from db.session import Database
from db.unit import Unit
from engine.accounts.actor import Actor
from engine.accounts.rights import Right, needs
from engine.usage.dashboard import billing_today
from engine.usage.plans import SETTING, plans_of
from engine.usage.reports import Line, dearest, lines
from engine.usage.sums import Sums, usd
from engine.usage.view import NONE, Span, View, filter_of, text_of

WEEKS = 8
MOST = 50


@dataclass(frozen=True, slots=True)
class PersonLine:
    """What one person used. `value` names them in a View.

    `month_share` is how much of their month's allowance is spent, None without one; `weeks` is what they cost in each
    of the last eight weeks, the newest last.
    """

    value: str
    name: str
    department: str
    sums: Sums
    month_share: float | None
    weeks: tuple[float, ...]
    last_day: date | None


@dataclass(frozen=True, slots=True)
class PeopleTable:
    """The dearest people of a view, and how many there are in all."""

    lines: list[PersonLine]
    count: int


class PeopleUsage:
    """The table, for those who may see the usage of everyone."""

    def __init__(self, database: Database, *, clock: Callable[[], datetime], billing_zone: tzinfo) -> None:
        self._database = database
        self._clock = clock
        self._zone = billing_zone

    @needs(Right.SEE_HOUSE_USAGE)
    def people(self, actor: Actor, view: View, *, find: str = "", most: int = MOST) -> PeopleTable:
        """Who used something, the dearest first; `find` looks at names."""
        with self._database.read() as unit:
            today = billing_today(unit, self._clock(), self._zone)
            found = dearest(lines(unit, ("person",), view.filter(view.span(today)), latency=True))
            found = [line for line in found if find.strip().lower() in line.name.lower()]
            return PeopleTable(_lines(unit, found[:most], view, today) if found else [], len(found))


def _lines(unit: Unit, found: list[Line], view: View, today: date) -> list[PersonLine]:
    values = [line.values["person"] for line in found]
    accounts = {str(row.id): row for row in unit.usage.accounts(UUID(value) for value in values if value != NONE)}
    departments = {row.id: row.name for row in unit.departments.all()}
    weeks = _weeks(unit, view.with_only("person", values), today)
    shares = _shares(unit, accounts, today)
    wanted = filter_of(None, {"person": values})
    days = {text_of(each): day for each, day in unit.usage.last_days("person", wanted).items()}
    return [
        PersonLine(
            value=value,
            name=line.name,
            department=departments.get(accounts[value].department_id, "") if value in accounts else "",
            sums=line.sums,
            month_share=shares.get(value),
            weeks=weeks.get(value, (0.0,) * WEEKS),
            last_day=days.get(value),
        )
        for value, line in zip(values, found, strict=True)
    ]


def _weeks(unit: Unit, view: View, today: date) -> dict[str, tuple[float, ...]]:
    began = today - timedelta(weeks=WEEKS) + timedelta(days=1)
    found: dict[str, list[float]] = {}
    for line in lines(unit, ("person", "day"), view.filter(Span(began, today + timedelta(days=1)))):
        week = (date.fromisoformat(line.values["day"]) - began).days // 7
        found.setdefault(line.values["person"], [0.0] * WEEKS)[week] += float(line.sums.cost_usd)
    return {value: tuple(weeks) for value, weeks in found.items()}


def _shares(unit: Unit, accounts: Mapping[str, Any], today: date) -> dict[str, float]:
    """How much of their month people have spent: of the tighter of the plan's sum and their own."""
    month = filter_of(Span(today.replace(day=1), today + timedelta(days=1)), {"person": list(accounts)})
    spent = {line.values["person"]: line.sums.house_usd for line in lines(unit, ("person",), month)}
    plans = plans_of(unit.house.get(SETTING))
    own = {row.scope_id: usd(row.month_nano) for row in unit.controls.budgets("person")}
    shares = {}
    for value, account in accounts.items():
        caps = [cap for cap in (plans.of(account.plan).usd_month, own.get(value)) if cap is not None]
        if caps:
            cap, used = min(caps), spent.get(value, Decimal())
            shares[value] = float(used / cap) if cap else 1.0
    return shares
