"""What decides about one call, read in the transaction that admits it: plan, overrides, budgets, stops, the day."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime
from typing import Final, Literal
from uuid import UUID

from db.unit import Unit
from engine.accounts.actor import Actor
from engine.usage.plans import SETTING, Plan, Plans, nano, plans_of

HOUSE: Final = ("house", "house")

OWN_CAP = "You have spent the {cap} that you allow yourself a month."
OF_PLAN = "You have spent your {cap} of this month."


@dataclass(frozen=True, slots=True)
class Stop:
    """A switch in force. `target` is empty for the scopes that stop everything or all house keys."""

    id: UUID
    scope: str
    target: str
    reason: str
    cut: bool
    since: datetime
    until: datetime | None


@dataclass(frozen=True, slots=True)
class Policy:
    """The decisions that hold for one call. `budgets` are monthly caps in nano-USD by scope and id."""

    plans: Plans
    plan: Plan
    budgets: dict[tuple[str, str], int]
    stops: tuple[Stop, ...] = ()
    ai_enabled: bool = True
    disabled: bool = False
    usage_limit: int | None = None
    usage_period: str | None = None
    person_id: str = ""
    newest_day: date | None = None

    def requests(self, period: Literal["day", "month"]) -> int | None:
        """How many requests a person has in a period: the plan's number, or the one set for them alone."""
        if self.usage_limit is not None and self.usage_period == period:
            return self.usage_limit
        return self.plan.requests_day if period == "day" else self.plan.requests_month

    @property
    def own_cap(self) -> int | None:
        """What somebody allows themselves a month, in nano-USD."""
        return self.budgets.get(("person", self.person_id))

    @property
    def person_month_nano(self) -> int | None:
        """What somebody may spend in a month: the tighter of the plan's sum and their own."""
        return min((cap for cap in (nano(self.plan.usd_month), self.own_cap) if cap is not None), default=None)

    @property
    def person_month_refusal(self) -> str:
        """Which of the two it is that stands in the way."""
        return OWN_CAP if self.own_cap is not None and self.own_cap == self.person_month_nano else OF_PLAN

    @property
    def house_cap(self) -> int | None:
        """What the house may spend in a month."""
        return self.budgets.get(HOUSE, nano(self.plans.house_usd_month))


def read_policy(
    unit: Unit, actor: Actor, now: datetime, *, persona_key: str | None = None, everything: bool = True
) -> Policy:
    """The policy for a call of this actor. Without `everything` only what a person's own meters need."""
    scopes = dict(_scopes(actor, persona_key))
    found = unit.policy.decides(actor.person_id, scopes, SETTING, now)
    plans = plans_of(found.plans)
    caps = {(scope, scope_id): getattr(found, f"{scope}_nano") for scope, scope_id in scopes.items()}
    return Policy(
        plans=plans,
        plan=plans.of(found.plan or ""),
        budgets={scope: cap for scope, cap in caps.items() if cap is not None},
        stops=stops_in_force(unit, now) if everything and found.stopped else (),
        ai_enabled=found.ai_enabled is not False,
        disabled=found.disabled_at is not None,
        usage_limit=found.usage_limit,
        usage_period=found.usage_period,
        person_id=str(actor.person_id),
        newest_day=found.newest_day,
    )


def taste_of(unit: Unit, person_id: UUID) -> tuple[str | None, Plan]:
    """The model or profile that a person prefers, and their plan."""
    found = unit.policy.person(person_id, SETTING)
    if found is None:
        return None, plans_of(unit.house.get(SETTING)).of("")
    return found.preferred_model or None, plans_of(found.plans).of(found.plan)


def stops_in_force(unit: Unit, now: datetime) -> tuple[Stop, ...]:
    """What is stopped at this moment, oldest first."""
    return tuple(
        Stop(row.id, row.scope, row.target, row.reason, row.cut, row.created_at, row.expires_at)
        for row in unit.policy.switches(now)
    )


def billing_day(newest: date | None, today: date) -> date:
    """The day a call counts for, after the newest one. It never goes back: that would give a second day's worth.

    A day further ahead than a clock or a zone can be wrong by is not followed: it would stop the days. Zones are up to
    26 hours apart, so that is two days.
    """
    if newest is None or newest <= today or (newest - today).days > 2:
        return today
    return newest


def _scopes(actor: Actor, persona_key: str | None) -> Iterable[tuple[str, str]]:
    yield HOUSE
    if actor.person_id is not None:
        yield ("person", str(actor.person_id))
    if actor.department_id is not None:
        yield ("department", str(actor.department_id))
    if persona_key:
        yield ("persona", persona_key)
