"""What a model reads, in its order, for each mode, specialisation, persona and history."""

from itertools import product

import pytest

from engine.accounts.actor import Actor
from engine.coaching.specialisation import specialisations
from engine.conversations.assistant import Picks
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


def ask(studio: Studio, actor: Actor, text: str, picks: Picks, **more: object) -> object:
    sent = studio.assistant.send(actor, text, picks, **more)  # type: ignore[arg-type]
    answered(studio, actor, sent)
    return sent.thread_id


@pytest.mark.parametrize("turns", [0, 2])
@pytest.mark.parametrize(("mode", "about"), [("general", ""), *product(["coaching"], specialisations())])
def test_the_prompt_has_the_order_of_the_specification(
    studio: Studio, ada: Actor, local: Scripted, mode: str, about: str, turns: int
) -> None:
    studio.allowances.override(Actor.operator(), ada.person_id, 10**6)
    for persona in PERSONAS[:2] if turns else PERSONAS:
        local.calls.clear()
        thread = None
        for turn in range(turns):
            thread = ask(studio, ada, f"Earlier {turn}", Picks(persona, "general"), thread_id=thread)
        local.calls.clear()
        ask(studio, ada, "Now?", Picks(persona, mode, specialisation=about), thread_id=thread)
        _, request, _ = local.calls[-1]
        spec = studio.personas.get(ada, persona).spec
        parts = [TABLES.mode(mode).description, spec.system_prompt.strip()]
        if about:
            parts.insert(1, specialisations()[about].instructions)
        places = [request.system.find(part) for part in parts]
        assert -1 not in places and places == sorted(places), "mode, specialisation, persona"
        said = [(message.role, message.text) for message in request.messages]
        earlier = [
            turn for n in range(turns) for turn in (("user", f"Earlier {n}"), ("assistant", "A scripted answer."))
        ]
        assert said == [*earlier, ("user", "Now?")], "history, then the question"


def test_general_says_nothing_of_coaching(studio: Studio, ada: Actor, local: Scripted) -> None:
    ask(studio, ada, "Now?", Picks("maestro", "general"))
    _, request, _ = local.calls[-1]
    assert not any(each.instructions in request.system for each in specialisations().values())
    assert MODES[0] == "general"
