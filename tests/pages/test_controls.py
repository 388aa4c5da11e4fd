"""Controls: what is stopped and by whom it is seen, the plans, the budgets, and who may touch any of it."""

from datetime import UTC, datetime, timedelta

import pytest
from streamlit.util import calc_hash

from engine.accounts.actor import Role
from engine.errors import BadInput
from engine.routing.tables import load_tables
from engine.usage.controls import Notice
from engine.usage.plans import checked, shipped
from pages.ui import plans_editor
from pages.ui.ai_disabled_banner import banner_text, silence

PAGE = "admin/controls.py"


def words(elements):
    return " ".join(element.value for element in elements).replace("\\", "")


def everything(at):
    return " ".join(words(kind) for kind in (at.markdown, at.caption, at.error, at.warning, at.subheader, at.toast))


def labels(at):
    return [button.label for button in at.main.button]


def press(at, label):
    next(button for button in at.main.button if button.label == label).click().run()
    assert not at.exception
    return at


def box(at, label):
    return next(each for each in [*at.main.selectbox, *at.main.text_input] if each.label == label)


def what(at, scope):
    at.main.pills(key="stop/what").set_value(scope).run()
    assert not at.exception
    return at


def test_what_can_be_stopped_is_what_the_routing_in_force_names(tab, studio, rosa):
    edited = load_tables().model_dump(mode="json")
    edited["profiles"]["compat"]["openai"] = ["gpt-house"]
    edited["profiles"]["poetic"] = {"groq": ["bard"]}
    studio.routing.save(rosa, edited)
    at = what(tab(rosa, PAGE), "model")
    assert {"gpt-house (OpenAI)", "bard (Groq)"} <= {
        label.replace("\\", "") for label in box(at, "Which model").options
    }
    assert "poetic" in box(what(at, "profile"), "Which profile").options


@pytest.fixture
def rosa(add_person):
    """An administrator."""
    return add_person("rosa@example.org", Role.ADMIN)


def test_a_stop_is_made_with_its_reason_shown_as_others_will_see_it_and_lifted(tab, studio, rosa, noor):
    at = tab(rosa, PAGE)
    assert "AI is running" in everything(at) and "0 stops in force · 0 answers being written now" in everything(at)
    what(at, "provider")
    box(at, "Which provider").set_value("groq").run()
    box(at, "Reason, shown to everyone it touches").set_value("Invoice under review").run()
    assert "Groq models are paused. Invoice under review. Other providers" in words(at.main.warning).replace("*", "")
    assert "Touches **up to 2 people**" in everything(at)
    press(at, "Stop Groq")
    (line,) = studio.controls.in_force(rosa)
    assert (line.stop.scope, line.stop.target, line.stop.reason) == ("provider", "groq", "Invoice under review")
    assert "**Provider Groq** · Invoice under review" in everything(at)
    assert "Groq models are paused" in words(tab(noor).main.warning)
    press(at, "Lift")
    assert studio.controls.in_force(rosa) == [] and "Nothing is stopped" in everything(at)
    assert not tab(noor).main.warning


def test_a_stop_without_a_reason_is_refused_and_what_was_chosen_stays(tab, studio, rosa):
    at = what(tab(rosa, PAGE), "provider")
    box(at, "Which provider").set_value("groq").run()
    press(at, "Stop Groq")
    assert "A reason of at most 300 characters is needed" in words(at.error)
    assert box(at, "Which provider").value == "groq" and studio.controls.in_force(rosa) == []


@pytest.mark.parametrize("scope", ["house_keys", "provider", "model", "profile", "surface", "department", "person"])
def test_every_scope_has_its_targets_and_can_be_stopped(tab, studio, rosa, scope):
    studio.departments.add(rosa, "Travel")
    at = what(tab(rosa, PAGE), scope)
    if scope in ("department", "person"):
        which = box(at, f"Which {scope}")
        which.select_index(0).run()
    box(at, "Reason, shown to everyone it touches").set_value("A try").run()
    next(button for button in at.main.button if button.label.startswith("Stop ")).click().run()
    assert not at.exception
    assert [line.stop.scope for line in studio.controls.in_force(rosa)] == [scope]


