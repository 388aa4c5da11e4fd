"""What admit and settle promise, on both databases."""

from collections import Counter as Tally
from dataclasses import replace
from datetime import UTC, date, datetime
from uuid import UUID

import pytest

from db.models import NOBODY, UsageEvent
from db.models import Admission as AdmissionRow
from db.session import Database
from engine.accounts.actor import Actor, Standing
from engine.errors import (
    AlreadyDone,
    BadInput,
    InProgress,
    LimitExceeded,
    NotAllowed,
    PriceUnknown,
    SampleUsedUp,
    TierTooLow,
)
from engine.usage.call import Call
from engine.usage.guard import RECLAIM_EVERY
from engine.usage.ledger import Ledger
from tests.db.races import race
from tests.engine.usage.cases import (
    CALL,
    COST,
    FAILED,
    FREE,
    LEASE_S,
    OK,
    OPERATOR,
    OWN_KEY,
    SAMPLE,
    Clock,
    counters,
    every_counter,
    guard_of,
    rows,
    set_budget,
    somebody,
)

HOLD = CALL.hold_nano or 0


@pytest.fixture(autouse=True)
def sums_agree_with_the_ledger(database: Database) -> object:
    """Whatever a test of the guard does, the daily sums are those of the ledger."""
    yield
    assert Ledger(database, clock=Clock(), billing_zone=UTC).verify(OPERATOR) == []


def test_an_admitted_call_holds_its_unit_and_its_money_until_it_is_settled(database: Database) -> None:
    guard, actor = guard_of(database), somebody()
    admission = guard.admit(actor, CALL)
    assert counters(database) == {"requests": (0, 1), "money": (0, HOLD)}
    guard.settle(admission, OK)
    assert counters(database) == {"requests": (1, 0), "money": (COST.nano, 0)}


def test_a_settled_call_is_one_ledger_line_and_one_row_of_sums_that_agree(database: Database) -> None:
    guard, actor = guard_of(database), somebody()
    admission = guard.admit(actor, CALL)
    guard.settle(admission, OK)
    ledger = Ledger(database, clock=Clock(), billing_zone=UTC)
    (entry,), (day,) = ledger.events(OPERATOR), ledger.daily(OPERATOR)
    assert (entry.admission_id, entry.kind, entry.status, entry.estimated) == (admission.id, "call", "ok", False)
    assert (entry.unit_prices, entry.profile, entry.persona_version) == (COST.unit_prices, "compat", 1)
    assert (entry.latency_ms, entry.first_token_ms, entry.attempts) == (700, 300, 1)
    assert entry.subject == day.subject and entry.subject.person_id == actor.person_id
    assert entry.usage == day.usage == OK.usage
    assert entry.cost_usd == day.cost_usd == COST.usd
    assert (entry.day, entry.calls) == (day.day, day.calls) == (date(2026, 11, 22), 1)
    assert day.latency == (0, 0, 0, 1, *[0] * 12), "700 ms lie between 500 and 1,000"


def test_a_second_settle_changes_nothing(database: Database) -> None:
    guard = guard_of(database)
    admission = guard.admit(somebody(), CALL)
    for outcome in (OK, FAILED, OK):
        guard.settle(admission, outcome)
    assert len(rows(database, UsageEvent)) == 1
    assert counters(database) == {"requests": (1, 0), "money": (COST.nano, 0)}


def test_many_threads_that_settle_the_same_call_write_one_line(database: Database) -> None:
    guard = guard_of(database)
    admission = guard.admit(somebody(), CALL)
    race(lambda _: guard.settle(admission, OK), 16)
    assert len(rows(database, UsageEvent)) == 1
    assert counters(database) == {"requests": (1, 0), "money": (COST.nano, 0)}


def test_a_call_that_is_not_charged_gives_everything_back_and_is_still_in_the_ledger(database: Database) -> None:
    guard = guard_of(database)
    guard.settle(guard.admit(somebody(), CALL), FAILED)
    assert counters(database) == {"requests": (0, 0), "money": (0, 0)}
    (event,) = rows(database, UsageEvent)
    assert (event.status, event.error_code, event.cost_nano, event.calls) == ("failed", "unreachable", 0, 1)


def test_a_charged_call_of_unknown_price_keeps_its_hold_and_has_no_cost(database: Database) -> None:
    guard = guard_of(database)
    guard.settle(guard.admit(somebody(), CALL), replace(OK, cost=None, status="stopped", estimated=True))
    assert counters(database)["money"] == (HOLD, 0)
    (event,) = rows(database, UsageEvent)
    assert (event.cost_nano, event.status, event.estimated) == (None, "stopped", True)
    (day,) = Ledger(database, clock=Clock(), billing_zone=UTC).daily(OPERATOR)
    assert (day.unknown_price, day.errors) == (1, 0)


