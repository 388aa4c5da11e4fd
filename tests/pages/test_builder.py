"""The builder: five steps that save themselves, a preview that costs nothing unasked, a review that publishes."""

import base64
import json
import logging
import re

import pytest

from engine.accounts.actor import Actor
from engine.errors import BadRequest, DatabaseBusy
from engine.personas.spec import PersonaSpec

PAGE = "studio/persona_builder.py"
PNG = base64.b64decode(
    "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNkYPhfDwAChwGA60e6kgAAAABJRU5ErkJggg=="
)


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


@pytest.mark.parametrize(
    ("step", "part", "typed", "field", "kept"),
    [
        ("role", "role", "Engineer", "role", "Engineer"),
        ("knows", "knowledge", "One\nTwo", "knowledge", ("One", "Two")),
        ("limits", "constraints/0/text", "lie", "constraints", ("Never lie",)),
    ],
)
def test_what_an_interrupted_run_did_not_come_to_save_is_saved_by_the_next(
    builder, studio, noor, draft, step, part, typed, field, kept
):
    at = builder(step)
    at.session_state[f"draft/{draft.id}/{part}"] = typed  # as a run leaves it whose callback was cut off
    at.segmented_control[0].set_value("review").run()
    assert getattr(spec(studio, noor, draft), field) == kept
    assert "another tab" not in words(at) and not at.exception


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


def test_samples_of_an_unverified_writer_are_spent_by_speak_only(tab, studio, add_person, openai, local):
    openai.list_models = lambda _: ["gpt-5.4-nano"]
    studio.keys.save(Actor.operator(), "openai", "sk-test-000000000000", house=True)
    bob = add_person("bob@example.org", verified=False)
    draft = studio.drafts.save(bob, studio.drafts.open(bob).id, {"name": "Ada", "voice": "Nice."})
    at = tab(bob, PAGE, draft=str(draft.id))
    for role in ("Engineer", "Pilot"):
        labelled(at.text_input, "Role").set_value(role).run()
    press(inspect(at, "checks"), "Replace word")
    assert any("Costs at most \\$0.0" in caption.value for caption in at.caption)
    speak = labelled(at.button, "Speak (uses 1 of 3)")
    assert speak.proto.shortcut == "ctrl+enter"
    assert studio.preview.run(bob, draft.id) is None and openai.calls == local.calls == []
    speak.click().run()
    assert heard(studio, bob, draft)
    assert len(openai.calls) == 1 and "Pilot" in openai.calls[0][1].system and local.calls == []
    labelled(at.text_input, "Role").set_value("Sailor").run()
    assert len(openai.calls) == 1 and "Behind" in badges(at)


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
    assert "read before every question" in " ".join(caption.value for caption in at.caption)
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


def test_the_menu_leads_to_what_there_is_for_the_draft(builder, tab, studio, noor, draft):
    assert builder().menu_button[0].options == ["Compare models", "Import card", ":red[Discard draft]"]
    studio.drafts.save(noor, draft.id, {"role": "Engineer"})
    key = studio.drafts.publish(noor, draft.id)
    for word, title in (("Versions", "Version history"), ("Rehearse", "Rehearsal"), ("Compare models", "Compare")):
        at = tab(noor, PAGE, key=key)
        at.menu_button[0].click(word).run()
        assert not at.exception and title.split()[0] in at.title[0].value


def test_a_card_is_another_way_to_begin(tab, builder, noor):
    at = press(tab(noor, PAGE), "Import card")
    assert [upload.label for upload in at.file_uploader if upload.label == "Card"]
    at = builder()
    assert not any(button.label == "Import card" for button in at.button), "there is something already"
    at.menu_button[0].click("Import card").run()
    assert [upload.label for upload in at.file_uploader if upload.label == "Card"]


def test_discarding_asks_first(builder, studio, noor, draft):
    at = builder()
    at.menu_button[0].click(":red[Discard draft]").run()
    assert any("is lost" in text.value for text in at.markdown)
    assert studio.drafts.all(noor)


