"""Routing as administrators change it, and models as people pick them."""

from collections.abc import Callable
from decimal import Decimal
from typing import Any
from uuid import uuid4

import pytest

from engine.accounts.actor import Actor, Role
from engine.conversations.assistant import Picks
from engine.errors import BadInput, Forbidden, NotFound, TierTooLow
from engine.llm.refs import ModelRef
from engine.providers.scripted import Scripted
from engine.routing.model_choices import MOST_FAVOURITES
from engine.routing.tables import SETTING, load_tables
from engine.studio import Studio
from tests.engine.conftest import person

KEY = {"OPENAI_API_KEY": "sk-test-000000000000"}


@pytest.fixture
def shipped() -> dict[str, Any]:
    """The tables as they come, to be edited."""
    return load_tables().model_dump(mode="json")


@pytest.fixture
def rosa(studio: Studio) -> Actor:
    """An administrator."""
    return person(studio, "Rosa", role=Role.ADMIN)


def listing(studio: Studio, monkeypatch: pytest.MonkeyPatch, *models: str) -> None:
    """OpenAI lists these models."""
    known = frozenset(models)
    monkeypatch.setattr(studio.model_lists, "listed", lambda name, _: known if name == "openai" else None)


def test_what_is_saved_is_in_force_for_the_next_call_and_in_the_log(
    open_with: Callable[..., Studio], shipped: dict[str, Any], openai: Scripted
) -> None:
    studio = open_with(**KEY)
    rosa, ada = person(studio, "Rosa", role=Role.ADMIN), person(studio)
    shipped["surfaces"]["cli"]["model_profile"] = "fast"
    assert studio.routing.save(rosa, shipped) == studio.routing.tables(rosa)
    studio.conversations.ask(ada, "Who?")
    assert openai.calls[-1][0] == "gpt-5.4-mini"
    (act,) = [act for act in studio.audit.page(rosa) if act.action == "routing.change"]
    assert act.before is not None and act.after is not None
    assert set(act.before) == set(act.after) == {"surfaces"}
    assert act.after["surfaces"]["cli"]["model_profile"] == "fast"


def test_saved_tables_keep_the_order_of_the_shipped_ones(studio: Studio, rosa: Actor, shipped: dict[str, Any]) -> None:
    shipped["profiles"]["another"] = {"openai": ["gpt-4.1"]}
    studio.routing.save(rosa, dict(reversed(shipped.items())))
    tables, first = studio.routing.tables(rosa), load_tables()
    assert list(tables.profiles) == [*first.profiles, "another"]
    assert list(tables.surfaces) == list(first.surfaces) and list(tables.modes) == list(first.modes)
    assert list(tables.modes["coaching"].steps) == list(first.modes["coaching"].steps)


def test_a_place_that_came_with_a_later_version_is_there_in_edited_tables(
    studio: Studio, rosa: Actor, shipped: dict[str, Any]
) -> None:
    del shipped["surfaces"]["theatre"], shipped["modes"]["coaching"]["steps"]["content"]
    for name in ("trips", "ideas"):
        shipped["surfaces"][name]["mode"] = "general"
    with studio.database.write() as unit:
        unit.house.put(SETTING, shipped)
    tables = studio.routing.tables(rosa)
    assert tables.surface("theatre") == load_tables().surface("theatre") and tables.surface("trips").mode == "general"
    assert list(tables.modes["coaching"].steps) == ["orchestration"], "what was edited stays as it is"


def test_the_effects_of_a_change_are_shown_before_it_is_saved(
    open_with: Callable[..., Studio], shipped: dict[str, Any]
) -> None:
    studio = open_with(**KEY)
    rosa = person(studio, "Rosa", role=Role.ADMIN)
    assert studio.routing.effects(rosa, shipped) == []
    shipped["surfaces"]["assistant"]["model_profile"] = "fast"
    shipped["surfaces"]["dock"] |= {"enabled": False, "standing": 1}
    shipped["surfaces"]["theatre"]["mode"] = "coaching"
    shipped["modes"]["coaching"]["steps"]["orchestration"]["profile"] = "cheap"
    compat, nano = "openai:gpt-4.1", "openai:gpt-5.4-nano"
    off, confirmed = "dock is switched off.", "people with a confirmed address"
    found = {(each.surface, each.call): (each.before, each.after) for each in studio.routing.effects(rosa, shipped)}
    assert found == {
        ("assistant", "text"): (compat, "openai:gpt-5.4-mini"),
        ("assistant", "structured"): (compat, "openai:gpt-5.4-mini"),
        ("dock", "text"): (compat, off),
        ("dock", "structured"): (compat, off),
        ("dock", "open to"): (confirmed, "anyone signed in"),
        ("theatre", "text"): (compat, ""),
        ("theatre", "structured"): (compat, ""),
        ("theatre", "orchestration"): ("", nano),
        ("theatre", "content"): ("", compat),
        **{
            (name, "orchestration"): ("openai:gpt-5.5", nano)
            for name in ("trips", "ideas", "study-guide", "concept-cards")
        },
    }
    assert studio.routing.tables(rosa) == load_tables() and studio.usage.events(Actor.operator()) == []


