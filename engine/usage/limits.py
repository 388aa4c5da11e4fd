"""The limits of the house, and which of them a call meets. Pure: no clock, no database."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta, tzinfo
from typing import Literal

from db.repositories.metering import Take
from engine.accounts.actor import Actor, Standing
from engine.errors import LimitExceeded, NotAllowed, PriceUnknown, SampleUsedUp, TierTooLow
from engine.usage.call import Call
from engine.usage.plans import nano
from engine.usage.policy import HOUSE, Policy

Scope = Literal["person", "scene", "persona", "department", "house"]
Span = Literal["now", "minute", "day", "month", "life"]
Unit = Literal["requests", "nano_usd"]

HOUSE_PAYS = ("env", "system")


@dataclass(frozen=True, slots=True)
class Moment:
    """When a call counts: the instant, and the billing day in the billing zone."""

    now: datetime
    day: date
    zone: tzinfo


@dataclass(frozen=True, slots=True)
class Limit:
    """What is counted, whose it is, over what time, and how much of it there may be (None: counted only)."""

    meter: str
    scope: Scope
    scope_id: str
    span: Span
    unit: Unit
    cap: int | None
    label: str
    refusal: str
    hint: str

    def take(self, amount: int, moment: Moment) -> Take:
        """What a call takes of the limit at this moment."""
        return Take(self.scope, self.scope_id, self.meter, self.period(moment), amount, self.cap)

    def period(self, moment: Moment) -> str:
        """The name of the span that a moment belongs to; a new span simply has no counter yet."""
        match self.span:
            case "minute":
                return f"{moment.now.astimezone(UTC):%Y-%m-%dT%H:%M}"
            case "day":
                return f"{moment.day:%Y-%m-%d}"
            case "month":
                return f"{moment.day:%Y-%m}"
            case _:
                return self.span

    def resets_at(self, moment: Moment) -> datetime | None:
        """The instant at which a new span begins; None for a lifetime, and for what ends with a call."""
        if self.span in ("life", "now"):
            return None
        if self.span == "minute":
            return moment.now.astimezone(UTC).replace(second=0, microsecond=0) + timedelta(minutes=1)
        if self.span == "day":
            first = moment.day + timedelta(days=1)
        else:
            first = (moment.day.replace(day=1) + timedelta(days=32)).replace(day=1)
        return datetime.combine(first, time(), moment.zone).astimezone(UTC)

    def exceeded(self, used: int, moment: Moment) -> NotAllowed:
        """The refusal to raise."""
        message = self.refusal.format(cap=_amount(self.cap or 0, self.unit))
        if self.meter == "samples":
            return SampleUsedUp(message, hint=self.hint)
        return LimitExceeded(
            message,
            meter=self.meter,
            scope=self.scope,
            limit=self.cap or 0,
            used=used,
            resets_at=self.resets_at(moment),
            hint=self.hint,
        )


def met_by(actor: Actor, call: Call, policy: Policy) -> list[tuple[Limit, int]]:
    """The limits that a call meets and what it takes of each, in the order in which counters are locked.

    Raises TierTooLow for a caller without standing or outside the plan, PriceUnknown when the house would pay a
    price that nobody knows.
    """
    if call.tier < 1:
        raise TierTooLow("You cannot ask a model with this account.", hint="Sign in, or ask an admin.")
    _check_scene(call)
    if actor.is_operator:
        return [*_of_scene(call), *([(_house(None), call.hold_nano)] if _house_pays(call) and call.hold_nano else [])]
    if call.key_source == "user":
        return [*([(_own_keys(actor), call.units)] if call.units else []), *_of_scene(call)]
    _check_plan(call, policy)
    if _house_pays(call) and call.hold_nano is None:
        raise PriceUnknown(
            f"Nobody knows what {call.model} costs, so the house does not pay for it.",
            hint="Choose another model, use a key of your own, or ask an admin to enter its price.",
        )
    money = (call.hold_nano or 0) if _house_pays(call) else 0
    # What nobody asked for takes no request, but it is braked all the same.
    amounts = {"money": money, "calls": 1, "concurrent": min(call.units, 1)}
    found = ((limit, amounts.get(limit.meter, call.units)) for limit in _limits(actor, call, policy))
    return [(limit, amount) for limit, amount in found if amount]


def shown_to(actor: Actor, policy: Policy, *, admin: bool) -> list[Limit]:
    """The limits of which a person wants to know what is left, the first one foremost."""
    if actor.is_operator:
        return [_house(policy.house_cap)]
    own = [limit for limit in _of_person(actor, policy) if limit.span not in ("now", "minute")]
    return [*own, _own_keys(actor), *([_house(policy.house_cap)] if admin else [])]


def _limits(actor: Actor, call: Call, policy: Policy) -> Iterator[Limit]:
    """Every limit in the one order in which counters are locked: a second order would be a deadlock in waiting."""
    yield from _of_person(actor, policy)
    if call.scene_id is not None:
        yield _scene(call.scene_id, call.scene_cap_nano)
    if call.persona_key:
        yield _budget(
            "persona", call.persona_key, policy, "this persona", "This persona has spent its {cap} of this month."
        )
    if actor.department_id is not None:
        department = str(actor.department_id)
        yield _budget(
            "department", department, policy, "your department", "Your department has spent its {cap} of this month."
        )
    yield _house(policy.house_cap)


def _of_person(actor: Actor, policy: Policy) -> Iterator[Limit]:
    """A person's own limits: the plan with what is set for them alone, or the sample."""
    who = str(actor.person_id)
    plan, sample = policy.plan, policy.plans.sample
    if actor.standing is Standing.VERIFIED:
        yield _requests(who, "day", policy.requests("day"), "today")
        yield _requests(who, "month", policy.requests("month"), "this month")
        yield _money("person", who, "day", nano(plan.usd_day), "you today", "You have spent your {cap} of today.")
        yield _money("person", who, "month", policy.person_month_nano, "you this month", policy.person_month_refusal)
        brakes = (plan.calls_per_minute, plan.concurrent)
    else:
        yield _samples(who, sample.tries)
        brakes = (sample.calls_per_minute, sample.concurrent)
    yield Limit(
        "calls", "person", who, "minute", "requests", brakes[0], "calls this minute",
        "You asked {cap} times within a minute.", "Wait for the next minute; your question is kept.",
    )  # fmt: skip
    yield Limit(
        "concurrent", "person", who, "now", "requests", brakes[1], "answers at once",
        "{cap} of your answers are being written already.", "Wait for one to end, or stop it; your question is kept.",
    )  # fmt: skip


