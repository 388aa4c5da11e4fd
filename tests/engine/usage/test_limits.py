"""Plans, overrides, budgets and brakes: the tightest wins, and the refusal says which it was."""

from dataclasses import replace
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any
from uuid import uuid4

import pytest

from db.models import UsageEvent
from db.session import Database
from engine.accounts.actor import Actor, Standing
from engine.errors import LimitExceeded, SampleUsedUp, StudioError, TierTooLow
from engine.usage.ledger import Ledger
from engine.usage.limits import Moment, met_by
from engine.usage.plans import checked, shipped
from engine.usage.policy import Policy
from tests.engine.usage.cases import (
    CALL,
    FAILED,
    FREE,
    OK,
    OPERATOR,
    OWN_KEY,
    SAMPLE,
    Clock,
    counters,
    every_counter,
    guard_of,
    plans,
    rows,
    set_budget,
    set_plans,
    somebody,
)

HOLD = CALL.hold_nano or 0
USD = Decimal(HOLD) / 10**9


def refused(database: Database, actor: Actor, call: Any = CALL) -> LimitExceeded:
    with pytest.raises(LimitExceeded) as problem:
        guard_of(database).admit(actor, call)
    return problem.value


def test_the_counters_of_every_call_are_locked_in_one_order() -> None:
    scopes = ["person", "scene", "persona", "department", "house"]
    actor = replace(somebody(), department_id=uuid4())
    everything = {f"requests_{span}": 9 for span in ("day", "month")} | {f"usd_{span}": 9 for span in ("day", "month")}
    plan = shipped().plans["standard"].model_copy(update=everything)
    policy = Policy(plans=shipped(), plan=plan, budgets={})
    met = [limit for limit, _ in met_by(actor, replace(CALL, scene_id="s", scene_cap_nano=1), policy)]
    assert [limit.scope for limit in met] == sorted((limit.scope for limit in met), key=scopes.index)
    assert set(scopes) == {limit.scope for limit in met}
    assert [(limit.meter, limit.span) for limit in met if limit.scope == "person"] == [
        ("requests", "day"),
        ("requests", "month"),
        ("money", "day"),
        ("money", "month"),
        ("calls", "minute"),
        ("concurrent", "now"),
    ]


@pytest.mark.parametrize(
    ("limits", "scope", "meter", "resets_at"),
    [
        ({"requests_day": 0}, "person", "requests", datetime(2026, 11, 23, tzinfo=UTC)),
        ({"requests_month": 0}, "person", "requests", datetime(2026, 12, 1, tzinfo=UTC)),
        ({"usd_day": str(USD / 2)}, "person", "money", datetime(2026, 11, 23, tzinfo=UTC)),
        ({"usd_month": str(USD / 2)}, "person", "money", datetime(2026, 12, 1, tzinfo=UTC)),
        ({"calls_per_minute": 0}, "person", "calls", datetime(2026, 11, 22, 12, 1, tzinfo=UTC)),
        ({"concurrent": 0}, "person", "concurrent", None),
    ],
)
def test_each_limit_of_a_plan_refuses_and_takes_nothing(
    database: Database, limits: dict[str, Any], scope: str, meter: str, resets_at: datetime | None
) -> None:
    set_plans(database, plans(**limits))
    problem = refused(database, somebody())
    assert (problem.scope, problem.meter, problem.resets_at) == (scope, meter, resets_at)
    assert problem.hint and "kept" in problem.hint
    assert every_counter(database) == {}


@pytest.mark.parametrize("scope", ["department", "persona", "person", "house"])
def test_a_budget_stops_house_money_and_nothing_else(database: Database, scope: str) -> None:
    actor = replace(somebody(), department_id=uuid4())
    scope_id = {
        "department": str(actor.department_id),
        "persona": CALL.persona_key or "",
        "person": str(actor.person_id),
        "house": "house",
    }[scope]
    set_budget(database, HOLD, scope, scope_id)
    guard = guard_of(database)
    guard.settle(guard.admit(actor, CALL), replace(OK, cost=None))
    problem = refused(database, actor)
    assert (problem.scope, problem.limit, problem.used) == (scope, HOLD, HOLD)
    assert f"${HOLD / 10**9:,.2f}" in problem.message
    guard.admit(actor, FREE)
    guard.admit(actor, OWN_KEY)