def test_the_ledger_names_the_model_that_answered(database: Database) -> None:
    guard = guard_of(database)
    guard.settle(guard.admit(somebody(), CALL), replace(OK, model="gpt-4.1-2025-04-14"))
    (event,) = rows(database, UsageEvent)
    assert (event.provider, event.model) == ("openai", "gpt-4.1-2025-04-14")


def test_the_fourth_sample_of_a_lifetime_is_refused(database: Database) -> None:
    clock = Clock()
    guard, actor = guard_of(database, clock), somebody(Standing.UNVERIFIED)
    for _ in range(3):
        guard.settle(guard.admit(actor, SAMPLE), OK)
        clock.move(days=40)
    with pytest.raises(SampleUsedUp) as refused:
        guard.admit(actor, SAMPLE)
    assert refused.value.message == "You have used your 3 free tries." and refused.value.hint
    guard.admit(somebody(Standing.UNVERIFIED), SAMPLE)


def test_the_hundred_and_first_request_of_a_day_says_when_to_come_back(database: Database) -> None:
    clock = Clock(datetime(2026, 11, 22, 22, 30, tzinfo=UTC))
    guard, actor = guard_of(database, clock, zone="Europe/Madrid"), somebody()
    for _ in range(100):
        guard.admit(actor, FREE)
    with pytest.raises(LimitExceeded) as refused:
        guard.admit(actor, FREE)
    error = refused.value
    assert (error.meter, error.scope, error.limit, error.used) == ("requests", "person", 100, 100)
    assert error.resets_at == datetime(2026, 11, 22, 23, 0, tzinfo=UTC), "midnight in Madrid"
    clock.move(minutes=30)
    guard.admit(actor, FREE)


def test_a_refusal_takes_nothing_at_all(database: Database) -> None:
    set_budget(database, HOLD)
    guard, actor = guard_of(database), somebody()
    guard.admit(somebody(), CALL)
    before = counters(database), len(rows(database, AdmissionRow))
    with pytest.raises(LimitExceeded) as refused:
        guard.admit(actor, replace(CALL, idempotency_key="k"))
    assert (counters(database), len(rows(database, AdmissionRow))) == before
    assert (refused.value.meter, refused.value.limit, refused.value.used) == ("money", HOLD, HOLD)
    assert refused.value.resets_at == datetime(2026, 12, 1, tzinfo=UTC)
    set_budget(database, 2 * HOLD)
    guard.admit(actor, replace(CALL, idempotency_key="k"))


def test_a_cap_of_nothing_refuses_the_very_first_call(database: Database) -> None:
    set_budget(database, 0)
    with pytest.raises(LimitExceeded):
        guard_of(database).admit(somebody(), CALL)


@pytest.mark.parametrize(
    ("actor", "call", "expected"),
    [
        pytest.param(somebody(), FREE, {"requests": (0, 1)}, id="a free model costs the house nothing"),
        pytest.param(somebody(), replace(FREE, units=0), {}, id="a preview on it takes no request either"),
        pytest.param(somebody(), OWN_KEY, {"own_key_requests": (0, 1)}, id="an own key pays for itself"),
        pytest.param(somebody(), replace(OWN_KEY, hold_nano=None), {"own_key_requests": (0, 1)}, id="at any price"),
        pytest.param(OPERATOR, CALL, {"money": (0, HOLD)}, id="the operator is counted"),
        pytest.param(OPERATOR, replace(CALL, hold_nano=None), {}, id="also at an unknown price"),
    ],
)
def test_what_is_spent_elsewhere_is_not_refused_when_the_house_is_out_of_money(
    database: Database, actor: Actor, call: Call, expected: dict[str, tuple[int, int]]
) -> None:
    set_budget(database, 0)
    guard_of(database).admit(actor, call)
    assert counters(database) == expected


def test_the_house_does_not_pay_a_price_that_nobody_knows(database: Database) -> None:
    with pytest.raises(PriceUnknown):
        guard_of(database).admit(somebody(), replace(CALL, hold_nano=None))


def test_a_caller_without_standing_is_refused(database: Database) -> None:
    with pytest.raises(TierTooLow):
        guard_of(database).admit(somebody(Standing.BLOCKED), replace(CALL, tier=0))


def test_one_idempotency_key_from_many_threads_is_one_admission(database: Database) -> None:
    guard, actor = guard_of(database), somebody()
    call = replace(CALL, idempotency_key="once", body_hash=b"body")

    def ask(_: int) -> str:
        try:
            guard.admit(actor, call)
        except InProgress:
            return "in progress"
        return "admitted"

    assert Tally(race(ask, 16)) == {"admitted": 1, "in progress": 15}
    assert counters(database)["requests"] == (0, 1)


