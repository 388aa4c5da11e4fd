"""The builder: five steps that save themselves, a preview that costs nothing unasked, a review that publishes."""

import logging
import re

import pytest

from engine.errors import BadRequest, DatabaseBusy
from engine.personas.spec import PersonaSpec

PAGE = "studio/persona_builder.py"


@pytest.fixture
def draft(studio, noor):
    """A draft that has a name."""
    opened = studio.drafts.open(noor)
    return studio.drafts.save(noor, opened.id, {"name": "Ada"})


@pytest.fixture
def builder(tab, noor, draft):
    """Open the builder on the draft, at a step."""

    def open_builder(step="role"):
        at = tab(noor, PAGE, draft=str(draft.id))
        if step != "role":
            at.segmented_control[0].set_value(step).run()
        assert not at.exception
        return at

    return open_builder


def spec(studio, noor, draft) -> PersonaSpec:
    return studio.drafts.get(noor, draft.id).spec


def labelled(elements, label):
    return next(element for element in elements if element.label == label)


def badges(at):
    return " ".join(text.value for text in at.markdown)


def press(at, label):
    labelled(at.button, label).click().run()
    return at


def heard(studio, noor, draft):
    """The whole text of the draft's run."""
    *_, text = studio.preview.run(noor, draft.id).follow()
    return text


@pytest.mark.parametrize(
    ("step", "kind", "label", "typed", "field", "kept"),
    [
        ("role", "text_input", "Role", "Engineer", "role", "Engineer"),
        ("role", "text_area", "System prompt", "You are Ada.", "system_prompt", "You are Ada."),
        ("role", "selectbox", "Modality", "specialist", "modality", "specialist"),
        ("role", "multiselect", "Tags", ["latency"], "tags", ("latency",)),
        ("voice", "text_area", "Voice and tone", "Dry.", "voice", "Dry."),
        ("knows", "text_area", "Knows well", "One\n\n  Two ", "knowledge", ("One", "Two")),
        ("knows", "multiselect", "Allowed tools", ["clock"], "tools", ("clock",)),
        ("limits", "text_input", "Limit 1", "lie", "constraints", ("Never lie",)),
        ("samples", "text_area", "Questions to try", "Who?", "sample_queries", ("Who?",)),
        ("review", "segmented_control", "Who can use them", "workspace", "visibility", "workspace"),
        ("review", "slider", "Talkativeness", 0.8, "talkativeness", 0.8),
        ("review", "selectbox", "Preferred profile", "fast", "preferred_profile", "fast"),
    ],
)
def test_a_field_saves_itself_when_it_is_left(builder, studio, noor, draft, step, kind, label, typed, field, kept):
    at = builder(step)
    labelled(getattr(at, kind), label).set_value(typed).run()
    assert not at.exception
    assert getattr(spec(studio, noor, draft), field) == kept
    again = builder(step)
    assert not again.exception


def test_limits_can_be_added_turned_round_and_removed(builder, studio, noor, draft):
    at = builder("limits")
    labelled(at.text_input, "Limit 1").set_value("give a date").run()
    press(at, "Add a limit")
    labelled(at.text_input, "Limit 2").set_value("say when nothing was measured").run()
    labelled(at.selectbox, "Kind of limit 2").set_value("Always").run()
    assert spec(studio, noor, draft).constraints == ("Never give a date", "Always say when nothing was measured")
    next(button for button in at.button if button.help == "Remove limit 1").click().run()
    assert spec(studio, noor, draft).constraints == ("Always say when nothing was measured",)
    assert not at.exception


def test_a_limit_of_another_form_is_kept_as_it_was_written(builder, studio, noor, draft):
    studio.drafts.save(noor, draft.id, {"constraints": ["Dates are for calendars"]})
    at = builder("limits")
    assert labelled(at.text_input, "Limit 1").value == "Dates are for calendars"
    labelled(at.text_input, "Limit 1").set_value("Dates are for diaries").run()
    assert spec(studio, noor, draft).constraints == ("Dates are for diaries",)


def test_a_name_or_a_question_cannot_dress_up_a_label(builder, studio, noor, draft):
    nasty = "![x](https://evil.example/1.png) :red[x]"
    studio.drafts.save(noor, draft.id, {"name": nasty, "sample_queries": [nasty, "Who?"]})
    at = builder("samples")
    shown = [area.label for area in at.text_area] + at.pills[0].options + [title.value for title in at.title]
    assert not any("![" in text or ":red[" in text for text in shown)


