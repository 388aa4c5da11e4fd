"""Limits on the page: what is left, what a refused call says, the way on, and what one allows oneself."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal

import pytest
from streamlit.testing.v1 import AppTest

from engine.accounts.actor import Role
from engine.errors import LimitExceeded, PriceUnknown, StoppedByAdmin
from engine.generation import CallContext
from engine.llm import LLMRequest, Message
from pages.ui.layout import foremost
from tests.engine.waiting import until

BUILDER = "studio/persona_builder.py"
QUESTION = LLMRequest((Message("user", "hello"),), max_output_tokens=8)


def later():
    """Nine and a half hours from now."""
    return datetime.now(UTC) + timedelta(hours=9, minutes=28, seconds=30)


def words(elements):
    return " ".join(element.value for element in elements).replace("\\", "")


def everything(at):
    kinds = (at.main.markdown, at.main.caption, at.main.error, at.main.warning, at.main.info, at.toast)
    return " ".join(words(kind) for kind in kinds)


def labels(at):
    return [button.label for button in at.main.button]


def button(at, start):
    return next(each for each in at.main.button if each.label.startswith(start))


def press(at, start):
    button(at, start).click().run()
    assert not at.exception
    return at


def field(at, label):
    return next(each for each in [*at.main.number_input, *at.main.selectbox, *at.main.toggle] if each.label == label)


def ask(studio, actor, times):
    for _ in range(times):
        studio.generation.generate(actor, QUESTION, CallContext("cli"))


def over(studio, actor, draft):
    """Wait for the end of the draft's answer."""
    run = studio.preview.run(actor, draft.id)
    until(lambda: run.over)
    return run


@pytest.fixture
def rosa(add_person):
    """An administrator."""
    return add_person("rosa@example.org", Role.ADMIN)


@pytest.fixture
def builder(tab, studio):
    """Open the builder on a draft that has a name, once it has spoken by itself."""

    def open_builder(actor):
        draft = studio.drafts.open(actor)
        draft = studio.drafts.save(actor, draft.id, {"name": "Ada"})
        at = tab(actor, BUILDER, draft=str(draft.id))
        if studio.preview.run(actor, draft.id):
            over(studio, actor, draft)
        return at.run(), draft

    return open_builder


def drawn(problem):
    def draw(problem):
        from pages.ui.errors import notice

        notice(problem)

    return AppTest.from_function(draw, args=(problem,)).run()


@pytest.mark.parametrize(
    ("meter", "limit", "used", "parts"),
    [
        ("requests", 100, 100, ["100 of 100 used.", "Resets ", "in 9 h 28 min."]),
        ("money", 10**10, 98 * 10**8, ["$9.80 of $10.00 is spent or held", "in 9 h 28 min."]),
    ],
)
def test_a_limit_says_how_much_was_used_and_when_it_returns(meter, limit, used, parts):
    at = drawn(LimitExceeded("It is used up.", meter=meter, scope="person", limit=limit, used=used, resets_at=later()))
    (said,) = [error.value.replace("\\", "") for error in at.error]
    assert said.startswith("**It is used up.**") and all(part in said for part in parts)


def test_a_stop_says_when_it_ends():
    at = drawn(StoppedByAdmin("Stopped: invoice.", reason="invoice", until=later()))
    assert "It ends by itself in 9 h 28 min: " in words(at.error)


def test_the_last_free_try_leads_on(builder, studio, add_person):
    bo = add_person("bo@example.org", verified=False)
    at, draft = builder(bo)
    assert "Again (uses 1 of 3)" in labels(at)
    ask(studio, bo, 3)
    press(at, "Again")
    over(studio, bo, draft)
    at.run()
    assert "You have used your 3 free tries" in words(at.main.error)
    assert {"Confirm my e-mail", "Add my own key", "Use the built-in model", "Again"} <= {*labels(at)}
    press(at, "Add my own key")
    assert [title.value for title in at.title] == ["Keys"]


def test_a_spent_day_says_so_and_keeps_the_question(builder, studio, rosa, noor):
    studio.allowances.override(rosa, noor.person_id, 1)
    ask(studio, noor, 1)
    at, draft = builder(noor)
    next(each for each in at.text_input if each.label == "Your own question").set_value("Is it faster?").run()
    over(studio, noor, draft)
    press(at.run(), "Again")
    over(studio, noor, draft)
    at.run()
    said = words(at.main.error)
    assert "1 questions of today" in said and "1 of 1 used." in said and "Resets at 00:00 UTC" in said
    assert next(each for each in at.text_input if each.label == "Your own question").value == "Is it faster?"
    assert "Add my own key" in labels(at) and "Confirm my e-mail" not in labels(at)


