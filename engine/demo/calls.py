"""Invented calls: who asks what when, how long it takes and what it costs. Pure but for the dice that it is given."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta, tzinfo
from random import Random
from typing import Any
from uuid import UUID

from uuid_utils.compat import uuid7

from engine.accounts.actor import Actor
from engine.llm.refs import ModelRef
from engine.llm.usage import Usage
from engine.usage.call import Admission, Call, Outcome
from engine.usage.prices import PriceBook

WEEK = (1.0, 1.1, 1.05, 1.1, 0.8, 0.25, 0.2)
"""How much is asked on each day of the week, from Monday on."""

HOURS = (1, 1, 1, 1, 1, 2, 4, 10, 26, 34, 36, 30, 18, 26, 34, 34, 28, 20, 10, 6, 5, 4, 3, 2)
_MOST_TOKENS = (8_000, 2_000)
UNLISTED = ModelRef("openai", "gpt-5.5-preview")
_FAILURES = (("rate_limited", 6), ("overloaded", 3), ("timeout", 2), ("key_rejected", 1))


@dataclass(frozen=True, slots=True)
class Asker:
    """Somebody who asks: how often against others, whether with keys of their own, and the personas they ask."""

    actor: Actor
    weight: float
    own_keys: bool
    personas: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Invented:
    """A call that never was, with what came of it."""

    asker: Asker
    at: datetime
    admission: Admission
    outcome: Outcome


class Inventor:
    """Throws the dice. `data` has the surfaces and models of `demo.yaml`."""

    def __init__(self, dice: Random, data: Mapping[str, Any], prices: PriceBook, zone: tzinfo) -> None:
        self._dice = dice
        self._surfaces: dict[str, Any] = data["surfaces"]
        self._models: dict[str, dict[str, list[float]]] = data["models"]
        self._prices = prices
        self._zone = zone

    def calls(self, askers: Sequence[Asker], first: date, now: datetime, a_day: int) -> Iterator[Invented]:
        """Calls from a day on until now, oldest first; about `a_day` on a working day at the end."""
        here = now.astimezone(self._zone)
        days = max(1, (here.date() - first).days + 1)
        for number in range(days):
            day = first + timedelta(days=number)
            growth = 0.6 + 0.4 * number / days
            count = round(a_day * growth * WEEK[day.weekday()] * self._dice.uniform(0.85, 1.15))
            moments = sorted(self._moment(day) for _ in range(count))
            for at in moments:
                if at < now:
                    (asker,) = self._dice.choices(askers, [each.weight for each in askers])
                    yield self._call(asker, day, at)

    def _moment(self, day: date) -> datetime:
        (hour,) = self._dice.choices(range(24), HOURS)
        begins = datetime.combine(day, time(hour), self._zone).astimezone(UTC)
        return begins + timedelta(seconds=self._dice.uniform(0, 3599))

    def _call(self, asker: Asker, day: date, at: datetime) -> Invented:
        surface, place = self._one(self._surfaces, lambda each: each["share"])
        profile, _ = self._one(place["profiles"], lambda share: share)
        name, (_, first_ms, speed, thinking) = self._one(self._models[profile], lambda row: row[0])
        ref = ModelRef(*name.split(":", 1))
        own = asker.own_keys and ref.provider == "openai" and self._dice.random() < 0.6
        if own and self._dice.random() < 0.006:
            ref = UNLISTED
        outcome = self._outcome(ref, first_ms, speed, thinking)
        persona = self._dice.choices(asker.personas, range(len(asker.personas), 0, -1))[0]
        call = Call(
            surface=surface,
            mode=place.get("mode", "general"),
            provider=ref.provider,
            model=ref.model,
            profile=profile,
            key_source="user" if own else "env",
            tier=3 if own else 2,
            persona_key=persona or None,
            persona_version=self._dice.choice((1, 1, 2)) if persona else None,
            hold_nano=self._prices.hold(ref.provider, ref.model, *_MOST_TOKENS),
        )
        actor = asker.actor
        whose = (actor.person_id or UUID(int=0), actor.department_id or UUID(int=0))
        return Invented(asker, at, Admission(_id_at(at), call, *whose, day, ()), outcome)

    def _outcome(self, ref: ModelRef, first_ms: float, speed: float, thinking: float) -> Outcome:
        first = round(first_ms * self._dice.lognormvariate(0, 0.45))
        if self._dice.random() < (0.02 if ref.provider == "groq" else 0.005):
            code, _ = self._one(dict(_FAILURES), lambda weight: weight)
            return Outcome("failed", charged=False, latency_ms=first, error_code=code, attempts=3)
        usage = self._usage(ref, thinking)
        stopped = self._dice.random() < 0.015
        return Outcome(
            status="stopped" if stopped else "ok",
            charged=True,
            usage=usage,
            cost=self._prices.cost(ref.provider, ref.model, usage),
            latency_ms=first + round(usage.tokens_out * 1000 / speed),
            first_token_ms=first,
        )

    def _usage(self, ref: ModelRef, thinking: float) -> Usage:
        prompt = min(90_000, round(self._dice.lognormvariate(7.5, 0.8)))
        written = max(5, min(6_000, round(self._dice.lognormvariate(5.5, 0.7))))
        cached = int(prompt * self._dice.uniform(0.3, 0.8)) // 128 * 128 if self._dice.random() < 0.45 else 0
        stored = 0
        if ref.provider == "anthropic" and not cached and self._dice.random() < 0.25:
            stored = prompt // 2
        thought = round(written * thinking * self._dice.uniform(0.5, 1.5))
        return Usage(prompt - cached - stored, cached, stored, written, thought)

    def _one(self, choices: Mapping[str, Any], weight: Any) -> tuple[str, Any]:
        names = list(choices)
        (name,) = self._dice.choices(names, [weight(choices[each]) for each in names])
        return name, choices[name]


def _id_at(at: datetime) -> UUID:
    """An id of that moment: ids sort by time."""
    return uuid7(nanoseconds=int(at.timestamp() * 10**9))
