"""Routing: the tables as editors, a case tried before it is saved, and what becomes of a mistake."""

import pytest
from streamlit.util import calc_hash

from engine.accounts.actor import Role
from engine.llm.refs import ModelRef
from engine.routing.tables import load_tables
from pages.ui.routing_tables import ROUND, without
from tests.pages.conftest import type_into

PAGE = "admin/routing.py"
KEY = "sk-planted-0123456789abcdef-4f2a"
SHIPPED = load_tables()
PROFILES, SURFACES = list(SHIPPED.profiles), list(SHIPPED.surfaces)


def words(at):
    """All that the page says."""
    kinds = (at.main.markdown, at.main.caption, at.main.error, at.main.warning, at.toast)
    return " ".join(element.value for kind in kinds for element in kind).replace("\\", "")


def button(at, label):
    return next(button for button in at.main.button if button.label == label)


def press(at, label):
    button(at, label).click().run()
    assert not at.exception
    return at


def labels_of(at):
    return " ".join(each.label for each in at.main.expander)


def write(at, table, row, **cells):
    """Type into a row of one of the tables."""
    return type_into(at, f"routing/{table}/{at.session_state[ROUND]}", row, **cells)


@pytest.fixture
def rosa(add_person):
    """An administrator."""
    return add_person("rosa@example.org", Role.ADMIN)


@pytest.fixture
def house_key(studio, rosa):
    """A key for everybody."""
    studio.keys.save(rosa, "openai", KEY, house=True)


@pytest.fixture(autouse=True)
def lists(studio, monkeypatch):
    """Nobody knows what providers list, until a test has OpenAI list these models."""

    def say(*models):
        known = frozenset(models) or None
        monkeypatch.setattr(studio.model_lists, "listed", lambda provider, _: known if provider == "openai" else None)

    say()
    return say


def test_an_untouched_page_can_save_nothing(tab, rosa, house_key):
    at = tab(rosa, PAGE)
    assert button(at, "Save changes").disabled and button(at, "Undo").disabled
    profiles = at.main.dataframe[0].value
    assert list(profiles["Profile"]) == PROFILES
    assert list(profiles["Now"]) == ["gpt-4.1", "gpt-5.5", "gpt-5.4", "gpt-5.4-mini", "gpt-5.4-nano"]
    assert "**gpt-4.1** would answer" in words(at)


def test_a_pin_is_tried_before_it_is_saved_and_then_it_is_in_force(tab, studio, rosa, house_key):
    at = write(tab(rosa, PAGE), "surfaces", SURFACES.index("assistant"), Pin="fast")
    assert "**gpt-5.4-mini** would answer" in words(at) and "**Surface · fast** :green-badge[won]" in labels_of(at)
    assert "text: openai:gpt-4.1 :material/arrow_forward: openai:gpt-5.4-mini" in words(at)
    assert studio.routing.tables(rosa) == SHIPPED
    press(at, "Save changes")
    assert studio.routing.tables(rosa).surface("assistant").model_profile == "fast"
    assert "The routing is saved" in words(at) and button(at, "Save changes").disabled
    assert "routing.change" in studio.audit.actions(rosa)


def test_what_was_typed_can_be_undone(tab, studio, rosa):
    at = write(tab(rosa, PAGE), "profiles", 0, OpenAI=["gpt-9"])
    assert not button(at, "Save changes").disabled
    press(at, "Undo")
    assert button(at, "Save changes").disabled and studio.routing.tables(rosa) == SHIPPED


@pytest.mark.parametrize(
    ("table", "row", "cells", "reads"),
    [
        ("profiles", 0, {"OpenAI": ["gpt-9", " gpt-4.1 ", ""]}, lambda t: t.profiles["compat"]["openai"]),
        ("profiles", 1, {"Fall back": True}, lambda t: t.fallback),
        ("surfaces", 0, {"Mode": "coaching"}, lambda t: t.surfaces["assistant"].mode),
        ("surfaces", 0, {"Structured pin": "cheap"}, lambda t: t.surfaces["assistant"].structured_model_profile),
        ("surfaces", 0, {"From": "1 anyone signed in"}, lambda t: int(t.surfaces["assistant"].standing)),
        ("surfaces", 0, {"On": False}, lambda t: t.surfaces["assistant"].enabled),
        ("modes", 1, {"Profile": "fast"}, lambda t: t.modes["coaching"].model_profile),
        ("steps", 1, {"Above": 9}, lambda t: t.modes["coaching"].steps["content"].when),
        ("steps", 0, {"Provider": "Groq"}, lambda t: t.modes["coaching"].steps["orchestration"].provider),
        ("steps", 0, {"Profile": "cheap"}, lambda t: t.modes["coaching"].steps["orchestration"].profile),
    ],
)
def test_each_table_can_be_edited(tab, studio, rosa, table, row, cells, reads):
    press(write(tab(rosa, PAGE), table, row, **cells), "Save changes")
    typed = next(iter(cells.values()))
    known = {"Fall back": ("frontier",), "From": 1, "Above": "context_tokens > 9", "Provider": "groq"}
    known["OpenAI"] = ("gpt-9", "gpt-4.1")
    tables = studio.routing.tables(rosa)
    assert reads(tables) == known.get(next(iter(cells)), typed)
    changed = [name for name, value in tables if value != getattr(SHIPPED, name)]
    assert changed == [{"steps": "modes"}.get(table, table if "Fall back" not in cells else "fallback")]