def test_of_two_caps_on_one_counter_the_tighter_wins(database: Database) -> None:
    set_plans(database, plans(usd_month=str(USD * 3)))
    actor = somebody()
    set_budget(database, HOLD, "person", str(actor.person_id))
    guard = guard_of(database)
    guard.admit(actor, CALL)
    assert "allow yourself" in refused(database, actor).message
    set_budget(database, HOLD * 9, "person", str(actor.person_id))
    guard.admit(actor, CALL)
    guard.admit(actor, CALL)
    assert refused(database, actor).limit == 3 * HOLD


def test_a_scene_has_a_budget_of_its_own(database: Database) -> None:
    guard, actor = guard_of(database), somebody()
    turn = replace(CALL, scene_id="scene", scene_cap_nano=HOLD)
    guard.admit(actor, turn)
    assert refused(database, actor, turn).scope == "scene"
    guard.admit(actor, replace(turn, scene_id="another"))


def test_a_profile_outside_the_plan_is_refused_unless_somebody_else_pays(database: Database) -> None:
    set_plans(database, plans(profiles=["cheap"]))
    guard, actor = guard_of(database), somebody()
    with pytest.raises(TierTooLow, match="Standard, does not include compat"):
        guard.admit(actor, CALL)
    guard.admit(actor, replace(CALL, profile="cheap"))
    guard.admit(actor, FREE)
    guard.admit(actor, replace(OWN_KEY, profile="frontier"))


def test_a_place_among_answers_at_once_is_free_again_when_one_ends(database: Database) -> None:
    set_plans(database, plans(concurrent=1))
    guard, actor = guard_of(database), somebody()
    for outcome in (OK, FAILED):
        admission = guard.admit(actor, CALL)
        assert refused(database, actor).meter == "concurrent"
        guard.settle(admission, outcome)
    guard.admit(actor, CALL)


def test_a_call_counts_against_its_minute_even_when_it_fails(database: Database) -> None:
    set_plans(database, plans(calls_per_minute=2))
    clock = Clock()
    guard, actor = guard_of(database, clock), somebody()
    for _ in range(2):
        guard.settle(guard.admit(actor, CALL), FAILED)
    with pytest.raises(LimitExceeded) as problem:
        guard.admit(actor, replace(FREE, units=0))
    assert problem.value.meter == "calls"
    clock.move(seconds=60)
    guard.admit(actor, CALL)


def test_the_first_sample_of_which_no_word_came_is_given_back_once(database: Database) -> None:
    guard, actor = guard_of(database), somebody(Standing.UNVERIFIED)
    silent = replace(OK, status="failed", first_token_ms=None, error_code="timeout")
    for used in (0, 1, 2, 3):
        guard.settle(guard.admit(actor, SAMPLE), silent)
        assert counters(database)["samples"] == (used, 0)
    with pytest.raises(SampleUsedUp):
        guard.admit(actor, SAMPLE)
    assert [event.kind for event in rows(database, UsageEvent)].count("credit") == 1
    assert Ledger(database, clock=Clock(), billing_zone=UTC).verify(OPERATOR) == []


def test_a_sample_that_was_heard_is_not_given_back(database: Database) -> None:
    guard, actor = guard_of(database), somebody(Standing.UNVERIFIED)
    guard.settle(guard.admit(actor, SAMPLE), replace(OK, status="failed", error_code="stream_cut"))
    guard.settle(guard.admit(somebody(), CALL), replace(OK, first_token_ms=None))
    assert counters(database)["samples"] == (1, 0)
    assert [event.kind for event in rows(database, UsageEvent)] == ["call", "call"]


