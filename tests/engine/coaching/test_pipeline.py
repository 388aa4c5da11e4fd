"""Specialisations, entities, and the two calls that make a coaching answer."""

import json
from collections.abc import Callable

import pytest

from engine.accounts.actor import Actor
from engine.coaching.entities import ENTITIES, IdeaSet, as_markdown
from engine.coaching.specialisation import resolve_coaching_specialization, specialisations
from engine.errors import BadRequest
from engine.providers.scripted import Scripted
from engine.settings import load_settings
from engine.studio import Studio, open_studio

IDEAS = {
    "title": "Quieter mornings",
    "ideas": [{"name": "Walk first", "why": "It wakes you up.", "first_step": "Put the shoes by the door."}],
}
TEXT = "Begin with the walk."


@pytest.mark.parametrize(
    ("surface", "kind"),
    [
        ("trips", "trip_plan"),
        ("ideas", "idea_set"),
        ("study-guide", "study_guide"),
        ("concept-cards", "concept_card"),
        ("assistant", "coaching_plan"),
        ("nowhere", "coaching_plan"),
    ],
)
def test_each_surface_has_its_entity_and_a_pipeline(surface: str, kind: str) -> None:
    found = resolve_coaching_specialization(surface)
    assert (found.kind, found.pipeline) == (kind, ("orchestration", "content"))
    assert found.instructions and found.entity is ENTITIES[kind]


def test_a_context_may_name_another_specialisation() -> None:
    assert resolve_coaching_specialization("assistant", {"specialisation": "ideas"}).kind == "idea_set"
    assert resolve_coaching_specialization("trips", {"specialisation": "nothing"}).kind == "trip_plan"


def test_every_entity_is_somebody_s_and_has_a_document() -> None:
    assert {each.kind for each in specialisations().values()} == set(ENTITIES)
    document = as_markdown(IdeaSet.model_validate(IDEAS))
    assert document.startswith("# Quieter mornings") and "1. **Walk first** · It wakes you up." in document


def test_coaching_makes_the_entity_and_writes_from_it(studio: Studio, local: Scripted) -> None:
    local._answers = [json.dumps(IDEAS), TEXT]
    made: list[object] = []
    answer = studio.conversations.ask(
        Actor.operator(), "How?", persona="maestro", mode="coaching", surface="ideas", made=made.append
    )
    assert answer.text == TEXT and made == [IdeaSet.model_validate(IDEAS)]
    (_, planned, _), (_, written, _) = local.calls
    assert planned.schema == IdeaSet.model_json_schema() and written.schema is None
    assert "Walk first" in written.system and "Walk first" not in planned.system
    entries = studio.usage.events(Actor.operator())
    assert len(entries) == 2 and {entry.subject.mode for entry in entries} == {"coaching"}
    assert answer.usage.output == sum(entry.usage.output for entry in entries), "one receipt for both calls"


@pytest.mark.parametrize("wrong", ["No JSON at all.", '{"title": "Half", "ideas": [{"name": "x"}]}', '{"title":'])
def test_what_is_not_an_entity_falls_back_to_text(studio: Studio, local: Scripted, wrong: str) -> None:
    local._answers = [wrong, TEXT]
    made: list[object] = []
    answer = studio.conversations.ask(Actor.operator(), "How?", mode="coaching", surface="ideas", made=made.append)
    assert (answer.text, made) == (TEXT, [None])
    assert "prepared this" not in local.calls[-1][1].system


def test_a_refused_schema_still_comes_to_an_answer(studio: Studio, local: Scripted) -> None:
    local._answers = [BadRequest("no schemas here"), "Plain.", TEXT]
    answer = studio.conversations.ask(Actor.operator(), "How?", mode="coaching", surface="ideas")
    assert answer.text == TEXT and [request.schema is None for _, request, _ in local.calls] == [False, True, True]


def test_each_step_goes_to_the_provider_that_the_mode_names(
    open_with: Callable[..., Studio], openai: Scripted, local: Scripted
) -> None:
    studio = open_with(OPENAI_API_KEY="sk-test-000000000000")
    openai._answers = [json.dumps(IDEAS), TEXT]
    studio.conversations.ask(Actor.operator(), "How?", mode="coaching", surface="ideas")
    assert [model for model, _, _ in openai.calls] == ["gpt-5.5", "gpt-4.1"]
    first, second = studio.usage.events(Actor.operator())
    assert (first.profile, second.profile) == ("frontier", "compat")


@pytest.mark.model
def test_the_embedded_model_gives_a_whole_idea_set(
    clean_environment: pytest.MonkeyPatch, sqlite_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("DATABASE_URL", sqlite_url)
    monkeypatch.setattr("engine.conversations.ask.ANSWER_TOKENS", 32)
    studio = open_studio(load_settings())
    made: list[object] = []
    answer = studio.conversations.ask(
        Actor.operator(), "Ideas for a birthday picnic", mode="coaching", surface="ideas", made=made.append
    )
    assert len(made) == 1 and isinstance(made[0], IdeaSet) and made[0].ideas
    assert answer.text and answer.route.provider == "local"
    studio.close()