def test_samples_are_pairs(builder, studio, noor, draft):
    at = builder("samples")
    labelled(at.text_area, "Someone says (1)").set_value("Is it done?").run()
    labelled(at.text_area, "Ada answers (1)").set_value("Show me.").run()
    (pair,) = spec(studio, noor, draft).sample_interactions
    assert (pair.user, pair.persona) == ("Is it done?", "Show me.")


def test_what_is_refused_is_named_and_stays_while_the_rest_is_saved(builder, studio, noor, draft):
    at = builder()
    labelled(at.text_area, "System prompt").set_value("a\x00b").run()
    assert any("Not saved" in text.value and "System prompt" in text.value for text in at.markdown)
    labelled(at.text_input, "Role").set_value("Engineer").run()
    assert labelled(at.text_area, "System prompt").value == "a\x00b"
    assert spec(studio, noor, draft).role == "Engineer"
    at.segmented_control[0].set_value("review").run()
    assert labelled(at.button, "Publish version 1").disabled


def test_a_busy_database_is_said_at_the_field_and_the_next_change_tries_again(
    builder, studio, noor, draft, monkeypatch
):
    at = builder()

    def busy(*_, **__):
        raise DatabaseBusy("The database is busy.")

    with monkeypatch.context() as patch:
        patch.setattr(type(studio.drafts), "save", busy)
        labelled(at.text_input, "Role").set_value("Engineer").run()
    assert any("Not saved" in text.value for text in at.markdown)
    labelled(at.text_input, "Role").set_value("Sceptical engineer").run()
    assert spec(studio, noor, draft).role == "Sceptical engineer"
    assert not any("Not saved" in text.value for text in at.markdown)


@pytest.mark.parametrize(
    ("step", "kind", "label", "field", "mine", "theirs", "shown"),
    [
        ("role", "text_input", "Role", "role", "Engineer", "Pilot", "Pilot"),
        ("knows", "text_area", "Knows well", "knowledge", "One", ("Two", "Three"), "Two\nThree"),
        ("limits", "text_input", "Limit 1", "constraints", "lie", ("Always ask",), "ask"),
    ],
)
def test_a_field_that_another_tab_changed_first_asks_whose_words_to_keep(
    builder, studio, noor, draft, step, kind, label, field, mine, theirs, shown
):
    def conflict():
        at = builder(step)
        studio.drafts.save(noor, draft.id, {field: list(theirs) if isinstance(theirs, tuple) else theirs})
        labelled(getattr(at, kind), label).set_value(mine).run()
        assert labelled(getattr(at, kind), label).value == mine
        assert getattr(spec(studio, noor, draft), field) == theirs
        assert any("was changed in another tab" in text.value for text in at.markdown)
        return at

    at = press(conflict(), "Take theirs")
    assert labelled(getattr(at, kind), label).value == shown
    assert not any("another tab" in text.value for text in at.markdown)
    assert getattr(spec(studio, noor, draft), field) == theirs
    studio.drafts.save(noor, draft.id, {field: "" if isinstance(theirs, str) else []})
    at = press(conflict(), "Keep mine")
    assert labelled(getattr(at, kind), label).value == mine
    assert getattr(spec(studio, noor, draft), field) not in (theirs, ())
    assert not any("another tab" in text.value for text in at.markdown)
    assert not at.exception


def test_two_tabs_that_change_different_fields_do_not_disturb_each_other(builder, studio, noor, draft):
    one, other = builder(), builder()
    labelled(one.text_input, "Role").set_value("Engineer").run()
    labelled(other.text_area, "System prompt").set_value("You are Ada.").run()
    labelled(one.text_input, "Role").set_value("Sceptical engineer").run()
    assert (spec(studio, noor, draft).role, spec(studio, noor, draft).system_prompt) == (
        "Sceptical engineer",
        "You are Ada.",
    )
    assert not any("another tab" in text.value for at in (one, other) for text in at.markdown)


def test_what_was_typed_into_a_draft_that_another_tab_published_is_shown(builder, studio, noor, draft):
    at = builder()
    studio.drafts.save(noor, draft.id, {"role": "Engineer"})
    studio.drafts.publish(noor, draft.id)
    labelled(at.text_area, "System prompt").set_value("You are Ada.\nYou test claims.").run()
    assert any("That draft is gone" in text.value for text in at.markdown)
    assert [code.value for code in at.code] == ["You are Ada.\nYou test claims."]
    assert not at.exception


