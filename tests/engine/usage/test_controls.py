"""Stops, allowances, alerts, corrections and reports, as administrators and those who are hit see them."""

import threading
from dataclasses import replace
from datetime import UTC, date, timedelta
from decimal import Decimal
from uuid import uuid4

import pytest

from db.session import Database
from engine.accounts.actor import Actor, Role
from engine.errors import AIOffForYou, BadInput, Forbidden, LimitExceeded, NotFound, StoppedByAdmin
from engine.generation import CallContext
from engine.llm import LLMRequest, Message
from engine.providers.scripted import Gate, Scripted
from engine.studio import Studio
from engine.usage.alert_mails import AlertMails
from engine.usage.alerts import Alert
from engine.usage.call import Call
from engine.usage.guard import Guard
from engine.usage.policy import Stop
from engine.usage.stops import SCOPES, Reach, first_hit
from tests.engine.conftest import Clock, person
from tests.engine.usage.cases import CALL, COST, FREE, OK, OWN_KEY, counters, set_budget

HOLD = CALL.hold_nano or 0
NOBODY_S = "00000000-0000-0000-0000-000000000009"
QUESTION = LLMRequest((Message("user", "hello"),), max_output_tokens=8)


@pytest.fixture
def admin(studio: Studio) -> Actor:
    return person(studio, "Rosa", role=Role.ADMIN)


@pytest.fixture
def alerts() -> list[Alert]:
    return []


@pytest.fixture
def guard(studio: Studio, clock: Clock, alerts: list[Alert]) -> Guard:
    return Guard(studio.database, clock=clock, billing_zone=UTC, lease_s=60, on_alert=alerts.append)


def ask(studio: Studio, actor: Actor, surface: str = "cli") -> str:
    return studio.generation.generate(actor, QUESTION, CallContext(surface)).text


def targets(actor: Actor) -> dict[str, str]:
    return {
        "provider": "openai",
        "model": "openai:gpt-4.1",
        "profile": "compat",
        "surface": "assistant",
        "department": str(actor.department_id),
        "person": str(actor.person_id),
    }


@pytest.mark.parametrize("scope", SCOPES)
def test_a_stop_stops_its_scope_and_nothing_else(studio: Studio, guard: Guard, admin: Actor, scope: str) -> None:
    department = studio.departments.add(admin, "Research")
    ada = person(studio, "Ada")
    studio.people.set_department(admin, ada.person_id, department.id)
    ada = studio.people.acting_as(admin, ada.email)
    stop = studio.controls.stop(admin, scope, targets(ada).get(scope, ""), reason="Costs ran away.")
    with pytest.raises(StoppedByAdmin, match="Costs ran away") as problem:
        guard.admit(ada, CALL)
    assert problem.value.code == "stopped" and problem.value.exit_code == 3
    assert counters(studio.database) == {}
    others: dict[str, tuple[Actor, Call]] = {
        "house_keys": (ada, OWN_KEY),
        "provider": (ada, replace(CALL, provider="anthropic")),
        "model": (ada, replace(CALL, model="gpt-5.4")),
        "profile": (ada, replace(CALL, profile="cheap")),
        "surface": (ada, replace(CALL, surface="cli")),
        "department": (admin, CALL),
        "person": (admin, CALL),
    }
    if scope in others:
        guard.admit(*others[scope])
    if scope == "house_keys":
        guard.admit(ada, FREE)
    (line,) = studio.controls.in_force(admin)
    assert (line.stop.id, line.author, line.refused) == (stop, "Rosa", 1)
    studio.controls.lift(admin, stop)
    guard.admit(ada, CALL)
    with pytest.raises(NotFound):
        studio.controls.lift(admin, stop)


def test_a_stop_ends_by_itself(studio: Studio, guard: Guard, admin: Actor, clock: Clock) -> None:
    until = clock.now + timedelta(hours=1)
    studio.controls.stop(admin, "everything", reason="Lunch.", until=until)
    with pytest.raises(StoppedByAdmin, match="until 22 November 13:00 UTC"):
        guard.admit(admin, CALL)
    clock.forward(hours=1)
    assert studio.controls.in_force(admin) == []
    guard.admit(admin, CALL)


