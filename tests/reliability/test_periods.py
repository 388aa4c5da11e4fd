"""A6: at the edges of days and months each unit counts once, in its period, and nobody gets a second day's worth."""

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from random import Random
from uuid import UUID
from zoneinfo import ZoneInfo

import pytest
from uuid_utils.compat import uuid7

from db.models import Counter
from db.session import Database
from engine.accounts.actor import Actor
from engine.errors import LimitExceeded
from engine.usage.call import Admission, Outcome
from engine.usage.guard import Guard
from tests.engine.usage.cases import CALL, COST, LEASE_S, OK, Clock, plans, set_budget, set_plans
from tests.reliability.acts import person
from tests.reliability.edges import edge, offset
from tests.reliability.figures import Figure, Size

A_DAY = 2
HOLD = CALL.hold_nano or 0
STEPS = 6
FARTHEST_ZONES_APART = 2
"""In days: it can be the first of a month here while it is still the day before yesterday there."""


class Expected:
    """What the counters should be, told by the rules alone."""

    def __init__(self) -> None:
        self.newest: date | None = None
        self.asked = 0
        self.wrong = 0
        self.beyond = 0

    def day(self, instant: datetime, zone: str) -> date:
        """The billing day: the zone's own, and never an earlier one than a call has had."""
        today = (instant + offset(instant, zone)).date()
        if self.newest and 0 < (self.newest - today).days <= FARTHEST_ZONES_APART:
            return self.newest
        return today


class Visit:
    """One person at one edge: asks before it, after it, with the clock put back, and in another zone."""

    def __init__(self, database: Database, expected: Expected, guard_type: type[Guard], random: Random) -> None:
        self.database, self.expected, self.guard_type, self.random = database, expected, guard_type, random
        self.person_id: UUID = uuid7()
        self.actor: Actor = person(self.person_id)
        self.used: dict[date, int] = {}
        self.spent: dict[date, int] = {}
        self.open: list[tuple[Admission, date]] = []

    def at(self, instant: datetime, zone: str) -> None:
        """Ask once."""
        guard = self.guard(instant, zone)
        day = self.expected.day(instant, zone)
        allowed = self.used.get(day, 0) < A_DAY
        self.expected.asked += 1
        try:
            self.open.append((guard.admit(self.actor, CALL), day))
        except LimitExceeded:
            self.expected.wrong += allowed
            return
        self.expected.newest = day
        self.expected.beyond += not allowed
        self.used[day] = self.used.get(day, 0) + 1

    def settle(self, instant: datetime, zone: str, outcome: Outcome) -> None:
        """Report the oldest open call at an instant that may lie in another period."""
        if not self.open:
            return
        admission, day = self.open.pop(0)
        self.guard(instant, zone).settle(admission, outcome)
        if outcome.charged:
            self.spent[day] = self.spent.get(day, 0) + COST.nano
        else:
            self.used[day] -= 1

    def guard(self, instant: datetime, zone: str) -> Guard:
        return self.guard_type(self.database, clock=Clock(instant), billing_zone=ZoneInfo(zone), lease_s=LEASE_S * 1000)

    def check(self) -> None:
        """Count the units that stand in a period in which they do not belong."""
        with self.database.read() as unit:
            rows = unit.session.query(Counter).where(Counter.scope_id == str(self.person_id)).all()
        found = {
            (row.meter, row.period): (row.used, row.held)
            for row in rows
            if row.meter in ("requests", "money") and (row.used or row.held)
        }
        due: dict[tuple[str, str], tuple[int, int]] = {}
        for meter, sums in (("requests", self.used), ("money", self.spent)):
            for day, amount in sums.items():
                for period in (f"{day:%Y-%m-%d}", f"{day:%Y-%m}"):
                    due[meter, period] = (due.get((meter, period), (0, 0))[0] + amount, 0)
        due = {key: value for key, value in due.items() if any(value)}
        self.expected.wrong += sum(found.get(key) != due.get(key) for key in found.keys() | due.keys())

    def run(self, instant: datetime, zone: str, other: str) -> None:
        """The whole visit."""
        spread = self.random.choice((1, 60, 3600))
        for after in (False, True):
            for _ in range(A_DAY):
                seconds = timedelta(seconds=self.random.randrange(spread))
                self.at(instant + seconds if after else instant - seconds - timedelta(seconds=1), zone)
        self.settle(instant + timedelta(hours=1), zone, OK)
        self.at(instant + timedelta(hours=self.random.choice((-1, 0, 1)) - 1), zone)
        self.at(instant + timedelta(minutes=self.random.randrange(60)), other)
        while self.open:
            unanswered = replace(OK, charged=False, cost=None, status="failed")
            self.settle(instant + timedelta(days=40), zone, self.random.choice((OK, unanswered)))
        self.check()


def walk(database: Database, instants: int, guard_type: type[Guard] = Guard) -> Figure:
    random = Random(20261122)
    set_plans(database, plans(requests_day=A_DAY, requests_month=None, usd_month=None))
    set_budget(database, 10**18)
    expected = Expected()
    for instant, zone in sorted(edge(random) for _ in range(instants // STEPS + 1)):
        Visit(database, expected, guard_type, random).run(instant, zone, random.choice(("UTC", zone, *_extremes)))
    return Figure(
        f"A6 period edges [{database.dialect}]",
        f"{expected.wrong} counters or refusals wrong and {expected.beyond} calls beyond a day's worth "
        f"in {expected.asked} instants",
        "0 and 0",
        expected.wrong == expected.beyond == 0 and expected.asked >= instants,
    )


_extremes = ("Pacific/Kiritimati", "Pacific/Niue")


class SettlesNow(Guard):
    """Seeded bug: a call counts for the day on which it is settled."""

    def settle(self, admission: Admission, outcome: Outcome) -> None:
        today = self.now().astimezone(self._zone).date()
        periods = {f"{admission.day:%Y-%m-%d}": f"{today:%Y-%m-%d}", f"{admission.day:%Y-%m}": f"{today:%Y-%m}"}
        takes = tuple(replace(take, period=periods.get(take.period, take.period)) for take in admission.takes)
        super().settle(replace(admission, takes=takes), outcome)


def test_a6_period_edges(database: Database, size: Size) -> None:
    walk(database, size.of(500, 10_000)).holds()


def test_a6_mutant_settles_now(database: Database, size: Size) -> None:
    walk(database, 100, SettlesNow).catches("a call counts for the day of its end")


def test_a6_mutant_follows_the_clock(database: Database, size: Size, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("engine.usage.guard.billing_day", lambda unit, today: today)
    walk(database, 100).catches("a day that goes back with the clock or the zone")


def test_a6_zones_that_are_farthest_apart(database: Database) -> None:
    """Found by the full walk: there is an hour in which it is the day before yesterday elsewhere."""
    set_plans(database, plans(requests_day=1, requests_month=None, usd_month=None))
    first_of_march = datetime(2028, 2, 29, 10, 30, tzinfo=UTC)
    days = []
    for zone in ("Pacific/Kiritimati", "Pacific/Niue", "UTC"):
        guard = Guard(database, clock=Clock(first_of_march), billing_zone=ZoneInfo(zone), lease_s=LEASE_S)
        days.append(guard.admit(person(uuid7()), CALL).day)
    assert days == [date(2028, 3, 1)] * 3