def test_an_unexpected_failure_of_an_answer_has_one_reference_that_the_log_knows(
    builder, studio, noor, draft, local, caplog
):
    local.stream = lambda *_: 1 / 0
    at = builder()
    heard(studio, noor, draft)
    at.run()
    (said,) = [error.value for error in at.error]
    reference = re.search(r"`(\w+)`", said)[1]
    assert said == next(error.value for error in at.run().error), "the same, however often it is drawn"
    (logged,) = [record for record in caplog.records if reference in record.getMessage()]
    assert "division by zero" in (logged.exc_text or logging.Formatter().formatException(logged.exc_info))
    assert "division" not in said


def test_the_free_model_speaks_by_itself_and_only_once_for_the_same_words(builder, studio, noor, draft, local):
    at = builder()
    assert heard(studio, noor, draft) == "I am Ada."
    at.run()
    assert len(local.calls) == 1
    assert any("tokens · \\$0.00" in caption.value for caption in at.caption)
    labelled(at.text_input, "Role").set_value("Engineer").run()
    heard(studio, noor, draft)
    assert "Engineer" in local.calls[-1][1].system


def test_nobody_speaks_before_there_is_anybody(tab, noor, local):
    at = tab(noor, PAGE)
    assert any("Nobody is here yet" in caption.value for caption in at.caption)
    assert local.calls == []


def test_a_model_that_costs_money_waits_to_be_asked_and_says_what_it_costs(
    tab, studio, noor, draft, openai, monkeypatch
):
    monkeypatch.setattr(type(studio.preview), "route", _paid(studio))
    monkeypatch.setattr(type(studio.preview), "cost_estimate", lambda *_, **__: None)
    at = tab(noor, PAGE, draft=str(draft.id))
    assert studio.preview.run(noor, draft.id) is None
    assert any("Costs at most unknown" in caption.value for caption in at.caption)
    press(at, "Speak")
    assert heard(studio, noor, draft)


def _paid(studio):
    from dataclasses import replace

    free = type(studio.preview).route
    return lambda *args, **kwargs: replace(free(*args, **kwargs), free=False)


def test_an_own_question_is_asked_in_place_of_the_suggestions(builder, studio, noor, draft, local):
    at = builder()
    labelled(at.text_input, "Your own question").set_value("What is a percentile?").run()
    heard(studio, noor, draft)
    assert local.calls[-1][1].messages[-1].text == "What is a percentile?"


def test_a_failed_answer_says_why_and_can_be_asked_again(builder, studio, noor, draft, local):
    local._answers = [BadRequest("The model is puzzled.", hint="Try again."), "I am back."]
    at = builder()
    heard(studio, noor, draft)
    at.run()
    assert any("puzzled" in error.value for error in at.error)
    press(at, "Again")
    assert heard(studio, noor, draft) == "I am back."


def test_the_prompt_is_shown_by_section(builder, draft):
    at = builder()
    assert any("Role ·" in expander.label for expander in at.expander)
    assert any("You are Ada." in code.value for code in at.code)


def test_publishing_goes_to_the_catalogue_and_the_draft_is_gone(builder, studio, noor, draft):
    studio.drafts.save(noor, draft.id, {"system_prompt": "You are Ada."})
    at = press(builder("review"), "Publish version 1")
    assert [title.value for title in at.title] == ["Personas"]
    assert "Ada is published" in at.toast[0].value
    assert [card.name for card in studio.personas.catalogue(noor).own] == ["Ada"]
    assert studio.drafts.all(noor) == []


def test_a_persona_without_anything_to_say_is_not_published(builder, studio, noor, draft):
    at = press(builder("review"), "Publish version 1")
    assert "Nothing tells the model who this is yet" in at.error[0].value
    assert studio.personas.catalogue(noor).own == ()


def test_a_draft_that_is_gone_or_somebody_elses_says_so(tab, draft, add_person):
    rosa = add_person("rosa@example.org")
    for asked in (str(draft.id), "nonsense"):
        at = tab(rosa, PAGE, draft=asked)
        assert any("That draft is gone" in text.value for text in at.markdown)
        assert not at.exception


def test_discarding_asks_first(builder, studio, noor, draft):
    at = press(builder(), ":red[Discard draft]")
    assert any("is lost" in text.value for text in at.markdown)
    assert studio.drafts.all(noor)
