"""Models: what can be picked and what it costs, favourites, and what answers when nothing is picked."""

import pytest

from engine.errors import BadInput, KeyRejected
from engine.generation import CallContext
from engine.llm import LLMRequest, Message
from engine.routing.model_choices import MOST_FAVOURITES
from pages.ui.models_table import PER_PAGE
from tests.pages.conftest import type_into

PAGE = "settings/models.py"
QUESTION = LLMRequest((Message("user", "hello"),), max_output_tokens=8)
KEY = "sk-planted-0123456789abcdef-4f2a"


def words(at):
    """All that the page says."""
    kinds = (at.main.markdown, at.main.caption, at.main.error, at.main.warning, at.main.info, at.toast)
    return " ".join(element.value for kind in kinds for element in kind).replace("\\", "")


def press(at, label):
    next(button for button in at.main.button if button.label == label).click().run()
    assert not at.exception


def table(at):
    return at.main.dataframe[0].value


def mark(at, model, *, favourite=True):
    """Press the box of a model."""
    key = at.main.dataframe[0].proto.id.partition("-models/")[2]
    return type_into(at, f"models/{key}", list(table(at)["Model"]).index(model), Fav=favourite)


@pytest.fixture(autouse=True)
def lists(studio, monkeypatch):
    """Nobody knows what providers list, until a test has OpenAI list these models."""

    def say(*models):
        known = frozenset(models) or None
        monkeypatch.setattr(studio.model_lists, "listed", lambda provider, _: known if provider == "openai" else None)

    say()
    return say


@pytest.fixture
def clock_forward(studio):
    """Forget what was read of earlier calls, as in some minutes."""
    return lambda: setattr(studio.models._observed, "_until", None)


@pytest.fixture
def own_key(studio, noor):
    """A key of one's own."""
    studio.keys.save(noor, "openai", KEY)


def test_without_a_key_there_is_a_notice_and_the_local_model(tab, noor):
    at = tab(noor, PAGE)
    assert "Nobody has given the studio a provider key" in words(at)
    assert list(table(at)["Model"]) == ["smollm2"] and list(table(at)["Paid by"]) == ["Free"]
    assert "gives smollm2 today: costs nothing." in words(at)


def test_the_table_says_what_a_model_costs_who_pays_and_whether_it_is_listed(tab, noor, own_key, lists):
    lists("gpt-4.1", "zeta", "text-embedding-3-large")
    rows = table(tab(noor, PAGE)).set_index("Model")
    assert list(rows.loc["gpt-4.1", ["Provider", "In, $/M", "Out, $/M", "Context", "Paid by"]]) == [
        "OpenAI", 2.0, 8.0, 1047, "Your key",
    ]  # fmt: skip
    assert list(rows.loc["gpt-4.1", "Profiles"]) == ["compat"]
    states = {model: list(rows.loc[model, "State"]) for model in ("gpt-4.1", "zeta", "gpt-5.5", "smollm2")}
    assert "text-embedding-3-large" not in rows.index, "it cannot answer"
    assert states == {"gpt-4.1": ["Listed"], "zeta": ["Listed"], "gpt-5.5": ["Retired"], "smollm2": []}


def test_what_a_model_can_do_and_how_soon_it_begins_is_shown(tab, studio, noor, own_key, clock_forward):
    for _ in range(3):
        studio.generation.generate(noor, QUESTION, CallContext("cli"))
    clock_forward()
    rows = table(tab(noor, PAGE)).set_index("Model")
    assert list(rows.loc["gpt-4.1", "Can"]) == ["JSON", "Vision"] and list(rows.loc["smollm2", "Can"]) == ["JSON"]
    assert 0 < rows.loc["gpt-4.1", "First word"] < 0.125 and rows.isna().loc["gpt-5.5", "First word"]


def test_lists_are_asked_for_again_with_what_came_of_each_provider(tab, studio, noor, own_key, openai, monkeypatch):
    monkeypatch.undo()  # the lists that the studio keeps itself
    at = tab(noor, PAGE)
    openai.list_models = lambda credential: ["gpt-4.1", "gpt-new"]
    press(at, "Refresh lists")
    assert "**OpenAI**" in words(at) and "2 models today" in words(at)
    assert "gpt-new" in list(table(at)["Model"])

    def refused(credential):
        raise KeyRejected("OpenAI does not accept the key.", hint="Replace it.")

    openai.list_models = refused
    press(at, "Refresh lists")
    assert "OpenAI does not accept the key. Replace it." in words(at) and "gpt-new" in list(table(at)["Model"])
    press(at, "Hide")
    assert "does not accept" not in words(at)


def test_the_keys_page_has_the_same_choices(tab, studio, noor, own_key):
    at = tab(noor, "settings/keys.py")
    at.main.segmented_control(key="mine/how").set_value("A profile").run()
    at.main.pills(key="mine/profile").set_value("fast").run()
    assert studio.models.preferred(noor) == "fast" and "**fast** gives gpt-5.4-mini today" in words(at)