@pytest.mark.parametrize(
    ("scope", "target", "reason"),
    [("moon", "", "why"), ("provider", "nobody", "why"), ("person", "x", "why"), ("person", NOBODY_S, "why"),
     ("department", "", "why"), ("everything", "", " "), ("everything", "", "x" * 301)],
)  # fmt: skip
def test_a_stop_of_nothing_or_without_a_reason_is_refused(
    studio: Studio, admin: Actor, scope: str, target: str, reason: str
) -> None:
    with pytest.raises((BadInput, NotFound)):
        studio.controls.stop(admin, scope, target, reason=reason)
    assert studio.controls.in_force(admin) == []


def test_stops_are_audited_and_not_for_members(studio: Studio, admin: Actor, ada: Actor) -> None:
    with pytest.raises(Forbidden):
        studio.controls.stop(ada, "everything", reason="Mine.")
    studio.controls.lift(admin, studio.controls.stop(admin, "provider", "openai", reason="Outage.", cut=True))
    found = [(act.action, act.actor, act.target) for act in studio.audit.page(admin) if act.action.startswith("ai.")]
    assert found == [("ai.lift", "Rosa", "openai"), ("ai.stop", "Rosa", "openai")]


def test_those_who_are_hit_are_told_and_others_are_not(studio: Studio, admin: Actor, ada: Actor) -> None:
    studio.controls.stop(admin, "provider", "groq", reason="Outage.")
    partly = studio.controls.notice(ada)
    assert partly is not None and (partly.off, partly.scope, partly.target) == (False, "provider", "groq")
    studio.controls.stop(admin, "person", str(ada.person_id), reason="Talk to me.")
    hit, not_hit = studio.controls.notice(ada), studio.controls.notice(admin)
    assert hit is not None and (hit.off, hit.reason, hit.by) == (True, "Talk to me.", "admin")
    assert not_hit is not None and not not_hit.off
    assert studio.controls.touched(admin, "everything") == 2
    assert studio.controls.touched(admin, "person", str(ada.person_id)) == 1


def test_one_may_switch_ai_off_for_oneself(studio: Studio, ada: Actor) -> None:
    studio.allowances.switch_ai(ada, on=False)
    with pytest.raises(AIOffForYou):
        ask(studio, ada)
    notice = studio.controls.notice(ada)
    assert notice is not None and notice.by == "self"
    studio.allowances.switch_ai(ada, on=True)
    assert ask(studio, ada)
    assert studio.controls.notice(ada) is None


def test_a_disabled_person_is_not_let_in_by_an_actor_from_before(studio: Studio, guard: Guard, admin: Actor) -> None:
    ada = person(studio, "Ada")
    studio.people.disable(admin, ada.person_id)
    with pytest.raises(Exception, match="with this account"):
        guard.admit(ada, CALL)


def test_a_cutting_stop_ends_answers_that_are_being_written(studio: Studio, admin: Actor, local: Scripted) -> None:
    local._gate = gate = Gate()
    gate.let(1)
    heard = threading.Event()
    failures: list[Exception] = []

    def hear(kind: str) -> None:
        if kind == "text":
            heard.set()

    def write() -> None:
        try:
            context = CallContext("cli")
            studio.generation.generate(admin, QUESTION, context, listener=lambda event: hear(event.kind))
        except Exception as problem:  # noqa: BLE001
            failures.append(problem)

    writer = threading.Thread(target=write)
    writer.start()
    assert heard.wait(60)
    studio.controls.stop(admin, "everything", reason="Now.", cut=True)
    writer.join(60)
    assert not writer.is_alive()
    assert [getattr(problem, "code", "") for problem in failures] == ["interrupted"]
    (entry,) = studio.usage.events(admin)
    assert (entry.status, entry.charged) == ("stopped", True)


@pytest.mark.parametrize("limit", [0, 2])
def test_a_limit_for_one_person_replaces_the_plan_s(studio: Studio, admin: Actor, ada: Actor, limit: int) -> None:
    studio.allowances.override(admin, ada.person_id, limit, "month")
    for _ in range(limit):
        ask(studio, ada)
    with pytest.raises(LimitExceeded, match=f"{limit} questions of this month"):
        ask(studio, ada)
    studio.allowances.override(admin, ada.person_id, None)
    assert ask(studio, ada)
    assert studio.allowances.of(admin, ada.person_id).usage_limit is None