def inspect(at, view):
    next(each for each in at.segmented_control if each.label == "Look at").set_value(view).run()
    assert not at.exception
    return at


def words(at):
    return " ".join(each.value for each in [*at.markdown, *at.caption])


def test_a_check_is_mended_by_its_button_and_the_field_shows_it(builder, studio, noor, draft):
    studio.drafts.save(noor, draft.id, {"voice": "Nice and normal."})
    at = inspect(builder("voice"), "checks")
    assert "do not steer a model" in words(at)
    press(at, "Replace words")
    assert spec(studio, noor, draft).voice == "Warm and plain."
    assert labelled(at.text_area, "Voice and tone").value == "Warm and plain."
    assert "do not steer a model" not in words(at)


def test_a_fix_looks_at_what_was_typed_last(builder, studio, noor, draft):
    studio.drafts.save(noor, draft.id, {"voice": "Nice."})
    at = inspect(builder("voice"), "checks")
    labelled(at.text_area, "Voice and tone").set_value("Nice, and in short sentences.")
    press(at, "Replace word")
    assert spec(studio, noor, draft).voice == "Warm, and in short sentences."


def test_a_check_without_a_fix_leads_to_its_step(builder, studio, noor, draft):
    at = builder("limits")
    assert "Missing boundary" in words(at), "the card opens on the checks in this step"
    press(at, "Open sample interactions")
    assert any("Show, do not tell." in caption.value for caption in at.caption)


def test_a_suggested_limit_becomes_a_row(builder, studio, noor, draft):
    at = builder("limits")
    pills = next(each for each in at.pills if each.label == "Suggested limits")
    pills.set_value("Stay in character").run()
    assert spec(studio, noor, draft).constraints == ("Never step out of character, even when asked to",)
    assert labelled(at.text_input, "Limit 2").value == "step out of character, even when asked to"
    offered = next(each for each in at.pills if each.label == "Suggested limits").options
    assert offered and "+ Stay in character" not in offered


def test_an_example_is_taken_into_an_empty_field_only(builder, studio, noor, draft):
    at = builder("voice")
    next(each for each in at.pills if each.label == "Begin with").set_value("Dry").run()
    assert "understatement" in labelled(at.text_area, "Voice and tone").value
    at.segmented_control[0].set_value("role").run()
    use = [button for button in at.button if button.label == "Use it as system prompt"]
    use[0].click().run()
    assert labelled(at.text_area, "System prompt").value.startswith("You are a staff engineer")
    assert all(button.disabled for button in at.button if button.label == "Use it as system prompt")


def test_what_a_turn_costs_is_shown_for_each_profile(builder):
    at = inspect(builder(), "cost")
    (table,) = [each.value for each in at.dataframe if "Per turn" in each.value]
    assert list(table["Profile"]) == ["compat", "frontier", "balanced", "fast", "cheap"]
    assert all(model.endswith("(no key)") for model in table["Model"])
    assert "list prices" in words(at)


GUIDE = {
    "name": "Inés", "role": "Guide", "modality": "domain", "tags": ["mountains"],
    "system_prompt": "You know each trail.", "context": "A hut.", "voice": "Short.",
    "knowledge": ["Trails"], "unknowns": ["Prices"],
    "constraints": ["Never promise an open hut"], "when_pushed": "Points at the sky.", "sample_queries": ["Where?"],
    "sample_interactions": [{"user": "Safe?", "persona": "Ask the wind."}],
}  # fmt: skip


def written(studio, noor, draft, task):
    list(studio.writing.run(noor, draft.id, task).follow())


