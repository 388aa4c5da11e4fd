"""The limits of the house, and which of them a call meets. Pure: no clock, no database."""

from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, time, timedelta, tzinfo
from typing import Literal

from db.repositories.metering import Take
from engine.accounts.actor import Actor, Role, Standing
from engine.errors import LimitExceeded, NotAllowed, PriceUnknown, SampleUsedUp, TierTooLow
from engine.usage.call import Call
from engine.usage.prices import NANO

Measure = Literal["requests", "nano_usd"]

MONTHLY_CAP_SETTING = "monthly_cap_nano"
MONTHLY_CAP_DEFAULT = 20 * NANO
HOUSE_PAYS = ("env", "system")


@dataclass(frozen=True, slots=True)
class Limit:
    """What is counted, for whom, over what time, and how much of it there may be (None: counted only)."""

    meter: str
    label: str
    scope: Literal["person", "house"]
    span: Literal["day", "month", "life"]
    unit: Measure
    cap: int | None
    refusal: str
    hint: str

    def take(self, actor: Actor, amount: int, day: date) -> Take:
        """What a call of this actor takes of the limit on this day."""
        scope_id = str(actor.person_id) if self.scope == "person" else "house"
        return Take(self.scope, scope_id, self.meter, self.period(day), amount, self.cap)

    def period(self, day: date) -> str:
        """The name of the span that a day belongs to; a new span simply has no counter yet."""
        return {"day": f"{day:%Y-%m-%d}", "month": f"{day:%Y-%m}", "life": "life"}[self.span]

    def resets_at(self, day: date, zone: tzinfo) -> datetime | None:
        """The instant at which a new span begins; None for a lifetime."""
        if self.span == "life":
            return None
        if self.span == "day":
            first = day + timedelta(days=1)
        else:
            first = (day.replace(day=1) + timedelta(days=32)).replace(day=1)
        return datetime.combine(first, time(), zone).astimezone(UTC)

    def exceeded(self, used: int, day: date, zone: tzinfo) -> NotAllowed:
        """The refusal to raise."""
        if self.meter == SAMPLES.meter:
            return SampleUsedUp(self.refusal.format(cap=self.cap), hint=self.hint)
        return LimitExceeded(
            self.refusal.format(cap=self.cap),
            meter=self.meter,
            limit=self.cap or 0,
            used=used,
            resets_at=self.resets_at(day, zone),
            hint=self.hint,
        )


SAMPLES = Limit(
    meter="samples",
    label="free tries",
    scope="person",
    span="life",
    unit="requests",
    cap=3,
    refusal="You have used your {cap} free tries.",
    hint="Confirm your e-mail address, or add a key of your own, to go on.",
)
DAILY = Limit(
    meter="requests",
    label="questions today",
    scope="person",
    span="day",
    unit="requests",
    cap=100,
    refusal="You have asked your {cap} questions for today.",
    hint="Your question is kept. With a key of your own there is no limit.",
)
OWN_KEYS = Limit(
    meter="own_key_requests",
    label="questions today on your own keys",
    scope="person",
    span="day",
    unit="requests",
    cap=None,
    refusal="",
    hint="",
)
HOUSE_MONTH = Limit(
    meter="money",
    label="spent by the house this month",
    scope="house",
    span="month",
    unit="nano_usd",
    cap=MONTHLY_CAP_DEFAULT,
    refusal="The house has spent its budget for this month.",
    hint="Your question is kept. Use a key of your own, or ask an admin to raise the budget.",
)


def met_by(actor: Actor, call: Call, monthly_cap: int) -> list[tuple[Limit, int]]:
    """The limits that a call meets and what it takes of each, in the order in which counters are locked.

    Raises TierTooLow for a caller without standing, PriceUnknown when the house would pay a price that nobody knows.
    """
    if call.tier < 1:
        raise TierTooLow("You cannot ask a model with this account.", hint="Sign in, or ask an admin.")
    met = []
    if call.units and not actor.is_operator:
        met.append((_requests(call), call.units))
    if call.key_source in HOUSE_PAYS:
        if call.hold_nano is None and not actor.is_operator:
            raise PriceUnknown(
                f"Nobody knows what {call.model} costs, so the house does not pay for it.",
                hint="Choose another model, use a key of your own, or ask an admin to enter its price.",
            )
        if call.hold_nano:
            met.append((replace(HOUSE_MONTH, cap=None if actor.is_operator else monthly_cap), call.hold_nano))
    return met


def shown_to(actor: Actor) -> list[Limit]:
    """The limits of which a person wants to know what is left."""
    own = [] if actor.is_operator else [DAILY if actor.standing is Standing.VERIFIED else SAMPLES, OWN_KEYS]
    return [*own, HOUSE_MONTH] if actor.role is Role.ADMIN else own


def _requests(call: Call) -> Limit:
    if call.key_source == "user":
        return OWN_KEYS
    return SAMPLES if call.tier == 1 else DAILY
