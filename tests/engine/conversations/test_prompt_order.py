"""What a model reads, in its order, for each mode, specialisation, persona and history."""

from itertools import product
from typing import Any

import pytest

from engine.accounts.actor import Actor
from engine.coaching.specialisation import specialisations
from engine.conversations.assistant import Picks, Sent
from engine.personas.prompt import sections, system_text
from engine.providers.scripted import Scripted
from engine.routing.tables import load_tables
from engine.studio import Studio
from tests.engine.conversations.test_assistant import answered

PERSONAS = (
    "general",
    "maestro",
    "developer",
    "writer",
    "trip-planner",
    "document-assistant",
    "support-agent",
    "operations",
)
MODES = tuple(load_tables().modes)
TABLES = load_tables()


def ask(studio: Studio, actor: Actor, text: str, picks: Picks, **more: Any) -> Sent:
    """Ask, and wait for the end of the answer."""
    sent = studio.assistant.send(actor, text, picks, **more)
    answered(studio, actor, sent)
    return sent


@pytest.mark.parametrize("turns", [0, 2])
@pytest.mark.parametrize(("mode", "about"), [("general", ""), *product(["coaching"], specialisations())])
def test_the_prompt_has_the_order_of_the_specification(
    studio: Studio, ada: Actor, local: Scripted, mode: str, about: str, turns: int
) -> None:
    """One question with its history, answered again by every persona."""
    studio.allowances.override(Actor.operator(), ada.person_id, 10**6)
    thread = None
    for turn in range(turns):
        thread = ask(studio, ada, f"Earlier {turn}", Picks("writer", "general"), thread_id=thread).thread_id
    sent = ask(studio, ada, "Now?", Picks("general", mode, specialisation=about), thread_id=thread)
    earlier = [turn for n in range(turns) for turn in (("user", f"Earlier {n}"), ("assistant", "A scripted answer."))]
    for persona in PERSONAS:
        local.calls.clear()
        sent = studio.assistant.again(ada, sent.answer_id, Picks(persona, mode, specialisation=about))
        answered(studio, ada, sent)
        instructions = specialisations()[about].instructions if about else ""
        spec = studio.personas.get(ada, persona).spec
        whole = system_text(sections(spec, mode=TABLES.mode(mode).description, specialisation=instructions))
        assert local.calls, persona
        for _, request, _ in local.calls:
            parts = [TABLES.mode(mode).description, instructions, spec.system_prompt.strip()]
            places = [request.system.find(part) for part in parts if part]
            assert -1 not in places and places == sorted(places), "mode, specialisation, persona"
            assert request.system == whole, "and nothing else"
            said = [(message.role, message.text) for message in request.messages]
            assert said == [*earlier, ("user", "Now?")], "history, then the question"


def test_general_says_nothing_of_coaching(studio: Studio, ada: Actor, local: Scripted) -> None:
    ask(studio, ada, "Now?", Picks("maestro", "general"))
    _, request, _ = local.calls[-1]
    assert not any(each.instructions in request.system for each in specialisations().values())
    assert MODES[0] == "general"