def test_an_answered_request_points_to_its_admission(database: Database) -> None:
    guard, actor = guard_of(database), somebody()
    call = replace(CALL, idempotency_key="once", body_hash=b"body")
    first = guard.admit(actor, call)
    guard.settle(first, OK)
    with pytest.raises(AlreadyDone) as repeated:
        guard.admit(actor, call)
    assert UUID(repeated.value.admission_id) == first.id
    guard.admit(somebody(), call)


def test_a_key_that_was_given_to_another_request_is_refused(database: Database) -> None:
    guard, actor = guard_of(database), somebody()
    guard.admit(actor, replace(CALL, idempotency_key="once", body_hash=b"body"))
    with pytest.raises(BadInput):
        guard.admit(actor, replace(CALL, idempotency_key="once", body_hash=b"another"))


def test_the_key_of_a_call_that_cost_nothing_may_be_used_again(database: Database) -> None:
    guard, actor = guard_of(database), somebody()
    call = replace(CALL, idempotency_key="once", body_hash=b"body")
    guard.settle(guard.admit(actor, call), FAILED)
    guard.settle(guard.admit(actor, call), OK)
    assert len(rows(database, UsageEvent)) == 2


def test_the_operator_has_idempotency_keys_too(database: Database) -> None:
    guard, call = guard_of(database), replace(CALL, idempotency_key="once")
    assert guard.admit(OPERATOR, call).person_id == NOBODY
    with pytest.raises(InProgress):
        guard.admit(OPERATOR, call)


def test_an_abandoned_call_is_charged_at_its_hold_and_marked(database: Database) -> None:
    clock = Clock()
    guard = guard_of(database, clock)
    guard.admit(somebody(), CALL)
    clock.move(seconds=LEASE_S)
    assert guard.reclaim() == 0
    clock.move(seconds=1)
    assert sum(race(lambda _: guard.reclaim(), 4)) == 1
    assert counters(database) == {"requests": (1, 0), "money": (HOLD, 0)}
    (event,) = rows(database, UsageEvent)
    assert (event.kind, event.status, event.estimated, event.cost_nano) == ("expired", "unknown", True, HOLD)


def test_the_next_process_reclaims_by_itself_at_its_first_call_and_then_now_and_again(database: Database) -> None:
    clock = Clock()
    guard_of(database, clock).admit(somebody(), CALL)
    clock.move(seconds=LEASE_S + 1)
    guard = guard_of(database, clock)
    lost = guard.admit(somebody(), CALL)
    assert len(rows(database, UsageEvent)) == 1
    clock.move(seconds=LEASE_S + 1)
    for _ in range(RECLAIM_EVERY):
        guard.admit(OPERATOR, FREE)
    assert lost.id in {event.admission_id for event in rows(database, UsageEvent)}


@pytest.mark.parametrize(("outcome", "units", "nano"), [(OK, 1, COST.nano), (FAILED, 0, 0)], ids=["charged", "free"])
def test_a_late_report_corrects_what_was_charged(database: Database, outcome: object, units: int, nano: int) -> None:
    clock = Clock()
    guard = guard_of(database, clock)
    admission = guard.admit(somebody(), CALL)
    clock.move(days=2)
    guard.reclaim()
    for _ in range(2):
        guard.settle(admission, outcome)
    assert counters(database) == {"requests": (units, 0), "money": (nano, 0)}
    events = rows(database, UsageEvent)
    assert sorted((event.kind, event.calls) for event in events) == [("expired", 1), ("late", 0)]
    assert sum(event.cost_nano for event in events) == nano
    assert {event.day for event in events} == {date(2026, 11, 22)}


def test_a_call_over_midnight_counts_for_the_day_it_was_admitted(database: Database) -> None:
    clock = Clock(datetime(2026, 11, 30, 23, 59, tzinfo=UTC))
    guard, actor = guard_of(database, clock), somebody()
    admission = guard.admit(actor, CALL)
    clock.move(minutes=2)
    guard.settle(admission, OK)
    guard.admit(actor, CALL)
    with database.read() as unit:
        readings = {(take.meter, take.period): unit.metering.reading(take) for take in admission.takes}
    assert readings == {
        ("requests", "2026-11-30"): 1,
        ("requests", "2026-11"): 1,
        ("money", "2026-11-30"): COST.nano,
        ("money", "2026-11"): COST.nano,
        ("calls", "2026-11-30T23:59"): 1,
        ("concurrent", "now"): 1,
    }


def test_any_mix_of_outcomes_by_many_threads_leaves_nothing_held(database: Database) -> None:
    guard, people = guard_of(database), [somebody() for _ in range(3)]

    def use(number: int) -> None:
        for turn in range(6):
            try:
                admission = guard.admit(people[(number + turn) % 3], replace(CALL, model=f"model-{turn % 2}"))
            except NotAllowed:
                continue
            guard.settle(admission, OK if (number + turn) % 3 else FAILED)

    race(use, 12)
    assert all(held == 0 for _, held in every_counter(database).values())
    assert len(rows(database, UsageEvent)) == 72