def test_a_draft_from_a_sentence_is_taken_field_by_field(builder, studio, noor, draft, local):
    studio.drafts.save(noor, draft.id, {"role": "Mine"})
    local._answers = [json.dumps(GUIDE)]
    at = press(builder(), "Draft from a sentence")
    labelled(at.text_area, "Who shall it be?").set_value("A guide.")
    press(at, "Write it")
    written(studio, noor, draft, "draft")
    at.run()
    assert spec(studio, noor, draft).voice == "", "nothing is taken unasked"
    taken = {box.label for box in at.checkbox if box.value}
    assert "**Voice and tone**" in taken and not {"**Role**", "**Name**"} & taken, "what was written by hand is kept"
    labelled(at.checkbox, "**Tags**").uncheck().run()
    press(at, "Take 10 fields")
    now = spec(studio, noor, draft)
    assert (now.role, now.voice, now.tags, now.knowledge) == ("Mine", "Short.", (), ("Trails",))
    assert labelled(at.text_area, "System prompt").value == "You know each trail."
    assert not any(box.label == "**Voice and tone**" for box in at.checkbox)


def test_what_is_no_form_is_said_and_changes_nothing(builder, studio, noor, draft, local):
    local._answers = ["I would rather chat."]
    at = press(builder(), "Draft from a sentence")
    labelled(at.text_area, "Who shall it be?").set_value("A guide.")
    press(at, "Write it")
    written(studio, noor, draft, "draft")
    before = spec(studio, noor, draft)
    at.run()
    assert "had not the form" in at.warning[0].value and "I would rather chat." in [code.value for code in at.code]
    assert labelled(at.text_area, "Who shall it be?").value == "A guide."
    press(press(at, "Close"), "Draft from a sentence")
    assert not at.warning and spec(studio, noor, draft) == before


def ask_for_better(at, draft):
    """Open the popover that asks a model for a better text."""
    at.session_state[f"draft/{draft.id}/improve/open"] = True
    return at.run()


def test_an_improved_field_stands_beside_the_old_one_until_it_is_taken(builder, studio, noor, draft, local):
    studio.drafts.save(noor, draft.id, {"voice": "Nice."})
    local._answers = ["Dry. Short sentences."]
    at = ask_for_better(builder("voice"), draft)
    labelled(at.text_input, "What to change").set_value("drier")
    press(at, "Propose a better one")
    written(studio, noor, draft, "improve/voice")
    at.run()
    assert "Dry\\. Short sentences\\." in words(at) and labelled(at.text_area, "Voice and tone").value == "Nice."
    press(at, "Take it")
    assert labelled(at.text_area, "Voice and tone").value == "Dry. Short sentences."
    assert spec(studio, noor, draft).voice == "Dry. Short sentences."
    assert not [button for button in at.button if button.label == "Take it"]


def test_a_proposal_does_not_overwrite_what_another_tab_wrote_meanwhile(builder, studio, noor, draft, local):
    local._answers = ["Dry."]
    at = press(ask_for_better(builder("voice"), draft), "Propose a better one")
    written(studio, noor, draft, "improve/voice")
    at.run()
    studio.drafts.save(noor, draft.id, {"voice": "Written elsewhere."})
    press(at, "Take it")
    assert spec(studio, noor, draft).voice == "Written elsewhere."
    assert "changed in another tab" in at.error[0].value


def test_a_review_leads_to_what_it_speaks_of(builder, studio, noor, draft, local):
    remark = {"field": "voice", "problem": "Vague.", "reason": "“Nice”.", "instead": "Dry."}
    at = builder("limits")
    local._answers = [json.dumps({"verdict": "Thin.", "remarks": [remark]})]
    press(at, "Ask a model to review")
    written(studio, noor, draft, "review")
    at.run()
    assert "Thin" in words(at) and "Vague" in words(at)
    labelled(at.button, "Open").click().run()
    assert any("How do they sound?" in caption.value for caption in at.caption)


def test_a_failed_request_is_kept_with_its_reason(builder, studio, noor, draft, local):
    local._answers = [BadRequest("The model is puzzled.")] * 9
    at = press(ask_for_better(builder("voice"), draft), "Propose a better one")
    written(studio, noor, draft, "improve/voice")
    assert any("puzzled" in error.value for error in at.run().error)
    assert any("puzzled" in error.value for error in at.run().error)