def test_a_late_report_of_a_sample_that_was_given_back_does_not_take_it_again(database: Database) -> None:
    clock = Clock()
    guard, actor = guard_of(database, clock), somebody(Standing.UNVERIFIED)
    admission = guard.admit(actor, SAMPLE)
    clock.move(days=1)
    guard.reclaim()
    assert counters(database)["samples"] == (0, 0)
    guard.settle(admission, OK)
    assert counters(database) == {"samples": (0, 0), "money": (OK.cost.nano if OK.cost else 0, 0)}
    assert Ledger(database, clock=clock, billing_zone=UTC).verify(OPERATOR) == []


def test_a_lease_that_is_renewed_does_not_run_out(database: Database) -> None:
    clock = Clock()
    guard = guard_of(database, clock)
    kept, lost = guard.admit(somebody(), CALL), guard.admit(somebody(), CALL)
    clock.move(seconds=100)
    assert guard.renew([kept.id]) == {kept.id}
    clock.move(seconds=100)
    assert guard.reclaim() == 1
    assert guard.renew([kept.id, lost.id]) == {kept.id}
    guard.settle(kept, OK)
    assert {event.kind for event in rows(database, UsageEvent)} == {"expired", "call"}


def test_a_clock_or_a_zone_that_goes_back_gives_no_second_day(database: Database) -> None:
    clock, actor = Clock(datetime(2026, 11, 23, 0, 10, tzinfo=UTC)), somebody()
    set_plans(database, plans(requests_day=1))
    guard_of(database, clock).admit(actor, CALL)
    clock.move(hours=-1)
    for zone in ("UTC", "Pacific/Honolulu"):
        with pytest.raises(LimitExceeded):
            guard_of(database, clock, zone).admit(actor, CALL)
    assert {period for _, meter, period in every_counter(database) if meter == "requests"} == {"2026-11-23", "2026-11"}


def test_a_clock_that_was_far_ahead_once_does_not_stop_the_days(database: Database) -> None:
    clock, actor = Clock(datetime(2027, 11, 22, tzinfo=UTC)), somebody()
    guard_of(database, clock).admit(actor, CALL)
    clock.move(days=-365)
    assert guard_of(database, clock).admit(actor, CALL).day == clock.now.date()


@pytest.mark.parametrize(
    ("wrong", "named"),
    [
        ({"default": "gone"}, "gone"),
        ({"plans": {"standard": {"title": "S", "requests_day": -1}}}, "requests_day"),
        ({"plans": {"standard": {"title": "S", "usd_month": "lots"}}}, "usd_month"),
        ({"plans": {"standard": {"title": "S", "colour": 1}}}, "colour"),
        ({"house_usd_month": None}, "house_usd_month"),
    ],
)
def test_a_plan_that_cannot_be_is_refused_by_name(wrong: dict[str, Any], named: str) -> None:
    with pytest.raises(StudioError, match=named):
        checked(shipped().model_dump(mode="json") | wrong)


def test_periods_and_resets_follow_the_billing_zone() -> None:
    from zoneinfo import ZoneInfo

    zone = ZoneInfo("Asia/Kolkata")
    now = datetime(2028, 2, 28, 20, 0, tzinfo=UTC)
    moment = Moment(now, now.astimezone(zone).date(), zone)
    policy = Policy(plans=shipped(), plan=shipped().plans["standard"], budgets={})
    by_span = {limit.span: limit for limit, _ in met_by(somebody(), CALL, policy) if limit.meter == "requests"}
    assert by_span["day"].period(moment) == "2028-02-29"
    assert by_span["day"].resets_at(moment) == datetime(2028, 2, 29, 18, 30, tzinfo=UTC)
    assert by_span["month"].resets_at(moment) == datetime(2028, 2, 29, 18, 30, tzinfo=UTC)