def test_a_person_can_be_put_on_another_plan(studio: Studio, guard: Guard, admin: Actor, ada: Actor) -> None:
    studio.allowances.give_plan(admin, ada.person_id, "light")
    person(studio, "Una", verified=False)
    assert studio.allowances.people_by_plan(admin) == {"standard": 1, "light": 1, "": 1}
    assert studio.allowances.mine(ada).plan == "light"
    assert studio.usage.allowance(ada)[0].limit == 20
    with pytest.raises(BadInput, match="gold"):
        studio.allowances.give_plan(admin, ada.person_id, "gold")
    with pytest.raises(NotFound):
        studio.allowances.give_plan(admin, uuid4(), "light")
    with pytest.raises(Forbidden):
        studio.allowances.give_plan(ada, ada.person_id, "heavy")
    changes = [(act.before, act.after) for act in studio.audit.page(admin) if act.action == "person.plan"]
    assert changes == [({"plan": "standard"}, {"plan": "light"})]


def test_edited_plans_hold_for_the_next_call_and_a_lost_plan_falls_to_the_default(
    studio: Studio, admin: Actor, ada: Actor
) -> None:
    studio.allowances.give_plan(admin, ada.person_id, "light")
    edited = studio.allowances.plans(admin).model_dump(mode="json")
    del edited["plans"]["light"]
    edited["plans"]["standard"]["requests_day"] = 7
    studio.allowances.save_plans(admin, edited)
    assert studio.usage.allowance(ada)[0].limit == 7


def test_budgets_are_listed_with_what_is_spent(studio: Studio, guard: Guard, admin: Actor, ada: Actor) -> None:
    department = studio.departments.add(admin, "Research")
    studio.people.set_department(admin, ada.person_id, department.id)
    studio.allowances.set_budget(admin, "department", str(department.id), Decimal(5))
    studio.allowances.set_budget(admin, "persona", "maestro", Decimal("1.5"))
    guard.settle(guard.admit(studio.people.acting_as(admin, ada.email), CALL), OK)
    found = {(each.scope, each.name): (each.month_usd, each.used_usd) for each in studio.allowances.budgets(admin)}
    assert found == {
        ("house", "The house"): (Decimal(20), COST.usd),
        ("department", "Research"): (Decimal(5), COST.usd),
        ("persona", "maestro"): (Decimal("1.5"), COST.usd),
    }
    studio.allowances.set_budget(admin, "persona", "maestro", None)
    taken, set_, *_ = studio.audit.page(admin)
    assert [act.before["month_usd"] for act in (set_, taken)] == [None, "1.5"]
    assert [act.after["month_usd"] for act in (set_, taken)] == ["1.5", None]
    with pytest.raises(NotFound):
        studio.allowances.set_budget(admin, "department", NOBODY_S, Decimal(5))
    for wrong in (Decimal(-1), Decimal("NaN"), Decimal(10**8)):
        with pytest.raises(BadInput):
            studio.allowances.set_budget(admin, "house", "house", wrong)


def test_each_threshold_of_a_budget_is_told_once(
    studio: Studio, guard: Guard, admin: Actor, alerts: list[Alert]
) -> None:
    set_budget(studio.database, COST.nano * 10)
    spend = replace(CALL, hold_nano=COST.nano)
    for turn in range(10):
        guard.settle(guard.admit(admin, spend), OK)
        expected = [threshold for threshold in (50, 80, 100) if (turn + 1) * 10 >= threshold]
        assert [alert.threshold for alert in alerts if alert.scope == "house"] == expected
    assert [alert.threshold for alert in studio.allowances.alerts(admin, alerts[0].at)] == [100, 95, 80, 50]


def test_an_alert_goes_to_those_who_can_act(
    studio: Studio, admin: Actor, clock: Clock, caplog: pytest.LogCaptureFixture
) -> None:
    lead = person(studio, "Lee", role=Role.LEAD)
    department = studio.departments.add(admin, "Research")
    studio.people.set_department(admin, lead.person_id, department.id)
    studio.allowances.set_budget(admin, "department", str(department.id), COST.usd)
    tell = AlertMails(studio.database, studio.mail, public_url="http://studio.test").tell
    guard = Guard(studio.database, clock=clock, billing_zone=UTC, lease_s=60, on_alert=tell)
    guard.settle(guard.admit(studio.people.acting_as(admin, lead.email), replace(CALL, hold_nano=COST.nano)), OK)
    mails = [record.getMessage() for record in caplog.records if record.name == "studio.mail"]
    assert len(mails) == 2, "of thresholds that are passed at once the highest is told"
    assert {address for address in ("rosa@", "lee@") for mail in mails if address in mail} == {"rosa@", "lee@"}
    assert any("Research: 100% of the month's budget is spent" in mail for mail in mails)


