"""What people may use: plans, what is set for one person alone, budgets, and the cap that one sets oneself."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, tzinfo
from decimal import Decimal
from typing import Any, Literal
from uuid import UUID

from db.repositories.metering import Take
from db.session import Database
from db.unit import Unit
from engine.accounts.actor import Actor
from engine.accounts.audit import record
from engine.accounts.rights import Right, needs
from engine.errors import BadInput, NotFound
from engine.usage.alerts import Alert
from engine.usage.plans import SETTING, Plans, checked, nano, plans_of
from engine.usage.policy import HOUSE, billing_day
from engine.usage.prices import NANO

BudgetScope = Literal["house", "department", "persona"]
Period = Literal["day", "month"]
LARGEST_USD = Decimal(10**7)
LARGEST_LIMIT = 10**9


@dataclass(frozen=True, slots=True)
class Budget:
    """A monthly budget and what is used of it; `month_usd` None is no budget. `used_usd` counts open calls too."""

    scope: str
    scope_id: str
    name: str
    month_usd: Decimal | None
    used_usd: Decimal


@dataclass(frozen=True, slots=True)
class Allowance:
    """What is set for one person: the plan, and a number of requests that replaces the plan's for one period."""

    plan: str
    usage_limit: int | None
    usage_period: Period | None
    own_cap_usd: Decimal | None
    ai_enabled: bool


