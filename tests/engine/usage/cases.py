"""People, calls and outcomes for the tests of metering."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any
from zoneinfo import ZoneInfo

from uuid_utils.compat import uuid7

from db.models import Counter
from db.session import Database
from engine.accounts.actor import Actor, Role, Standing
from engine.llm.usage import Usage
from engine.usage.call import Call, Outcome
from engine.usage.guard import Guard
from engine.usage.plans import SETTING, shipped
from engine.usage.prices import Cost

OPERATOR = Actor.operator()
CALL = Call(
    surface="assistant",
    mode="general",
    provider="openai",
    model="gpt-4.1",
    profile="compat",
    key_source="env",
    tier=2,
    persona_key="maestro",
    persona_version=1,
    hold_nano=1_000_000,
)
SAMPLE = replace(CALL, tier=1)
FREE = replace(CALL, provider="local", model="smollm2", hold_nano=0)
OWN_KEY = replace(CALL, key_source="user", tier=3)
COST = Cost(Decimal("0.0000281"), 28_100, {"input": "2", "output": "8"})
OK = Outcome("ok", charged=True, usage=Usage(10, 1, 2, 3, 4), cost=COST, latency_ms=700, first_token_ms=300)
FAILED = Outcome("failed", charged=False, latency_ms=90, error_code="unreachable")
LEASE_S = 150


class Clock:
    """A clock that stands until it is moved."""

    def __init__(self, now: datetime = datetime(2026, 11, 22, 12, 0, tzinfo=UTC)) -> None:
        self.now = now

    def __call__(self) -> datetime:
        return self.now

    def move(self, **by: float) -> None:
        self.now += timedelta(**by)


def somebody(standing: Standing = Standing.VERIFIED, role: Role = Role.USER) -> Actor:
    """A new person."""
    return Actor(uuid7(), role, standing, "Ada", "ada", "ada@example.org")


def plans(**standard: Any) -> dict[str, Any]:
    """The shipped plans without their brakes, and the standard one with these limits."""
    found = shipped().model_dump(mode="json")
    for plan in (*found["plans"].values(), found["sample"]):
        plan |= {"calls_per_minute": None, "concurrent": None}
    found["plans"]["standard"] |= standard
    return found


def set_plans(database: Database, edited: dict[str, Any]) -> None:
    """Have the house use these plans."""
    with database.write() as unit:
        unit.house.put(SETTING, edited)


def set_budget(database: Database, nano: int | None, scope: str = "house", scope_id: str = "house") -> None:
    """Set or remove a monthly budget."""
    with database.write() as unit:
        unit.controls.put_budget(scope, scope_id, nano)


def guard_of(database: Database, clock: Clock | None = None, zone: str = "UTC") -> Guard:
    """A guard on a clock that stands, and plans without brakes unless plans were set before."""
    with database.write() as unit:
        unit.house.add_once(SETTING, plans())
    return Guard(database, clock=clock or Clock(), billing_zone=ZoneInfo(zone), lease_s=LEASE_S)


def every_counter(database: Database) -> dict[tuple[str, str, str], tuple[int, int]]:
    """All counters as (scope, meter, period) -> (used, held)."""
    with database.read() as unit:
        return {(row.scope, row.meter, row.period): (row.used, row.held) for row in unit.session.query(Counter)}


def counters(database: Database) -> dict[str, tuple[int, int]]:
    """The counters that most tests are about, as meter -> (used, held): a person's day or tries, the house's money."""
    return {
        meter: reading
        for (scope, meter, period), reading in every_counter(database).items()
        if (scope, meter) == ("house", "money")
        or meter in ("samples", "own_key_requests")
        or (meter == "requests" and len(period) == len("2026-11-22"))
    }


def rows(database: Database, model: Any) -> list[Any]:
    """All rows of a table."""
    with database.read() as unit:
        return list(unit.session.query(model))
