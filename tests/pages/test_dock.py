"""The dock: it knows the page, says so, and says nothing of it when that is taken off; stops are said beforehand."""

import pytest

from engine.accounts.actor import Role
from tests.engine.waiting import until

KEY = "sk-planted-0123456789abcdef-4f2a"
BUILDER, ASSISTANT, PERSONAS = "studio/persona_builder.py", "studio/assistant.py", "studio/personas.py"


def words(at):
    kinds = (at.markdown, at.caption, at.error, at.warning)
    return " ".join(element.value for kind in kinds for element in kind).replace("\\", "")


def told(at):
    """The box that says what the question is about."""
    return next(box for box in at.sidebar.checkbox if box.key == "dock/tell")


def about(at):
    return told(at).label.replace("\\", "")


def ask(at, studio, person, text):
    """Ask in the dock; returns the question as it is kept."""
    at.sidebar.text_input(key="dock/question").set_value(text)
    next(button for button in at.sidebar.button if button.label == "Ask").click().run()
    assert not at.exception
    thread = at.session_state["dock/thread"]
    until(lambda: all(message.state != "writing" for message in studio.threads.messages(person, thread)))
    return [message for message in studio.threads.messages(person, thread) if message.role == "user"][-1]


@pytest.fixture
def rosa(add_person):
    """An administrator."""
    return add_person("rosa@example.org", Role.ADMIN)


def test_the_page_is_told_with_the_question_until_it_is_taken_off(tab, studio, noor, local):
    at = tab(noor, PERSONAS)
    assert about(at) == "About: Personas"
    assert ask(at, studio, noor, "Who is here?").about == "Personas"
    assert "About: Personas" in words(at.run()), "it is shown with the question"
    told(at).uncheck().run()
    assert ask(at, studio, noor, "And now?").about == ""
    assert "from the page" not in local.calls[-1][1].system


def test_the_builder_says_whom_it_is_about(tab, studio, noor):
    draft = studio.drafts.open(noor, None)
    at = tab(noor, BUILDER, draft=str(draft.id))
    assert about(at) == "About: Persona builder · New persona"
    studio.drafts.save(noor, draft.id, {"name": "Ada"})
    assert about(at.run()) == "About: Persona builder · Ada"
    assert about(at.switch_page(PERSONAS).run()) == "About: Personas"


@pytest.mark.parametrize(("scope", "target"), [("provider", "openai"), ("surface", None), ("profile", "compat")])
def test_a_stop_of_a_part_is_said_before_anything_is_pressed(tab, studio, rosa, noor, scope, target):
    studio.keys.save(noor, "openai", KEY)
    draft = studio.drafts.open(noor, None)
    studio.drafts.save(noor, draft.id, {"name": "Ada"})
    pages = {"assistant": ASSISTANT, "persona-preview": BUILDER, "dock": PERSONAS}
    for surface, page in pages.items():
        stop = studio.controls.stop(rosa, scope, target or surface, reason="Invoice under review")
        at = tab(noor, page, draft=str(draft.id))
        assert "Invoice under review" in words(at.sidebar if surface == "dock" else at.main)
        silenced = {
            "assistant": lambda at: at.chat_input[0].disabled,
            "persona-preview": lambda at: not any(each.label.startswith("Speak") for each in at.main.button),
            "dock": lambda at: next(each for each in at.sidebar.button if each.label == "Ask").disabled,
        }
        assert silenced[surface](at)
        if surface != "dock":
            assert any(each.label == "Use the built-in model" for each in at.main.button)
        studio.controls.lift(rosa, stop)
        assert not silenced[surface](at.run())


def test_it_is_not_there_while_nobody_can_answer(tab, studio, rosa, noor):
    studio.controls.stop(rosa, "everything", reason="Invoice under review")
    at = tab(noor, PERSONAS)
    assert not [each for each in at.sidebar.button if each.label == "Ask"] and not at.sidebar.checkbox