def test_the_order_of_providers_can_be_changed(tab, studio, rosa):
    at = tab(rosa, PAGE)
    at.main.multiselect[0].set_value(["groq", "openai"]).run()
    press(at, "Save changes")
    assert studio.routing.tables(rosa).providers == ("groq", "openai")


def test_a_mistake_is_named_and_nothing_typed_is_lost(tab, studio, rosa):
    at = write(tab(rosa, PAGE), "steps", 0, Profile=None)
    assert "modes · coaching · steps · orchestration · profile" in words(at)
    press(at, "Save changes")
    assert "The routing was not saved" in words(at) and "everything you changed is still here" in words(at)
    assert not button(at, "Save changes").disabled and studio.routing.tables(rosa) == SHIPPED


def test_a_surface_that_is_switched_off_says_so_to_the_one_who_tries(tab, rosa):
    at = write(tab(rosa, PAGE), "surfaces", SURFACES.index("assistant"), On=False)
    assert "assistant is switched off" in words(at)


def test_the_case_is_for_whoever_is_chosen(tab, rosa, house_key, studio, noor):
    studio.models.set_preferred(noor, "cheap")
    at = tab(rosa, PAGE)
    at.main.selectbox(key="tester/person").set_value(noor.person_id).run()
    assert "**gpt-5.4-nano** would answer" in words(at)
    at.main.selectbox(key="tester/mode").set_value("coaching").run()
    assert at.main.selectbox(key="tester/step/coaching").options == ["orchestration", "content"]


def test_an_id_that_is_no_longer_listed_is_shown_and_taken_out_unsaved(tab, studio, rosa, house_key, lists):
    lists("gpt-5.5", "gpt-5.4", "gpt-5.4-mini", "gpt-5.4-nano")
    at = tab(rosa, PAGE)
    assert "1 id no longer listed" in words(at) and "**gpt-4.1** in profile compat" in words(at)
    press(at, "Remove it")
    assert "no longer listed" not in words(at) and not button(at, "Save changes").disabled
    assert studio.routing.tables(rosa) == SHIPPED
    press(at, "Save changes")
    assert studio.routing.tables(rosa).profiles["compat"] == {}


def test_a_removed_id_leaves_what_else_was_typed(tab, studio, rosa, house_key, lists):
    lists("gpt-5.5", "gpt-5.4", "gpt-5.4-mini", "gpt-5.4-nano")
    at = write(tab(rosa, PAGE), "surfaces", 0, Pin="fast")
    press(press(at, "Remove it"), "Save changes")
    tables = studio.routing.tables(rosa)
    assert tables.surface("assistant").model_profile == "fast" and tables.profiles["compat"] == {}


def test_what_another_saves_is_shown_at_once_or_said_when_one_has_typed(tab, studio, rosa):
    idle, busy = tab(rosa, PAGE), write(tab(rosa, PAGE), "surfaces", 0, Pin="fast")
    studio.routing.save(rosa, SHIPPED.model_dump(mode="json") | {"fallback": ["cheap"]})
    idle.run()
    assert list(idle.main.dataframe[0].value["Fall back"]) == [name == "cheap" for name in PROFILES]
    busy.run()
    assert "Somebody else has changed the routing" in words(busy)
    press(busy, "Undo")
    assert "Somebody else" not in words(busy) and button(busy, "Save changes").disabled


def test_without_takes_one_id_out_and_an_empty_cell_with_it():
    tables = SHIPPED.model_dump(mode="json")
    less = without(tables, "fast", ModelRef("groq", "mixtral-8x7b-32768"))
    assert less["profiles"]["fast"]["groq"] == ["meta-llama/llama-4-scout-17b-16e-instruct"]
    assert without(tables, "compat", ModelRef("openai", "gpt-4.1"))["profiles"]["compat"] == {}
    assert tables == SHIPPED.model_dump(mode="json")


@pytest.mark.parametrize("role", [Role.USER, Role.LEAD])
def test_nobody_else_sees_the_page(tab, add_person, role):
    at = tab(add_person(role=role))
    at._page_hash = calc_hash("routing")
    at.run()
    assert [error.value for error in at.error] == ["This page is for administrators."]
    assert not at.title and not at.main.dataframe
