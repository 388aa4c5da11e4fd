"""The chain: who wins, who passes, who loses, and why."""

from collections.abc import Callable

import pytest

from engine.accounts.actor import Actor, Standing
from engine.errors import BadInput, ModelNotFound, TierTooLow
from engine.routing.router import Router
from engine.routing.tables import Surface, Tables, load_tables
from engine.studio import Studio
from tests.engine.conftest import person


def router(studio: Studio, **changes: object) -> Router:
    tables = Tables.model_validate(load_tables().model_dump() | changes)
    return Router(tables, studio.keys, studio.model_lists, studio.database, keyless_provider="local")


def outcomes(route: object) -> dict[str, str]:
    return {step.name: step.outcome for step in route.steps}  # type: ignore[attr-defined]


def test_with_only_an_openai_key_the_default_is_gpt_4_1(open_with: Callable[..., Studio]) -> None:
    studio = open_with(OPENAI_API_KEY="sk-test-000000000000")
    resolved = router(studio).resolve(Actor.operator(), surface="cli")
    route = resolved.route
    assert (route.provider, route.model, route.profile, route.key_source) == ("openai", "gpt-4.1", "compat", "env")
    assert outcomes(route) == {"user": "passed", "mode": "passed", "surface": "passed", "default": "won"}
    assert "sk-test" not in repr(resolved)


def test_without_any_key_the_local_model_answers_and_the_steps_say_so(studio: Studio) -> None:
    route = router(studio).resolve(Actor.operator(), surface="cli").route
    assert (route.provider, route.key_source, route.free) == ("local", "local", True)
    assert route.steps[-1].reason == "no key anywhere: the local model answers"


def test_each_step_wins_when_those_above_it_propose_nothing(open_with: Callable[..., Studio]) -> None:
    studio = open_with(OPENAI_API_KEY="sk-test-000000000000")
    pinned = {"cli": Surface(standing=Standing.UNVERIFIED, model_profile="fast", structured_model_profile="balanced")}
    with_pin = router(studio, surfaces=pinned)
    operator = Actor.operator()
    assert with_pin.resolve(operator, surface="cli").route.model == "gpt-5.4-mini"
    assert with_pin.resolve(operator, surface="cli", structured=True).route.model == "gpt-5.4"
    modes = {"general": {"title": "General", "description": "", "model_profile": "frontier"}}
    with_mode = router(studio, surfaces=pinned, modes=modes)
    won = with_mode.resolve(operator, surface="cli").route
    assert (won.model, outcomes(won)["surface"]) == ("gpt-5.5", "not reached")
    picked = with_mode.resolve(operator, surface="cli", model="cheap").route
    assert (picked.model, outcomes(picked)["user"]) == ("gpt-5.4-nano", "won")


def test_the_profile_that_the_persona_prefers_stands_where_the_mode_proposes_nothing(
    open_with: Callable[..., Studio],
) -> None:
    studio = open_with(OPENAI_API_KEY="sk-test-000000000000")
    operator = Actor.operator()
    won = router(studio).resolve(operator, surface="cli", preferred_profile="fast").route
    assert (won.model, won.profile) == ("gpt-5.4-mini", "fast")
    assert outcomes(won) == {"user": "passed", "persona": "won", "surface": "not reached", "default": "not reached"}
    picked = router(studio).resolve(operator, surface="cli", model="cheap", preferred_profile="fast").route
    assert (picked.profile, outcomes(picked)["persona"]) == ("cheap", "not reached")
    modes = {"general": {"title": "General", "description": "", "model_profile": "frontier"}}
    plain = {"cli": Surface(standing=Standing.UNVERIFIED)}
    by_mode = (
        router(studio, modes=modes, surfaces=plain).resolve(operator, surface="cli", preferred_profile="fast").route
    )
    assert by_mode.profile == "frontier" and "persona" not in outcomes(by_mode)
    gone = router(studio).resolve(operator, surface="cli", preferred_profile="withdrawn").route
    assert (gone.profile, outcomes(gone)["persona"]) == ("compat", "lost")


def test_a_preference_that_cannot_be_used_loses_with_its_reason(open_with: Callable[..., Studio]) -> None:
    studio = open_with()
    ada = person(studio)
    assert ada.person_id is not None
    for wish, reason in (("openai:gpt-5.5", "no key for OpenAI"), ("gibberish", "neither a profile nor a model")):
        with studio.database.write() as unit:
            unit.people.save_settings(ada.person_id, preferred_model=wish)
        route = router(studio).resolve(ada, surface="assistant").route
        assert route.provider == "local"
        assert route.steps[0].outcome == "lost" and reason in route.steps[0].reason


def test_the_model_picked_for_this_message_is_never_replaced(studio: Studio) -> None:
    operator = Actor.operator()
    with pytest.raises(ModelNotFound, match="no key for OpenAI"):
        router(studio).resolve(operator, surface="cli", model="openai:gpt-4.1")
    with pytest.raises(ModelNotFound, match="no key at any provider"):
        router(studio).resolve(operator, surface="cli", model="fast")
    for wrong in ({"model": "gpt-4.1"}, {"model": "acme:x"}, {"mode": "shouting"}):
        with pytest.raises(BadInput):
            router(studio).resolve(operator, surface="cli", **wrong)
    with pytest.raises(BadInput, match="no surface 'moon'"):
        router(studio).resolve(operator, surface="moon")


def test_an_unverified_person_gets_the_cheap_profile_and_no_verified_surface(open_with: Callable[..., Studio]) -> None:
    studio = open_with(OPENAI_API_KEY="sk-test-000000000000")
    newcomer = person(studio, verified=False)
    route = router(studio).resolve(newcomer, surface="persona-preview", model="frontier").route
    assert (route.model, route.profile, route.tier) == ("gpt-5.4-nano", "cheap", 1)
    assert (route.steps[-1].name, route.steps[-1].outcome) == ("tier", "won")
    with pytest.raises(TierTooLow):
        router(studio).resolve(newcomer, surface="assistant")


def test_without_a_key_for_compat_the_stand_in_is_asked_first(open_with: Callable[..., Studio]) -> None:
    studio = open_with(OPENAI_API_KEY="sk-test-000000000000")
    profiles = load_tables().profiles | {"compat": {"google": ("gemini-2.5-pro",)}}
    route = router(studio, profiles=profiles).resolve(Actor.operator(), surface="cli").route
    assert (route.model, route.profile) == ("gpt-5.4", "balanced")
    assert route.steps[-1].reason == "no key for compat, balanced instead"