def test_an_end_can_be_chosen_and_is_said(tab, studio, rosa):
    at = tab(rosa, PAGE)
    box(at, "Until").set_value("week").run()
    box(at, "Reason, shown to everyone it touches").set_value("Holidays").run()
    press(at, "Stop the house's keys")
    until = studio.controls.in_force(rosa)[0].stop.until
    assert timedelta(days=5) < until - datetime.now(UTC) <= timedelta(days=7)
    assert f"lifts itself {until.day} {until:%B}, 00:00 UTC" in everything(at)


def test_when_everything_is_stopped_the_page_says_so_and_lets_it_go_on(tab, studio, rosa):
    studio.controls.stop(rosa, "everything", reason="Invoice")
    at = tab(rosa, PAGE)
    assert "AI is stopped for everyone" in everything(at) and "AI is paused for everyone" in words(at.main.error)
    press(at, "Let everything go on")
    assert studio.controls.in_force(rosa) == [] and "AI is running" in everything(at)


def test_stopping_everything_asks_first(tab, studio, rosa):
    at = press(tab(rosa, PAGE), ":red[Stop everything]")
    assert "Nobody is answered" in everything(at) and studio.controls.in_force(rosa) == []


def test_only_those_whom_a_stop_touches_see_it(tab, studio, rosa, noor):
    studio.controls.stop(rosa, "person", str(noor.person_id), reason="Left the project")
    assert "AI is paused for you**. Left the project." in words(tab(noor).main.error)
    assert not tab(rosa).main.error
    department = studio.departments.add(rosa, "Travel")
    studio.people.set_department(rosa, rosa.person_id, department.id)
    studio.controls.stop(rosa, "department", str(department.id), reason="Costs")
    assert "AI is paused for your department" in words(tab(rosa).main.error)


def test_a_banner_says_what_why_until_when_and_who():
    until = datetime.now(UTC) + timedelta(days=3)
    told = Notice(True, "Invoice under *review*", until, "admin", author="Rosa")
    said = banner_text(told)
    assert said.startswith("**AI is paused for everyone** until ")
    assert f"{until:%H:%M} UTC" in said and said.endswith("Paused by Rosa.") and "\\*review\\*" in said
    assert silence(told).startswith("Nobody can answer before ")
    assert silence(Notice(False, "x", None, "admin", "provider", "groq")) == ""
    assert "by the operator" in banner_text(Notice(True, "", None, "operator"))


def test_plans_budget_and_alerts_are_shown(tab, studio, rosa, noor, add_person):
    add_person("bo@example.org", verified=False)
    at = tab(rosa, PAGE)
    table = at.main.dataframe[0].value
    assert list(table["Plan"]) == ["Sample", "Standard (default)", "Heavy", "Light"]
    assert list(table["People"]) == [1, 2, 0, 0]
    assert "AI_FEATURES_ENABLED is on" in everything(at) and "No budget has passed half" in everything(at)
    assert {"Edit plans", "Correct a call", "Change"} <= {*labels(at)}


@pytest.mark.parametrize("label", ["Edit plans", "Correct a call", "Change"])
def test_the_dialogs_open(tab, rosa, label):
    assert press(tab(rosa, PAGE), label)


def test_the_table_of_plans_gives_back_what_it_was_given():
    plans = shipped()
    rows = [plans_editor._editable(key, plan) for key, plan in plans.plans.items()]
    typed = {plans_editor._key(row, 0): plans_editor._typed(row) for row in rows}
    again = checked(plans.model_dump() | {"plans": typed})
    assert again == plans


def test_a_new_plan_is_called_after_its_title_and_a_mistake_is_named_as_the_table_names_it():
    row = {"title": "Night shift!", "requests_day": -1}
    assert plans_editor._key(row, 3) == "night-shift"
    with pytest.raises(BadInput) as problem:
        checked(shipped().model_dump() | {"plans": {"night-shift": plans_editor._typed(row)}, "default": "night-shift"})
    assert plans_editor._said(problem.value.field, {"night-shift": row}) == "Night shift! · Questions a day"


@pytest.mark.parametrize("role", [Role.USER, Role.LEAD])
def test_nobody_else_sees_the_page(tab, rosa, add_person, role):
    at = tab(add_person(role=role))
    at._page_hash = calc_hash("controls")
    at.run()
    assert [error.value for error in at.error] == ["This page is for administrators."]
    assert not at.title and not at.dataframe