def _requests(who: str, span: Span, cap: int | None, when: str) -> Limit:
    return Limit(
        meter="requests",
        scope="person",
        scope_id=who,
        span=span,
        unit="requests",
        cap=cap,
        label=f"questions {when}",
        refusal=f"You have asked your {{cap}} questions of {when}.",
        hint="Your question is kept. With a key of your own there is no limit, or ask an admin for more.",
    )


def _samples(who: str, tries: int) -> Limit:
    return Limit(
        meter="samples",
        scope="person",
        scope_id=who,
        span="life",
        unit="requests",
        cap=tries,
        label="free tries",
        refusal="You have used your {cap} free tries.",
        hint="Confirm your e-mail address, or add a key of your own, to go on.",
    )


def _own_keys(actor: Actor) -> Limit:
    return Limit(
        meter="own_key_requests",
        scope="person",
        scope_id=str(actor.person_id),
        span="day",
        unit="requests",
        cap=None,
        label="questions today on your own keys",
        refusal="",
        hint="",
    )


def _money(scope: Scope, scope_id: str, span: Span, cap: int | None, whose: str, refusal: str) -> Limit:
    return Limit(
        meter="money",
        scope=scope,
        scope_id=scope_id,
        span=span,
        unit="nano_usd",
        cap=cap,
        label=f"spent by {whose}",
        refusal=refusal,
        hint="Your question is kept. Free models and keys of your own still work, or ask an admin for more.",
    )


def _scene(scene_id: str, cap: int | None) -> Limit:
    said = "What is left of the scene's budget of {cap} may not pay for another turn."
    return _money("scene", scene_id, "life", cap, "this scene", said)


def _of_scene(call: Call) -> list[tuple[Limit, int]]:
    """A scene's budget is the wish of whoever staged it: it holds for calls that no limit of ours is for."""
    if call.scene_id is None or not call.hold_nano:
        return []
    return [(_scene(call.scene_id, call.scene_cap_nano), call.hold_nano)]


def _check_scene(call: Call) -> None:
    if call.scene_cap_nano is not None and call.hold_nano is None:
        raise PriceUnknown(
            f"Nobody knows what {call.model} costs, so the scene's budget could not be kept.",
            hint="Choose another model for this part, or take the money limit out of the scene.",
        )


def _budget(scope: Scope, scope_id: str, policy: Policy, whose: str, refusal: str) -> Limit:
    return _money(scope, scope_id, "month", policy.budgets.get((scope, scope_id)), f"{whose} this month", refusal)


def _house(cap: int | None) -> Limit:
    return _money(*HOUSE, "month", cap, "the house this month", "The house has spent its {cap} of this month.")


def _check_plan(call: Call, policy: Policy) -> None:
    if call.tier >= 2 and call.hold_nano != 0 and not policy.plan.allows(call.profile):
        raise TierTooLow(
            f"Your plan, {policy.plan.title}, does not include {call.profile} models.",
            hint="Choose another profile, use a key of your own, or ask an admin.",
        )


def _house_pays(call: Call) -> bool:
    return call.key_source in HOUSE_PAYS and call.hold_nano != 0


def _amount(cap: int, unit: Unit) -> str:
    return f"{cap:,}" if unit == "requests" else f"${cap / 10**9:,.2f}"