class Allowances:
    """Reads and sets them. `billing_zone` says when a month begins."""

    def __init__(self, database: Database, *, clock: Callable[[], datetime], billing_zone: tzinfo) -> None:
        self._database = database
        self._clock = clock
        self._zone = billing_zone

    @needs(Right.USE)
    def plans(self, actor: Actor) -> Plans:
        """All plans as they are now."""
        with self._database.read() as unit:
            return plans_of(unit.house.get(SETTING))

    @needs(Right.MANAGE_ALLOWANCES)
    def people_by_plan(self, actor: Actor) -> dict[str, int]:
        """How many confirmed people are on each plan; under the empty name those who have the sample."""
        with self._database.read() as unit:
            plans, found = plans_of(unit.house.get(SETTING)), dict[str, int]()
            for (plan, verified), count in unit.people.count_by_plan().items():
                key = "" if not verified else plan if plan in plans.plans else plans.default
                found[key] = found.get(key, 0) + count
        return found

    @needs(Right.MANAGE_ALLOWANCES)
    def save_plans(self, actor: Actor, edited: dict[str, Any]) -> Plans:
        """Put edited plans (the form of `plans.yaml`) in force for the next call. Raises BadInput naming the field."""
        plans = checked(edited)
        with self._database.write() as unit:
            before = plans_of(unit.house.get(SETTING))
            unit.house.put(SETTING, plans.model_dump(mode="json", exclude_none=True))
            was, now = (each.model_dump(mode="json", exclude_none=True) for each in (before, plans))
            record(unit, actor.person_id, "plans.change", "house", "plans", self._clock(), before=was, after=now)
        return plans

    @needs(Right.MANAGE_ALLOWANCES)
    def of(self, actor: Actor, person_id: UUID) -> Allowance:
        """What is set for a person. Raises NotFound."""
        with self._database.read() as unit:
            return _allowance(unit, person_id)

    @needs(Right.USE)
    def mine(self, actor: Actor) -> Allowance:
        """What is set for oneself. Raises BadInput for the operator."""
        with self._database.read() as unit:
            return _allowance(unit, _self(actor))

    @needs(Right.MANAGE_ALLOWANCES)
    def give_plan(self, actor: Actor, person_id: UUID, plan: str) -> None:
        """Put a person on a plan. Raises BadInput for a plan that is not there, NotFound for a person."""
        with self._database.write() as unit:
            plans = plans_of(unit.house.get(SETTING))
            if plan not in plans.plans:
                raise BadInput(f"There is no plan {plan!r}.", field="Plan", hint=f"Known: {', '.join(plans.plans)}.")
            before = _allowance(unit, person_id).plan
            unit.people.change(person_id, plan=plan)
            was, now = {"plan": before}, {"plan": plan}
            record(unit, actor.person_id, "person.plan", "person", person_id, self._clock(), before=was, after=now)

    @needs(Right.MANAGE_ALLOWANCES)
    def override(self, actor: Actor, person_id: UUID, limit: int | None, period: Period = "day") -> None:
        """Give a person a number of requests of their own in a period; None goes back to the plan."""
        if limit is not None and not 0 <= limit <= LARGEST_LIMIT:
            raise BadInput("The number of questions is not between 0 and a billion.", field="Limit")
        if period not in ("day", "month"):
            raise BadInput("A limit holds for a day or a month.", field="Period")
        fields = {"usage_limit": limit, "usage_period": period if limit is not None else None}
        with self._database.write() as unit:
            before = _allowance(unit, person_id)
            unit.people.save_settings(person_id, **fields)
            was = {"usage_limit": before.usage_limit, "usage_period": before.usage_period}
            record(unit, actor.person_id, "person.limit", "person", person_id, self._clock(), before=was, after=fields)

    @needs(Right.USE)
    def set_own_cap(self, actor: Actor, month_usd: Decimal | None) -> None:
        """Allow oneself less than the plan does; None takes the cap away."""
        with self._database.write() as unit:
            unit.controls.put_budget("person", str(_self(actor)), nano(_sum(month_usd)))

    @needs(Right.USE)
    def switch_ai(self, actor: Actor, *, on: bool) -> None:
        """Switch AI on or off for oneself."""
        with self._database.write() as unit:
            unit.people.save_settings(_self(actor), ai_enabled=on)

    @needs(Right.MANAGE_ALLOWANCES)
    def budgets(self, actor: Actor) -> list[Budget]:
        """The budgets of the house and of every department, and those of personas that have one."""
        with self._database.read() as unit:
            day = billing_day(unit.policy.newest_day(), self._clock().astimezone(self._zone).date())
            found = {(row.scope, row.scope_id): row.month_nano for row in unit.controls.budgets(*_NAMED)}
            named = {HOUSE: "The house"} | {("department", str(row.id)): row.name for row in unit.departments.all()}
            named |= {key: key[1] for key in found if key[0] == "persona"}
            caps = {HOUSE: nano(plans_of(unit.house.get(SETTING)).house_usd_month)} | found
            return [
                Budget(
                    scope,
                    scope_id,
                    name,
                    _usd(caps.get((scope, scope_id))),
                    Decimal(unit.metering.reading(Take(scope, scope_id, "money", f"{day:%Y-%m}", 0))) / NANO,
                )
                for (scope, scope_id), name in named.items()
            ]

    @needs(Right.MANAGE_ALLOWANCES)
    def set_budget(self, actor: Actor, scope: BudgetScope, scope_id: str, month_usd: Decimal | None) -> None:
        """Set a monthly budget; None takes it away (the house then has the plans' sum). Raises BadInput, NotFound."""
        if scope not in _NAMED or not scope_id:
            raise BadInput(f"There is no budget for {scope!r}.", field="Budget")
        usd = _sum(month_usd)
        with self._database.write() as unit:
            if scope == "department" and scope_id not in {str(row.id) for row in unit.departments.all()}:
                raise NotFound("There is no such department.", hint="It was removed, perhaps just now.")
            before = {(row.scope, row.scope_id): row.month_nano for row in unit.controls.budgets(scope)}
            unit.controls.put_budget(scope, scope_id, nano(usd))
            was, now = _audited(_usd(before.get((scope, scope_id)))), _audited(usd)
            record(unit, actor.person_id, "budget.change", scope, scope_id, self._clock(), before=was, after=now)

    @needs(Right.MANAGE_ALLOWANCES)
    def alerts(self, actor: Actor, since: datetime) -> list[Alert]:
        """Which budgets have passed a threshold, newest first."""
        with self._database.read() as unit:
            return [
                Alert(row.scope, row.scope_id, row.period, row.threshold, row.used_nano, row.cap_nano, row.at)
                for row in unit.controls.alerts(since=since)
            ]


_NAMED = ("house", "department", "persona")


def _allowance(unit: Unit, person_id: UUID) -> Allowance:
    row = unit.policy.person(person_id, SETTING)
    if row is None:
        raise NotFound("There is no such person.", hint="The account was deleted, perhaps just now.")
    cap = unit.policy.budgets([("person", str(person_id))]).get(("person", str(person_id)))
    return Allowance(row.plan, row.usage_limit, row.usage_period, _usd(cap), row.ai_enabled is not False)


def _self(actor: Actor) -> UUID:
    if actor.person_id is None:
        raise BadInput("The operator has no allowance.", hint="Act as a person.")
    return actor.person_id


def _sum(usd: Decimal | None) -> Decimal | None:
    if usd is not None and not (usd.is_finite() and 0 <= usd <= LARGEST_USD):
        raise BadInput("The sum is not between 0 and ten million dollars.", field="Budget")
    return usd


def _usd(amount: int | None) -> Decimal | None:
    return None if amount is None else Decimal(amount) / NANO


def _audited(usd: Decimal | None) -> dict[str, str | None]:
    """A budget as the audit log keeps it."""
    return {"month_usd": None if usd is None else str(usd)}
