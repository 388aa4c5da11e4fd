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


def labelled(buttons, start):
    return [button for button in buttons if button.label.startswith(start)]


def about(at):
    return told(at).label.replace("\\", "")


def ask(at, studio, person, text):
    """Ask in the dock; returns the question as it is kept."""
    at.sidebar.text_input(key="dock/question").set_value(text)
    labelled(at.sidebar.button, "Ask")[0].click().run()
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


def test_another_persona_and_another_model_may_be_asked(tab, studio, noor, openai):
    studio.keys.save(noor, "openai", KEY)
    at = tab(noor, PERSONAS)
    assert at.sidebar.selectbox(key="dock/who").value == "general"
    at.sidebar.selectbox(key="dock/who").set_value("writer").run()
    at.sidebar.selectbox(key="dock/model").set_value("fast").run()
    question = ask(at, studio, noor, "Who are you?")
    answer = studio.threads.messages(noor, question.thread_id)[-1]
    assert (answer.persona_key, openai.calls[-1][0]) == ("writer", "gpt-5.4-mini")


STOPS = {
    "assistant": (ASSISTANT, "provider", "openai", lambda at: at.chat_input[0].disabled),
    "dock": (PERSONAS, "surface", "dock", lambda at: labelled(at.sidebar.button, "Ask")[0].disabled),
    "persona-preview": (BUILDER, "profile", "compat", lambda at: not labelled(at.main.button, "Speak")),
}


@pytest.mark.parametrize("surface", STOPS)
def test_a_stop_of_a_part_is_said_before_anything_is_pressed(tab, studio, rosa, noor, surface):
    page, scope, target, silenced = STOPS[surface]
    studio.keys.save(noor, "openai", KEY)
    draft = studio.drafts.open(noor, None)
    studio.drafts.save(noor, draft.id, {"name": "Ada"})
    stop = studio.controls.stop(rosa, scope, target, reason="Invoice under review")
    at = tab(noor, page, draft=str(draft.id))
    assert silenced(at) and "Invoice under review" in words(at.sidebar if surface == "dock" else at.main)
    assert surface == "dock" or labelled(at.main.button, "Use the built-in model")
    studio.controls.lift(rosa, stop)
    assert not silenced(at.run())


def test_it_is_not_there_while_nobody_can_answer(tab, studio, rosa, noor):
    studio.controls.stop(rosa, "everything", reason="Invoice under review")
    at = tab(noor, PERSONAS)
    assert not labelled(at.sidebar.button, "Ask") and not at.sidebar.checkbox