def test_a_correction_is_a_new_line_and_moves_the_counters(
    studio: Studio, guard: Guard, admin: Actor, ada: Actor
) -> None:
    admission = guard.admit(ada, CALL)
    assert studio.controls.writing(admin) == 1
    with pytest.raises(BadInput, match="still being answered"):
        studio.corrections.correct(admin, admission.id, cost_usd=Decimal(0), reason="Too early.")
    guard.settle(admission, OK)
    before = studio.usage.events(admin)
    studio.corrections.correct(admin, admission.id, cost_usd=Decimal("0.0000381"), reason="The bill says more.")
    studio.corrections.correct(admin, admission.id, cost_usd=Decimal("0.00001"), give_back=True, reason="Now less.")
    assert counters(studio.database) == {"requests": (0, 0), "money": (10_000, 0)}
    entries = studio.usage.events(admin)
    assert entries[: len(before)] == before, "nothing that was written is changed"
    assert sum(entry.cost_usd or 0 for entry in entries) == Decimal("0.00001")
    assert sum(entry.calls for entry in entries) == 1
    assert studio.usage.verify(admin) == []
    for wrong in ({"cost_usd": Decimal(-1)}, {"reason": " "}, {"give_back": True}, {}):
        with pytest.raises(BadInput):
            studio.corrections.correct(admin, admission.id, **({"reason": "Again."} | wrong))
    with pytest.raises(NotFound):
        studio.corrections.correct(admin, uuid4(), cost_usd=Decimal(1), reason="Nothing there.")
    with pytest.raises(Forbidden):
        studio.corrections.correct(ada, admission.id, cost_usd=Decimal(0), reason="Mine.")


def test_the_correction_of_an_unknown_cost_counts_from_what_was_held(
    studio: Studio, guard: Guard, admin: Actor, ada: Actor
) -> None:
    admission = guard.admit(ada, CALL)
    guard.settle(admission, replace(OK, cost=None))
    studio.corrections.correct(admin, admission.id, cost_usd=Decimal("0.0005"), reason="Price found.")
    assert counters(studio.database)["money"] == (500_000, 0)
    assert studio.usage.verify(admin) == []


def test_a_report_sums_by_what_is_asked_for(studio: Studio, guard: Guard, admin: Actor, ada: Actor) -> None:
    for actor, call in ((ada, CALL), (ada, replace(CALL, surface="cli")), (admin, CALL)):
        guard.settle(guard.admit(actor, call), OK)
    guard.settle(guard.admit(ada, CALL), replace(OK, cost=None))
    report = studio.reports.report(admin, ("person", "surface"))
    assert {(row.of["person"], row.of["surface"]): (row.sums.calls, row.sums.cost_usd) for row in report.rows} == {
        ("Ada", "assistant"): (2, COST.usd),
        ("Ada", "cli"): (1, COST.usd),
        ("Rosa", "assistant"): (1, COST.usd),
    }
    assert report.total.figures() == {
        "calls": 4,
        "tokens_in": 4 * 13,
        "tokens_out": 4 * 7,
        "cost_usd": COST.usd * 3,
        "unknown_price_calls": 1,
    }
    assert studio.reports.report(admin, ("day",), since=date(2026, 11, 23)).rows == []
    with pytest.raises(BadInput, match="moon"):
        studio.reports.report(admin, ("moon",))
    with pytest.raises(Forbidden):
        studio.reports.report(ada)


def test_the_matching_of_stops_is_exact(database: Database) -> None:
    reach = Reach.of(CALL, uuid4(), None)
    assert first_hit([Stop(uuid4(), "provider", "openai-2", "", False, Clock().now, None)], reach) is None
    assert first_hit([Stop(uuid4(), "model", "gpt-4.1", "", False, Clock().now, None)], reach) is None
