"""What metering should do, as plainly as it can be said: a few dictionaries in one thread. Shares no code with it."""

from collections import Counter as Tally
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta

Key = tuple[str, str, str, str]


@dataclass
class Who:
    """Somebody who asks; a department where they have one."""

    id: str
    verified: bool = True
    department: str = ""


@dataclass
class Ask:
    """What they ask: at whose cost, and with what hold in nano-USD."""

    own_key: bool = False
    hold: int = 0
    provider: str = "openai"
    persona: str = "maestro"


@dataclass
class Open:
    """An admitted call, open or not."""

    who: Who
    ask: Ask
    takes: list[tuple[Key, int]]
    lease_until: datetime
    state: str = "open"
    credited: bool = False
    given_back: bool = False
    counted: bool = False
    """Whether its request counts at the end."""
    cost: int = 0
    """What the ledger says of it."""


@dataclass
class Model:
    """The house."""

    lease: timedelta
    newest: date | None = None
    requests_day: int | None = 6
    requests_month: int = 14
    person_month: int = 9_000_000
    budgets: dict[tuple[str, str], int] = field(default_factory=dict)
    concurrent: int = 4
    samples: int = 3
    stops: dict[str, tuple[str, str]] = field(default_factory=dict)
    used: Tally[Key] = field(default_factory=Tally)
    held: Tally[Key] = field(default_factory=Tally)
    calls: dict[str, Open] = field(default_factory=dict)
    refused: int = 0

    def refusal(self, who: Who, ask: Ask, now: datetime) -> str:
        """Why a call is turned away; empty when it is let in."""
        for scope, target in self.stops.values():
            if scope == "everything" or (scope, target) in (("provider", ask.provider), ("person", who.id)):
                return "stopped"
            if scope == "house_keys" and not ask.own_key and ask.hold:
                return "stopped"
        for key, amount, cap in self._limits(who, ask, now):
            if cap is not None and self.used[key] + self.held[key] + amount > cap:
                return "sample_used_up" if key[2] == "samples" else f"limit:{key[0]}:{key[2]}"
        return ""

    def admit(self, name: str, who: Who, ask: Ask, now: datetime) -> None:
        takes = [(key, amount) for key, amount, _ in self._limits(who, ask, now)]
        self.held.update(dict(takes))
        self.newest = self.day(now)
        self.calls[name] = Open(who, ask, takes, now + self.lease)

    def settle(self, name: str, *, charged: bool, cost: int | None, words: bool) -> None:
        call = self.calls[name]
        if call.state not in ("open", "expired"):
            return
        late = call.state == "expired"
        if not late:
            self._let_go(call)
            call.credited = charged and not words and self._credit(call)
        call.state = "settled_late" if late else "settled"
        self._count(call, charged=charged, cost=cost)

    def reclaim(self, now: datetime) -> int:
        overdue = [call for call in self.calls.values() if call.state == "open" and call.lease_until < now]
        for call in overdue:
            self._let_go(call)
            call.credited = self._credit(call)
            call.state = "expired"
            self._count(call, charged=True, cost=None)
        return len(overdue)

    def correct(self, name: str, cost: int | None, *, give_back: bool) -> bool:
        """Whether there was anything to correct."""
        call = self.calls[name]
        given = give_back and call.counted
        right = call.cost if cost is None else cost
        if right == call.cost and not given:
            return False
        if call.state == "expired":
            call.state = "settled_late"  # an administrator has settled it
        for key, amount in call.takes:
            if key[2] == "money":
                self.used[key] += right - call.cost
            elif given and key[2] in ("requests", "samples"):
                self.used[key] -= amount
        call.cost, call.counted = right, call.counted and not given
        return True

    def day(self, now: datetime) -> date:
        return max(now.date(), self.newest or now.date())

    def _limits(self, who: Who, ask: Ask, now: datetime) -> list[tuple[Key, int, int | None]]:
        day = self.day(now)
        today, month = f"{day:%Y-%m-%d}", f"{day:%Y-%m}"
        mine = ("person", who.id)
        if ask.own_key:
            return [((*mine, "own_key_requests", today), 1, None)]
        limits: list[tuple[Key, int, int | None]]
        if who.verified:
            limits = [
                ((*mine, "requests", today), 1, self.requests_day),
                ((*mine, "requests", month), 1, self.requests_month),
                ((*mine, "money", today), ask.hold, None),
                ((*mine, "money", month), ask.hold, self.person_month),
            ]
        else:
            limits = [((*mine, "samples", "life"), 1, self.samples)]
        limits += [
            ((*mine, "calls", f"{now:%Y-%m-%dT%H:%M}"), 1, None),
            ((*mine, "concurrent", "now"), 1, self.concurrent if who.verified else None),
        ]
        shared = [("persona", ask.persona), ("department", who.department), ("house", "house")]
        limits += [((*place, "money", month), ask.hold, self.budgets.get(place)) for place in shared if place[1]]
        return [limit for limit in limits if limit[1]]

    def _let_go(self, call: Open) -> None:
        self.held.subtract(dict(call.takes))

    def _credit(self, call: Open) -> bool:
        once = ("person", call.who.id, "sample_credit", "life")
        if not any(key[2] == "samples" for key, _ in call.takes) or self.used[once]:
            return False
        self.used[once] = 1
        return True

    def _count(self, call: Open, *, charged: bool, cost: int | None) -> None:
        """Have the counters say what came of a call, whatever they said before."""
        spent = 0 if not charged else call.ask.hold if cost is None else cost
        counts = charged and not call.credited
        first = call.state != "settled_late"
        for key, amount in call.takes:
            if key[2] == "money":
                self.used[key] += spent - (0 if first else call.cost)
            elif key[2] == "calls":
                self.used[key] += amount if first else 0
            elif key[2] == "concurrent":
                continue
            elif key[2] == "samples":
                self.used[key] += counts - (0 if first else call.counted)
            else:
                self.used[key] += charged - (0 if first else call.counted)
        call.cost = spent
        call.counted = counts
