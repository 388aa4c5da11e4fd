"""Reading what was used."""

from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import delete, update

from db.models import DailyUsage, UsageEvent
from db.session import Database
from engine.accounts.actor import Role, Standing
from engine.errors import DatabaseError, Forbidden
from engine.usage.ledger import Ledger
from tests.engine.usage.cases import CALL, COST, FAILED, OK, OPERATOR, OWN_KEY, SAMPLE, Clock, guard_of, somebody


def ledger_of(database: Database, clock: Clock) -> Ledger:
    return Ledger(database, clock=clock, billing_zone=UTC)


def test_a_verified_person_sees_the_day_and_own_keys(database: Database) -> None:
    clock, actor = Clock(), somebody()
    guard, ledger = guard_of(database, clock), ledger_of(database, clock)
    guard.settle(guard.admit(actor, CALL), OK)
    guard.admit(actor, CALL)
    guard.admit(actor, OWN_KEY)
    day, month, money, own = ledger.allowance(actor)
    assert (day.used, day.limit, day.unit) == (2, 100, "requests")
    assert (month.used, month.limit, month.resets_at) == (2, 2000, datetime(2026, 12, 1, tzinfo=UTC))
    assert (money.used, money.limit, money.unit) == (COST.nano + (CALL.hold_nano or 0), 10 * 10**9, "nano_usd")
    assert (own.used, own.limit) == (1, None)
    assert day.resets_at == datetime(2026, 11, 23, tzinfo=UTC)
    clock.move(days=1)
    assert ledger.allowance(actor)[0].used == 0


def test_an_unverified_person_sees_the_samples_of_a_lifetime(database: Database) -> None:
    clock, actor = Clock(), somebody(Standing.UNVERIFIED)
    guard_of(database, clock).admit(actor, SAMPLE)
    sample, *_ = ledger_of(database, clock).allowance(actor)
    assert (sample.used, sample.limit, sample.resets_at) == (1, 3, None)


def test_admins_see_the_budget_of_the_house_and_others_do_not(database: Database) -> None:
    clock, admin = Clock(), somebody(role=Role.ADMIN)
    guard, ledger = guard_of(database, clock), ledger_of(database, clock)
    guard.settle(guard.admit(admin, CALL), OK)
    house = ledger.allowance(admin)[-1]
    assert (house.used, house.limit, house.unit) == (COST.nano, 20 * 10**9, "nano_usd")
    assert ledger.allowance(OPERATOR) == [house]
    assert {meter.scope for meter in ledger.allowance(somebody())} == {"person"}
    for question in (ledger.events, ledger.daily, ledger.verify):
        with pytest.raises(Forbidden):
            question(somebody())


def test_lines_can_be_asked_for_from_an_instant_on(database: Database) -> None:
    clock = Clock()
    guard, ledger = guard_of(database, clock), ledger_of(database, clock)
    for outcome in (OK, FAILED):
        guard.settle(guard.admit(OPERATOR, CALL), outcome)
        clock.move(hours=1)
    assert [entry.status for entry in ledger.events(OPERATOR)] == ["ok", "failed"]
    assert [entry.status for entry in ledger.events(OPERATOR, clock.now - timedelta(hours=1))] == ["failed"]
    assert ledger.events(OPERATOR)[0].subject.person_id is None


def test_sums_that_differ_from_the_ledger_are_named(database: Database) -> None:
    clock = Clock()
    guard, ledger = guard_of(database, clock), ledger_of(database, clock)
    for latency_ms in (0, 124, 125, 700, 119_999, 10**8):
        guard.settle(guard.admit(somebody(), CALL), replace(OK, latency_ms=latency_ms))
    assert ledger.verify(OPERATOR) == []
    with database.write() as unit:
        unit.connection.execute(update(DailyUsage).values(cost_nano=DailyUsage.cost_nano + 1))
    assert len(ledger.verify(OPERATOR)) == 6
    assert f"cost_nano is {COST.nano + 1}, the ledger says {COST.nano}" in ledger.verify(OPERATOR)[0]
    with database.write() as unit:
        unit.connection.execute(delete(DailyUsage))
    assert any("calls is 0, the ledger says 1" in line for line in ledger.verify(OPERATOR))


@pytest.mark.parametrize(
    "change", [lambda: update(UsageEvent).values(cost_nano=0), lambda: delete(UsageEvent)], ids=["update", "delete"]
)
def test_the_database_itself_refuses_to_change_the_ledger(database: Database, change: Callable[[], object]) -> None:
    guard = guard_of(database)
    guard.settle(guard.admit(OPERATOR, CALL), OK)
    with pytest.raises(DatabaseError, match="append-only"), database.write() as unit:
        unit.session.execute(change())
    assert ledger_of(database, Clock()).events(OPERATOR)[0].cost_usd == COST.usd