@pytest.mark.parametrize(
    ("spoil", "said"),
    [
        (lambda t: t["surfaces"]["cli"].update(model_profile="nowhere"), "surface cli: there is no profile 'nowhere'"),
        (lambda t: t["surfaces"]["cli"].update(structured_model_profile="x"), "surface cli: there is no profile 'x'"),
        (lambda t: t["surfaces"]["cli"].update(mode="shouting"), "surface cli: there is no mode 'shouting'"),
        (lambda t: t["surfaces"]["cli"].update(standing=7), "surfaces · cli · standing"),
        (lambda t: t["modes"]["general"].update(model_profile="x"), "mode general: there is no profile 'x'"),
        (lambda t: t["modes"]["coaching"]["steps"]["content"].update(when="tokens < 3"), "steps · content · when"),
        (lambda t: t["modes"]["coaching"]["steps"]["content"].update(provider="acme"), "no provider 'acme'"),
        (lambda t: t["profiles"]["fast"].update(acme=["x"]), "no provider 'acme'"),
        (lambda t: t.update(providers=["acme"]), "no provider 'acme'"),
        (lambda t: t.update(fallback=["x"]), "fallback: there is no profile 'x'"),
        (lambda t: t.update(default="x"), "default: there is no profile 'x'"),
        (lambda t: t.update(surprise=1), "surprise"),
    ],
)
def test_tables_that_cannot_be_are_refused_by_name_and_nothing_is_saved(
    studio: Studio, rosa: Actor, shipped: dict[str, Any], spoil: Callable[[dict[str, Any]], None], said: str
) -> None:
    spoil(shipped)
    for refuse in (
        lambda: studio.routing.save(rosa, shipped),
        lambda: studio.routing.explain(rosa, None, surface="cli", edited=shipped),
        lambda: studio.routing.out_of_date(rosa, shipped),
    ):
        with pytest.raises(BadInput, match=said) as problem:
            refuse()
        assert "everything you changed is still here" in problem.value.hint
    with studio.database.read() as unit:
        assert unit.house.get(SETTING) is None
    assert "routing.change" not in studio.audit.actions(rosa)


@pytest.mark.parametrize("role", [Role.USER, Role.LEAD])
def test_only_administrators_see_and_change_the_tables(studio: Studio, shipped: dict[str, Any], role: Role) -> None:
    ada = person(studio, role=role)
    for refuse in (
        lambda: studio.routing.tables(ada),
        lambda: studio.routing.serving(ada),
        lambda: studio.routing.out_of_date(ada),
        lambda: studio.routing.save(ada, shipped),
        lambda: studio.routing.explain(ada, ada.person_id, surface="cli"),
    ):
        with pytest.raises(Forbidden):
            refuse()
    assert list(studio.routing.modes(ada)) == ["general", "coaching"] and "trips" in studio.routing.surfaces(ada)


def test_explain_is_for_the_person_on_edited_tables_and_calls_nobody(
    open_with: Callable[..., Studio], shipped: dict[str, Any], openai: Scripted, local: Scripted
) -> None:
    studio = open_with(**KEY)
    rosa, ada = person(studio, "Rosa", role=Role.ADMIN), person(studio)
    newcomer = person(studio, "Bo", verified=False)
    shipped["surfaces"]["cli"] |= {"model_profile": "fast", "structured_model_profile": "balanced"}
    explain = studio.routing.explain
    assert explain(rosa, ada.person_id, surface="cli").model == "gpt-4.1"
    assert explain(rosa, ada.person_id, surface="cli", edited=shipped).model == "gpt-5.4-mini"
    assert explain(rosa, ada.person_id, surface="cli", structured=True, edited=shipped).model == "gpt-5.4"
    studio.models.set_preferred(ada, "frontier")
    assert explain(rosa, ada.person_id, surface="cli", edited=shipped).model == "gpt-5.5"
    assert explain(rosa, None, surface="cli", edited=shipped).model == "gpt-5.4-mini"
    assert explain(rosa, newcomer.person_id, surface="cli").profile == "cheap"
    studio.keys.save(ada, "openai", "sk-own-0000000000")
    assert explain(rosa, ada.person_id, surface="cli").key_source == "user"
    with pytest.raises(TierTooLow):
        explain(rosa, newcomer.person_id, surface="assistant")
    with pytest.raises(NotFound):
        explain(rosa, uuid4(), surface="cli")
    steps = {"mode": "coaching", "step": "orchestration"}
    assert explain(rosa, None, surface="trips", **steps).steps[1].outcome == "won"  # type: ignore[arg-type]
    assert openai.calls == local.calls == []