def test_the_filters_find_and_can_be_cleared(tab, noor, own_key):
    at = tab(noor, PAGE)
    at.main.text_input(key="models/find").set_value("NANO").run()
    assert list(table(at)["Model"]) == ["gpt-5.4-nano"]
    at.main.text_input(key="models/find").set_value("volcano").run()
    assert "No model is called that" in words(at)
    next(button for button in at.main.button if button.label == "Clear the filters").click().run()
    at.main.pills(key="models/provider").set_value("local").run()
    assert list(table(at)["Model"]) == ["smollm2"]
    at.main.pills(key="models/provider").set_value(None).run()
    at.main.selectbox(key="models/profile").set_value("fast").run()
    assert list(table(at)["Model"]) == ["gpt-5.4-mini"]


def test_a_long_list_comes_in_pages_and_those_of_the_profiles_first(tab, noor, own_key, lists):
    lists("gpt-4.1", *(f"model-{number:04}" for number in range(500)))
    at = tab(noor, PAGE)
    models = list(table(at)["Model"])
    assert len(models) == PER_PAGE and "gpt-4.1" in models[:5]


def test_a_favourite_is_marked_and_taken_back_and_the_others_stay(tab, studio, noor, own_key):
    studio.models.set_favourites(noor, ["groq:gone"])
    mark(tab(noor, PAGE), "gpt-5.5")
    assert studio.models.favourites(noor) == ["groq:gone", "openai:gpt-5.5"]
    mark(tab(noor, PAGE), "gpt-5.5", favourite=False)
    assert studio.models.favourites(noor) == ["groq:gone"]


def test_one_favourite_too_many_is_refused_in_words(tab, studio, noor, own_key):
    studio.models.set_favourites(noor, [f"groq:model-{number}" for number in range(MOST_FAVOURITES)])
    at = mark(tab(noor, PAGE), "gpt-5.5")
    assert f"At most {MOST_FAVOURITES}" in words(at)
    assert not table(at)["Fav"].any() and len(studio.models.favourites(noor)) == MOST_FAVOURITES


def test_a_profile_a_model_or_nothing_is_preferred(tab, studio, noor, own_key):
    at = tab(noor, PAGE)
    at.main.segmented_control(key="mine/how").set_value("A profile").run()
    assert studio.models.preferred(noor) == ""
    at.main.pills(key="mine/profile").set_value("fast").run()
    assert studio.models.preferred(noor) == "fast" and "**fast** gives gpt-5.4-mini today" in words(at)
    at.main.segmented_control(key="mine/how").set_value("One model").run()
    assert studio.models.preferred(noor) == "fast"
    at.main.selectbox(key="mine/model").set_value("openai:gpt-5.5").run()
    assert studio.models.preferred(noor) == "openai:gpt-5.5" and "gives gpt-5.5 today: your own key pays" in words(at)
    assert tab(noor, PAGE).main.segmented_control(key="mine/how").value == "One model"
    at.main.segmented_control(key="mine/how").set_value("Automatic").run()
    assert studio.models.preferred(noor) == ""


def test_what_was_chosen_in_another_tab_is_shown(tab, studio, noor, own_key):
    at = tab(noor, PAGE)
    studio.models.set_preferred(noor, "cheap")
    at.run()
    assert at.main.pills(key="mine/profile").value == "cheap"


def test_a_choice_that_cannot_be_used_says_why_and_what_answers_instead(tab, studio, noor):
    studio.models.set_preferred(noor, "openai:gpt-5.5")
    said = words(tab(noor, PAGE))
    assert "**openai:gpt-5.5** cannot be used, no key for OpenAI. Instead smollm2 today" in said


def test_an_unverified_person_sees_what_they_would_get(tab, add_person):
    assert "smollm2 today" in words(tab(add_person("bo@example.org", verified=False), PAGE))


def test_a_default_persona_is_chosen_and_answers(tab, studio, noor):
    at = tab(noor, PAGE)
    next(each for each in at.main.button if each.key == "mine/persona/maestro").click().run()
    assert not at.exception and studio.assistant.default_persona(noor) == "maestro"


def test_ai_can_be_switched_off_for_oneself(tab, studio, noor):
    at = tab(noor, PAGE)
    next(each for each in at.main.toggle if each.label == "AI answers me").set_value(False).run()
    assert not studio.allowances.mine(noor).ai_enabled


def test_favourites_stand_above_the_models_of_the_assistant(tab, studio, noor, own_key):
    studio.models.set_favourites(noor, ["openai:gpt-5.5", "groq:no-key-for-this"])
    at = tab(noor, "studio/assistant.py")
    chips = at.pills(key="picks/model/chips")
    assert chips.options == ["gpt\\-5\\.5"]
    chips.set_value("openai:gpt-5.5").run()
    assert at.session_state["picks/model"] == "openai:gpt-5.5" == at.radio(key="picks/model/radio").value
    at.radio(key="picks/model/radio").set_value("").run()
    assert at.session_state["picks/model"] == "" and at.pills(key="picks/model/chips").value is None


def test_only_a_persona_that_one_may_use_can_be_the_default(studio, noor):
    with pytest.raises(Exception, match="nobody"):
        studio.assistant.set_default_persona(noor, "user:nobody")
    with pytest.raises(BadInput):
        studio.models.set_preferred(noor, "gibberish")
