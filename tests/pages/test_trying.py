"""Versions, comparing and rehearsal as pages: what is shown, what is asked first, what comes of it."""

import json

import pytest
from streamlit.testing.v1 import AppTest

from engine.accounts.actor import Actor, Role
from engine.authoring.comparison.results import Column
from engine.authoring.rehearsal.planning import Wish
from tests.engine.personas.test_versions import revised
from tests.engine.waiting import until

VERSIONS, COMPARE, REHEARSAL = "studio/versions.py", "studio/compare.py", "studio/rehearsal.py"
ADA = {
    "name": "Ada",
    "role": "Engineer",
    "system_prompt": "You are Ada.",
    "voice": "Dry, friendly.",
    "constraints": ["Never say “cheap”", "Never promise"],
}
HELD = json.dumps({"reason": "Kept it.", "held": True})
LOCAL = "local:smollm2"


@pytest.fixture
def key(studio, noor, local):
    """A persona with two versions."""
    draft = studio.drafts.open(noor)
    studio.drafts.save(noor, draft.id, ADA)
    found = studio.drafts.publish(noor, draft.id, note="First *draft*")
    revised(studio, noor, found, note="Drier", voice="Dry, precise.", constraints=["Never say “cheap”", "Never guess"])
    return found


def button(at, label):
    return next(each for each in at.button if each.label == label)


def press(at, label):
    button(at, label).click().run()
    assert not at.exception
    return at


def dialog(tab, person, name, key):
    """A dialog on a page of its own: AppTest does not keep one open from run to run."""

    def draw(name, key):
        from engine.authoring.comparison.results import Column
        from pages.ui import check_editor, compare_ask, rehearsal_run, version_cards
        from pages.ui.context import current_actor, get_studio

        history = get_studio().versions.all(current_actor(), key)
        if name == "restore":
            version_cards.restore(history, 1)
        elif name == "ask":
            compare_ask.ask_all(key, "Faster?", [Column("local:smollm2")])
        elif name == "run":
            rehearsal_run.run_checks(history)
        elif name == "go on":
            rehearsal_run.go_on(key)
        else:
            check_editor.edit_checks(key)

    at = AppTest.from_function(draw, default_timeout=60, args=(name, key))
    at.session_state["session_id"] = tab(person).session_state["session_id"]
    at.run()
    assert not at.exception
    return at


def texts(at):
    return "\n".join(each.value for kind in (at.markdown, at.caption) for each in kind)


def rested(studio):
    until(lambda: not [run for run in studio.runs._busy if run._busy])


def test_the_history_shows_what_changed_and_restores_after_asking(tab, studio, noor, key):
    at = tab(noor, VERSIONS, key=key)
    shown = texts(at)
    assert "Version 1 to version 2" in [each.value for each in at.subheader]
    assert ":red-background[friendly]" in shown and ":green-background[precise]" in shown
    assert ":red-background[− Never promise]" in shown and ":green-background[+ Never guess]" in shown
    assert r"First \*draft\*" in shown and "Unchanged: name, role, system prompt" in shown
    press(at, "Restore version 1")
    assert "Version 3 of **Ada** will say what version 1 said" in texts(at)
    assert studio.personas.get(noor, key).version == 2
    dialog(tab, noor, "restore", key).button(key="restore/do").click().run()
    assert studio.personas.get(noor, key).spec.voice == "Dry, friendly."
    at = tab(noor, VERSIONS, key=key)
    assert "Version 1 restored" in texts(at) and "Version 2 to version 3" in [each.value for each in at.subheader]
    at.segmented_control(key="versions/view").set_value("Whole prompt").run()
    assert "How you speak: Dry, " in texts(at)


def test_the_draft_stands_first_and_is_compared_with_the_published(tab, studio, noor, key):
    draft = studio.drafts.open(noor, key)
    studio.drafts.save(noor, draft.id, {"role": "Pilot <b>"})
    at = tab(noor, VERSIONS, key=key)
    assert "Version 2 to version 3" in [each.value for each in at.subheader] and "Draft, not published" in texts(at)
    next(each for each in at.button if each.key == "compare/1").click().run()
    assert "Version 1 to version 3" in [each.value for each in at.subheader]
    assert r":green-background[Pilot \<b\>]" in texts(at)


@pytest.mark.parametrize("page", [VERSIONS, COMPARE, REHEARSAL])
def test_what_is_somebody_elses_looks_as_if_it_were_not_there(tab, add_person, key, page):
    eve = add_person("eve@example.org")
    for asked in (key, "team:noor-haddad/ada", "user:nobody", ""):
        at = tab(eve, page, key=asked)
        assert not at.exception and "that you may use" in texts(at)
        assert [each.label for each in at.button if each.label == "See all personas"]