def test_serving_and_out_of_date_speak_of_the_houses_keys(
    open_with: Callable[..., Studio], shipped: dict[str, Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    studio = open_with(**KEY)
    rosa = person(studio, "Rosa", role=Role.ADMIN)
    studio.keys.save(rosa, "anthropic", "sk-ant-own-0000000")
    shipped["profiles"]["compat"] = {"anthropic": ["claude-sonnet-5"]}
    studio.routing.save(rosa, shipped)
    listing(studio, monkeypatch, "gpt-5.4", "gpt-5.4-nano", "gpt-5.5-2026-01-01")
    serving = studio.routing.serving(rosa)
    assert serving["compat"] is None and serving["fast"] is None
    assert serving["balanced"] == ModelRef("openai", "gpt-5.4")
    assert studio.routing.out_of_date(rosa) == [("fast", ModelRef("openai", "gpt-5.4-mini"))]
    shipped["profiles"]["compat"] = {"openai": ["gpt-4.1"]}
    assert [profile for profile, _ in studio.routing.out_of_date(rosa, shipped)] == ["compat", "fast"]


def test_favourites_are_kept_in_order_once_each_and_for_oneself_only(studio: Studio, ada: Actor) -> None:
    bo = person(studio, "Bo")
    assert studio.models.favourites(ada) == []
    studio.models.set_favourites(ada, ["openai:b", "groq:a", "openai:b"])
    assert studio.models.favourites(ada) == ["openai:b", "groq:a"] and studio.models.favourites(bo) == []
    for wrong in (["gpt-4.1"], ["acme:x"], [f"openai:{number}" for number in range(MOST_FAVOURITES + 1)]):
        with pytest.raises(BadInput):
            studio.models.set_favourites(ada, wrong)
    assert studio.models.favourites(ada) == ["openai:b", "groq:a"]
    with pytest.raises(BadInput, match="operator has no settings"):
        studio.models.set_favourites(Actor.operator(), [])


def test_a_preference_is_a_profile_a_model_or_nothing(open_with: Callable[..., Studio]) -> None:
    studio = open_with(**KEY)
    ada = person(studio)
    for wish, model in (("fast", "gpt-5.4-mini"), ("openai:gpt-9", "gpt-9"), ("", "gpt-4.1")):
        studio.models.set_preferred(ada, wish)
        assert studio.models.preferred(ada) == wish
        assert studio.assistant.route(ada, Picks(surface="cli")).model == model
    for wrong in ("gpt-4.1", "acme:x", "nowhere"):
        with pytest.raises(BadInput):
            studio.models.set_preferred(ada, wrong)
    assert studio.models.preferred(ada) == ""


def test_rows_say_what_is_known_of_each_model(
    open_with: Callable[..., Studio], monkeypatch: pytest.MonkeyPatch
) -> None:
    studio = open_with(**KEY)
    ada, bo = person(studio), person(studio, "Bo")
    assert {row.provider for row in studio.models.rows(ada)} == {"openai", "local"}
    assert {row.listed for row in studio.models.rows(ada)} == {None}
    listing(studio, monkeypatch, "gpt-4.1", "gpt-5.4-2026-03-05", "zeta")
    studio.models.set_favourites(ada, ["openai:zeta"])
    studio.keys.save(ada, "openai", "sk-own-0000000000")
    rows = {row.ref: row for row in studio.models.rows(ada)}
    known = rows["openai:gpt-4.1"]
    assert (known.profiles, known.input_usd, known.output_usd) == (("compat",), Decimal(2), Decimal(8))
    assert (known.context, known.structured, known.paid_by, known.listed) == (1047576, True, "user", True)
    assert (rows["openai:zeta"].profiles, rows["openai:zeta"].input_usd) == ((), None)
    assert rows["openai:gpt-5.4"].listed and rows["openai:gpt-5.5"].listed is False
    assert [ref for ref, row in rows.items() if row.favourite] == ["openai:zeta"]
    assert rows["local:smollm2"].paid_by == "local" and rows["local:smollm2"].listed is None
    others = {row.ref: row for row in studio.models.rows(bo)}
    assert others["openai:gpt-4.1"].paid_by == "env" and not any(row.favourite for row in others.values())


def test_a_default_persona_answers_until_it_is_taken_back_or_gone(studio: Studio, ada: Actor) -> None:
    default, choose = studio.assistant.default_persona, studio.assistant.set_default_persona
    assert default(ada) == "general"
    choose(ada, "maestro")
    assert default(ada) == "maestro"
    with pytest.raises(NotFound):
        choose(ada, "user:nobody")
    assert default(ada) == "maestro"
    draft = studio.drafts.duplicate(ada, "maestro")
    studio.drafts.save(ada, draft.id, {"name": "Mine"})
    mine = studio.drafts.publish(ada, draft.id)
    with pytest.raises(NotFound):
        choose(person(studio, "Bo"), mine)
    choose(ada, mine)
    studio.personas.delete(ada, mine)
    assert default(ada) == "general"
    studio.personas.restore(ada, mine)
    assert default(ada) == mine
    choose(ada, "")
    assert default(ada) == "general"
