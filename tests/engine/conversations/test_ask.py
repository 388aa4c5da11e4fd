"""One question to one persona."""

import pytest

from engine.accounts.actor import Actor
from engine.errors import BadInput, NotFound
from engine.providers.scripted import Scripted
from engine.studio import Studio


def test_the_persona_speaks_with_its_whole_prompt_and_the_question_last(
    studio: Studio, local: Scripted, ada: Actor
) -> None:
    answer = studio.conversations.ask(ada, " Who are you? ", persona="maestro")
    _, request, _ = local.calls[0]
    assert request.system.startswith("Answer the person directly")
    assert "You are Maestro de Ritmos" in request.system and "Never promise a return" in request.system
    assert [message.text for message in request.messages] == ["Who are you?"]
    (event,) = studio.usage.events(Actor.operator())
    assert (event.subject.persona_key, event.persona_version, event.subject.surface) == ("maestro", 1, "cli")
    assert event.usage == answer.usage


@pytest.mark.parametrize("text", ["", "  \n", "a\0b", "\ud800", "x" * 200_001])
def test_a_question_that_cannot_be_asked_is_refused_by_name(studio: Studio, local: Scripted, text: str) -> None:
    with pytest.raises(BadInput) as refused:
        studio.conversations.ask(Actor.operator(), text)
    assert refused.value.field == "Question" and local.calls == []


@pytest.mark.parametrize("text", ["x" * 200_000, "👩🏽‍🚀", "שלום"])
def test_long_and_foreign_questions_are_asked_as_they_are(studio: Studio, local: Scripted, text: str) -> None:
    studio.conversations.ask(Actor.operator(), text)
    assert local.calls[0][1].messages[0].text == text


def test_an_unknown_persona_is_not_found(studio: Studio) -> None:
    with pytest.raises(NotFound):
        studio.conversations.ask(Actor.operator(), "hi", persona="user:nobody")