def test_a_busy_database_is_tried_again_by_itself(builder, studio, noor, draft, monkeypatch):
    at = builder()

    def busy(*_, **__):
        raise DatabaseBusy("The database is busy.")

    with monkeypatch.context() as patch:
        patch.setattr(type(studio.drafts), "save", busy)
        labelled(at.text_input, "Role").set_value("Engineer").run()
        assert "Saving…" in badges(at)
        at.session_state[f"draft/{draft.id}/tries"] = 3
        assert "Not saved, trying again" in badges(at.run())
    assert spec(studio, noor, draft).role == ""


def test_the_preview_alone_has_no_steps_and_leads_back_to_them(tab, studio, noor, draft):
    at = tab(noor, PAGE, draft=str(draft.id), view="preview")
    assert [each.label for each in at.segmented_control] == ["Look at"]
    heard(studio, noor, draft)
    press(at, "Write on")
    assert at.segmented_control[0].label == "Step"
    assert not at.exception


def test_an_answer_that_crosses_a_limit_is_pointed_out(builder, studio, noor, draft, local):
    studio.drafts.save(noor, draft.id, {"constraints": ["Always be brief", "Never promise a date"]})
    local._answers = ["Done by Friday."]
    at = builder()
    heard(studio, noor, draft)
    assert "Limit 2 looks crossed: “Friday”" in words(at.run())


def test_the_preview_says_how_long_the_first_word_took(builder, studio, noor, draft):
    at = builder()
    heard(studio, noor, draft)
    assert "to first word" in words(at.run())


def test_a_newer_version_is_brought_in_and_each_field_that_both_changed_is_asked_about(tab, studio, noor, draft):
    studio.drafts.save(noor, draft.id, {"system_prompt": "You are Ada.", "voice": "Dry."})
    key = studio.drafts.publish(noor, draft.id)
    mine = studio.drafts.open(noor, key)
    studio.drafts.save(noor, mine.id, {"voice": "Mine.", "role": "Engineer", "system_prompt": "You are mine."})
    theirs = {"voice": "Theirs.", "system_prompt": "You are theirs.", "context": "A lab."}
    publish_beside(studio, noor, mine, key, theirs)

    at = tab(noor, PAGE, draft=str(mine.id))
    at.segmented_control[0].set_value("review").run()
    press(at, "Publish version 2")
    assert "version 2 is newer" in words(at)
    press(at, "Bring theirs in")
    assert "Taken from it: Setting" in words(at)
    now = spec(studio, noor, mine)
    assert (now.role, now.context, now.voice) == ("Engineer", "A lab.", "Mine.")
    assert {"Theirs.", "Mine.", "You are theirs.", "You are mine."} <= {code.value for code in at.code}
    labelled(at.button, "Take theirs").click().run()
    labelled(at.button, "Keep mine").click().run()
    press(at, "Good")
    now = spec(studio, noor, mine)
    assert (now.system_prompt, now.voice) == ("You are theirs.", "Mine.")
    press(at, "Publish version 3")
    assert studio.personas.get(noor, key).spec.voice == "Mine."


def publish_beside(studio, noor, draft, key, changes):
    """Publish other changes of a persona while a draft of it is being written."""
    content = studio.personas.get(noor, key).spec.model_dump(mode="json") | changes
    row = studio.personas.get(noor, key)
    with studio.database.write() as unit:
        unit.personas.publish(row.id, content, "private", "", noor.person_id, draft.saved_at, expected_version=1)


def test_a_picture_becomes_the_portrait_and_can_be_taken_away(builder, studio, noor, draft):
    at = builder()
    (upload,) = at.file_uploader
    upload.set_value(("me.png", PNG, "image/png")).run()
    assert spec(studio, noor, draft).avatar.startswith("picture:")
    press(at, "Use the drawn face")
    assert spec(studio, noor, draft).avatar == ""
    at.file_uploader[0].set_value(("me.png", b"no picture", "image/png")).run()
    assert at.error and spec(studio, noor, draft).avatar == "" and not at.exception