def test_comparing_shows_the_cost_then_asks_each_model_once(tab, studio, noor, key, local, openai, monkeypatch):
    at = tab(noor, COMPARE, key=key)
    press(at, "Run")
    assert "**1 call**, free." in texts(at) and local.calls == []
    dialog(tab, noor, "ask", key).button(key="compare/ask").click().run()
    rested(studio)
    at = tab(noor, COMPARE, key=key)
    assert len(local.calls) == 1 and "I am Ada." in texts(at) and "smollm2" in texts(at)
    assert button(at, "Run again") and "Nobody has your vote yet" in texts(at)
    (answer,) = studio.compare.last(noor, key).columns
    studio.compare.rate(noor, answer.id, 1)
    at.run()
    assert "**smollm2** has 1 of your 1 vote." in texts(at)
    assert any("Your pick" in each.value for each in at.markdown)
    assert button(at, "Use this model").disabled, "no profile names the built-in model"


def test_a_column_that_fails_says_so_in_its_card_and_a_pick_goes_into_the_draft(tab, studio, noor, key, local):
    studio.keys.save(noor, "openai", "sk-test-000000000000")
    studio.compare.ask(noor, key, "Faster?", [Column("fast"), Column("anthropic:claude-sonnet-5"), Column(LOCAL)])
    rested(studio)
    fast, failed, _ = studio.compare.last(noor, key).columns
    studio.compare.rate(noor, fast.id, 1)
    at = tab(noor, COMPARE, key=key)
    assert "I am Ada, and I cost money." in texts(at)
    assert [each.value for each in at.error] and "no key for Anthropic" in at.error[0].value
    next(each for each in at.button if each.key == f"compare/{fast.id}/use").click().run()
    assert not at.exception
    (draft,) = studio.drafts.all(noor)
    assert draft.spec.preferred_profile == "fast" and failed.state == "failed"


def test_a_rehearsal_asks_first_and_its_results_are_a_table(tab, studio, noor, key, local):
    local._answers = ["It is cheap.", "Fine.", "I would not guess.", HELD, "No.", "nonsense"]
    at = tab(noor, REHEARSAL, key=key)
    assert "Nobody has been put to the test yet" in texts(at)
    press(at, "Run all")
    assert "**6 calls**, free." in texts(at) and local.calls == []
    dialog(tab, noor, "run", key).button(key="rehearsal/begin").click().run()
    rested(studio)
    at = tab(noor, REHEARSAL, key=key)
    assert not at.exception
    shown = texts(at)
    assert "2 of 4 passed, failures first" in shown and "Finished" in shown and "6 calls" in shown
    assert "Said “cheap”, which must not occur" in shown and "It is cheap." in shown
    table = at.dataframe[0].value
    assert list(table["v2"]) == ["Fail", "Pass", "Pass", "Not judged"] and list(table["Judged by"])[:1] == ["rule"]


def test_a_run_that_ended_early_says_why_and_goes_on(tab, studio, noor, key, local):
    local._answers = ["Fine.", "Fine.", "No.", HELD, "No.", HELD]
    studio.allowances.override(Actor.operator(), noor.person_id, 2)
    studio.rehearsal.start(noor, key, Wish((2,)))
    rested(studio)
    at = tab(noor, REHEARSAL, key=key)
    assert "**2 of 4 checks have their verdict**" in texts(at) and "You have asked your 2 questions" in texts(at)
    studio.allowances.override(Actor.operator(), noor.person_id, 50)
    press(at, "Go on")
    assert "**4 calls**, free." in texts(at)
    dialog(tab, noor, "go on", key).button(key="rehearsal/begin").click().run()
    rested(studio)
    assert len(local.calls) == 6 and "4 of 4 passed" in texts(tab(noor, REHEARSAL, key=key))


def test_checks_are_changed_in_a_dialog(tab, studio, noor, key):
    at = dialog(tab, noor, "checks", key)
    next(each for each in at.text_area if each.label == "Question").set_value("Is it cheap?")
    press(at, "Save check")
    first = studio.checks.all(noor, key)[0]
    assert first.edited and first.question == "Is it cheap?" and first.must_not == ("cheap",)
    press(dialog(tab, noor, "checks", key), ":red[Drop check]")
    assert len(studio.checks.all(noor, key)) == 3
    press(dialog(tab, noor, "checks", key), "Bring back 1 dropped check")
    assert len(studio.checks.all(noor, key)) == 4
    assert press(tab(noor, REHEARSAL, key=key), "Edit checks").text_area


def test_publishing_tells_of_the_trick_questions(tab, studio, noor, key, local):
    local._answers = ["Fine.", "No.", HELD]
    draft = studio.drafts.open(noor, key)
    studio.drafts.save(noor, draft.id, {"rehearse_on_save": True}, step="review")
    at = tab(noor, "studio/persona_builder.py", draft=str(draft.id))
    press(at, "Publish version 3")
    assert "Its trick questions are being asked" in at.toast[0].value
    rested(studio)
    assert studio.rehearsal.progress(noor, key).total == 3


def test_a_department_asks_for_a_rehearsal_and_says_whom_it_holds_back(tab, studio, add_person):
    rosa = add_person("rosa@example.org", Role.ADMIN)
    travel = studio.departments.add(rosa, "Travel").id
    studio.departments.choose_personas(rosa, travel, recommended=["writer"], default_persona="writer")
    at = tab(rosa, "admin/departments.py")
    at.selectbox(key=f"guard/{travel}").set_value(80).run()
    assert studio.departments.all(rosa)[0].guard_rate == 80
    assert "has not been rehearsed to the end in version 1" in at.warning[0].value