def test_the_built_in_model_can_be_asked_in_place_of_one_without_a_price(builder, studio, noor, monkeypatch):
    free = type(studio.preview).route
    with monkeypatch.context() as patch:
        patch.setattr(type(studio.preview), "route", lambda *args, **kwargs: replace(free(*args, **kwargs), free=False))
        patch.setattr(type(studio.preview), "cost_estimate", lambda *_, **__: None)
        patch.setattr(type(studio.preview), "speak", _raise(PriceUnknown("Nobody knows the price.", hint="")))
        at, draft = builder(noor)
        press(at, "Speak")
        assert "Nobody knows the price" in words(at.main.warning)
    press(at, "Use the built-in model")
    assert at.selectbox(key=f"preview/{draft.id}/model").value.startswith("local:")
    over(studio, noor, draft)
    assert "I am Ada." in everything(at.run())


def _raise(problem):
    def speak(*_, **__):
        raise problem

    return speak


def test_a_stop_silences_the_builder_and_home_until_it_is_lifted(builder, tab, studio, rosa, noor, local):
    stop = studio.controls.stop(rosa, "everything", reason="Invoice under review", until=later())
    at, _ = builder(noor)
    assert "Nobody can answer before" in everything(at) and "Invoice under review" in everything(at)
    assert button(at, "Speak").disabled and local.calls == []
    home = tab(noor)
    assert "Nobody can answer before" in everything(home)
    press(home, "Go on writing Ada")
    assert [title.value for title in home.title] == ["Ada"]
    studio.controls.lift(rosa, stop)
    at.run()
    assert "Nobody can answer" not in everything(at) and not at.main.error
    until(lambda: local.calls)


def test_what_a_stop_refused_is_said_when_it_is_lifted(builder, studio, rosa, noor):
    at, draft = builder(noor)
    stop = studio.controls.stop(rosa, "everything", reason="Invoice")
    press(at, "Again")
    over(studio, noor, draft)
    at.run()
    assert "Nobody can answer for now. Invoice." in everything(at) and button(at, "Again").disabled
    studio.controls.lift(rosa, stop)
    at.run()
    over(studio, noor, draft)
    assert "I am Ada." in everything(at.run()) and not button(at, "Again").disabled


def test_ai_can_be_switched_off_for_oneself_and_on_again(tab, studio, noor):
    at = tab(noor, "settings/account.py")
    field(at, "AI answers me").set_value(False).run()
    assert not studio.allowances.mine(noor).ai_enabled
    assert "You have switched AI off for yourself" in words(at.main.info)
    press(tab(noor), "Switch AI on")
    assert studio.allowances.mine(noor).ai_enabled


def test_ones_own_cap_is_saved_when_it_is_typed_and_shown(tab, studio, noor):
    at = tab(noor, "settings/account.py")
    assert "Plan Standard" in everything(at)
    field(at, "My own cap, in US dollars a month").set_value(2.5).run()
    assert studio.allowances.mine(noor).own_cap_usd == Decimal("2.5")
    assert "of $2.50** spent by you this month" in everything(at)
    field(at, "My own cap, in US dollars a month").set_value(None).run()
    assert studio.allowances.mine(noor).own_cap_usd is None


def test_an_administrator_sets_plan_and_questions_of_a_person(tab, studio, rosa, noor):
    at = tab(rosa, "admin/people.py")
    row = list(at.dataframe[0].value["E-mail"]).index(noor.email)
    at.session_state[at.dataframe[0].key] = {"selection": {"rows": [row], "columns": [], "cells": []}}
    at.run()
    field(at, "Plan").set_value("heavy").run()
    field(at, "Questions").set_value(7).run()
    kept = studio.allowances.of(rosa, noor.person_id)
    assert (kept.plan, kept.usage_limit, kept.usage_period) == ("heavy", 7, "day")
    field(at, "In").set_value("month").run()
    field(at, "Questions").set_value(None).run()
    assert studio.allowances.of(rosa, noor.person_id).usage_limit is None
    assert not at.exception


def test_a_department_shows_what_it_has_spent_of_its_budget_to_administrators(tab, studio, rosa, add_person):
    department = studio.departments.add(rosa, "Travel")
    at = tab(rosa, "admin/departments.py")
    assert "$0.00** spent this month, with no budget" in everything(at) and "Set a budget" in labels(at)
    studio.allowances.set_budget(rosa, "department", str(department.id), Decimal(5))
    assert "Change" in labels(at.run())
    lead = add_person("lead@example.org", Role.LEAD)
    studio.people.set_department(rosa, lead.person_id, department.id)
    assert "Change" not in labels(tab(lead, "admin/departments.py"))


def test_the_sidebar_shows_the_first_limit_and_those_that_are_nearly_used_up(studio, rosa, noor):
    first, second, *rest = studio.usage.allowance(rosa)
    assert foremost([first, second, *rest]) == [first]
    scarce = replace(second, used=second.limit)
    assert foremost([first, scarce, *rest]) == [first, scarce]
