"""Which stops a call runs into. Pure."""

from collections.abc import Iterable
from dataclasses import dataclass
from uuid import UUID

from db.models.base import NOBODY
from engine.errors import AIOffForYou, StoppedByAdmin, TierTooLow
from engine.usage.call import Call
from engine.usage.policy import Policy, Stop

EVERYTHING, HOUSE_KEYS = "everything", "house_keys"
SCOPES = (EVERYTHING, HOUSE_KEYS, "provider", "model", "profile", "surface", "department", "person")


@dataclass(frozen=True, slots=True)
class Reach:
    """What of a call a stop may name."""

    person_id: UUID
    department_id: UUID
    provider: str
    model: str
    profile: str
    surface: str
    house_pays: bool

    @classmethod
    def of(cls, call: Call, person_id: UUID | None, department_id: UUID | None) -> "Reach":
        """The reach of a call on somebody's behalf."""
        house_pays = call.key_source != "user" and call.hold_nano != 0
        return cls(
            person_id or NOBODY,
            department_id or NOBODY,
            call.provider,
            f"{call.provider}:{call.model}",
            call.profile,
            call.surface,
            house_pays,
        )

    def hit_by(self, stop: Stop) -> bool:
        """Whether a stop stops this."""
        if stop.scope == EVERYTHING:
            return True
        if stop.scope == HOUSE_KEYS:
            return self.house_pays
        named = {
            "provider": self.provider,
            "model": self.model,
            "profile": self.profile,
            "surface": self.surface,
            "department": str(self.department_id),
            "person": str(self.person_id),
        }
        return named.get(stop.scope) == stop.target


def first_hit(stops: Iterable[Stop], reach: Reach) -> Stop | None:
    """The stop that turns a call away; None when it may go on."""
    return next((stop for stop in stops if reach.hit_by(stop)), None)


def check_person(policy: Policy) -> None:
    """Raise for somebody who may not call at all: disabled meanwhile, or by their own choice."""
    if policy.disabled:
        raise TierTooLow("You cannot ask a model with this account.", hint="Ask an administrator.")
    if not policy.ai_enabled:
        raise AIOffForYou("You have switched AI off for yourself.", hint="Switch it on again on the Account page.")


def refusal(stop: Stop) -> StoppedByAdmin:
    """The error that says who stopped what, why, and until when."""
    named = {
        EVERYTHING: "All calls are",
        HOUSE_KEYS: "Calls on the house's keys are",
        "department": "Calls of your department are",
        "person": "Your calls are",
    }
    what = named.get(stop.scope, f"Calls to {stop.target} are")
    until = f" until {stop.until:%d %B %H:%M} UTC" if stop.until else ""
    return StoppedByAdmin(
        f"{what} stopped by an administrator{until}: {stop.reason}",
        reason=stop.reason,
        until=stop.until,
        hint="Your question is kept. Everything but asking still works.",
    )
