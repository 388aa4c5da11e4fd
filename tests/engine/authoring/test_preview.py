"""The preview beside the builder."""

from collections.abc import Callable
from decimal import Decimal

import pytest

from engine.accounts.actor import Actor
from engine.errors import BadInput, NotFound
from engine.personas.spec import PersonaSpec
from engine.providers.scripted import Gate, Scripted
from engine.studio import Studio
from tests.engine.conftest import person


def test_the_draft_is_heard_as_it_stands(studio: Studio, local: Scripted, ada: Actor) -> None:
    draft = studio.drafts.open(ada)
    studio.drafts.save(ada, draft.id, {"name": "Ada", "voice": "Dry."})
    run = studio.preview.speak(ada, draft.id, "Faster?", unasked=True)
    *_, text = run.follow()
    assert text == "A scripted answer." and run.state == "done"
    assert run.result is not None and run.result.cost_usd == Decimal(0)
    assert "How you speak: Dry." in local.calls[0][1].system
    assert studio.preview.run(ada, draft.id) is run


def test_a_new_question_stops_the_answer_before(studio: Studio, local: Scripted, ada: Actor) -> None:
    local._gate = Gate()
    draft = studio.drafts.open(ada)
    first = studio.preview.speak(ada, draft.id, "One?")
    second = studio.preview.speak(ada, draft.id, "Two?")
    list(first.follow())
    assert first.state == "stopped"
    local._gate.let(10)
    *_, text = second.follow()
    assert (second.state, text) == ("done", "A scripted answer.")


def test_nobody_hears_or_starts_the_preview_of_somebody_else(studio: Studio, ada: Actor) -> None:
    draft = studio.drafts.open(ada)
    list(studio.preview.speak(ada, draft.id, "Hello?").follow())
    bob = person(studio, "Bob")
    assert studio.preview.run(bob, draft.id) is None
    with pytest.raises(NotFound):
        studio.preview.speak(bob, draft.id, "Hello?")
    with pytest.raises(BadInput):
        studio.preview.speak(ada, draft.id, "")


def test_the_cost_is_said_before_a_paid_model_speaks(open_with: Callable[..., Studio]) -> None:
    studio = open_with(OPENAI_API_KEY="sk-test-000000000000")
    ada = person(studio)
    estimate = studio.preview.cost_estimate(ada, PersonaSpec(name="Ada"), "Faster?")
    assert estimate is not None and Decimal("0.001") < estimate < Decimal("0.01")
    assert not studio.preview.route(ada, PersonaSpec()).free
    free = studio.preview.cost_estimate(ada, PersonaSpec(name="Ada"), "Faster?", model="local:smollm2")
    assert free == 0


def test_first_steps_are_ticked_off_as_they_are_taken(studio: Studio, ada: Actor) -> None:
    def done() -> dict[str, bool]:
        return {step.key: step.done for step in studio.getting_started.steps(ada)}

    assert done() == {"verify": True, "persona": False, "hello": False, "stage": False, "key": False}
    draft = studio.drafts.open(ada)
    studio.drafts.save(ada, draft.id, {"name": "Ada", "role": "Engineer"})
    list(studio.preview.speak(ada, draft.id, "Hello?").follow())
    studio.drafts.publish(ada, draft.id)
    assert done() == {"verify": True, "persona": True, "hello": True, "stage": False, "key": False}
    studio.keys.save(ada, "openai", "sk-test-000000000000")
    studio.scenes.begin(ada, "improv")
    assert done() == {"verify": True, "persona": True, "hello": True, "stage": True, "key": True}


def test_a_house_key_is_as_good_as_an_own_one_to_begin_with(open_with: Callable[..., Studio]) -> None:
    studio = open_with(OPENAI_API_KEY="sk-test-000000000000")
    *_, key = studio.getting_started.steps(person(studio))
    assert (key.key, key.done, key.caption) == ("key", True, "The house's key answers for you")
