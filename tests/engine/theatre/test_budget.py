"""A scene's budget: whoever pays, whatever the prices, and whatever plays at the same time."""

import random
from collections.abc import Callable
from decimal import Decimal
from pathlib import Path
from uuid import UUID

import pytest

from engine.accounts.actor import Actor
from engine.errors import LimitExceeded
from engine.generation import CallContext
from engine.llm import LLMRequest, Message
from engine.studio import Studio
from engine.usage.prices import PriceBook
from tests.db.races import race
from tests.engine.conftest import person
from tests.engine.theatre.acting import Acting, performance, played, spoken, still

OPERATOR = Actor.operator()
KEY = "sk-test-000000000000"
MODELS = ("gpt-4.1", "gpt-5.4-mini")
USUAL_PROMPT = 3_000
TALKERS = 3


def priced(studio: Studio, folder: Path, **prices: float) -> None:
    """Set what a million tokens cost, in and out alike."""
    lines = [f"    {model}: {{input: {price:.4f}, output: {price:.4f}}}" for model, price in prices.items()]
    file = folder / "prices.yaml"
    file.write_text("\n".join(["free: [local]", "models:", "  openai:", *lines]))
    studio.generation._prices = PriceBook(file)


def capped(studio: Studio, actor: Actor, usd: Decimal, **more: object) -> UUID:
    cast = [{"persona": key, "model": f"openai:{MODELS[at % 2]}"} for at, key in enumerate(("writer", "operations"))]
    scene = {"cast": cast, "strategy": "random", "stop": {"turns": 5, "usd": usd, "minutes": None}, "turn_tokens": 64}
    return studio.scenes.create(actor, scene | more)


def budget_holds(studio: Studio, folder: Path, chance: random.Random, said: Acting) -> str:
    """One scene with random prices, played in two tabs while others talk at its cost; how it ended."""
    prices = {model: chance.uniform(0.05, 40) for model in MODELS}
    priced(studio, folder, **prices)
    said.say = lambda request: "word " * chance.randrange(1, 60)
    usd = (Decimal(max(prices.values()) * USUAL_PROMPT * chance.uniform(0.3, 2.5)) / 10**6).quantize(Decimal("1e-9"))
    scene_id = capped(studio, OPERATOR, usd, seed=chance.randrange(10**6))
    context = CallContext("theatre", model="openai:gpt-4.1", scene_id=str(scene_id), scene_cap_nano=int(usd * 10**9))
    request = LLMRequest((Message("user", "Talk. " * 300),), max_output_tokens=64)

    def act(number: int) -> None:
        if number >= TALKERS:
            studio.theatre.play(OPERATOR, scene_id, watched=False)
            return
        try:
            studio.generation.generate(OPERATOR, request, context)
        except LimitExceeded as problem:
            assert problem.scope == "scene"

    before = len(said.calls)
    race(act, TALKERS + 2)
    found = still(studio, OPERATOR, scene_id)
    newest = studio.usage.events(OPERATOR)[before:]
    assert sum(entry.cost_usd for entry in newest) == found.spent_usd <= usd
    assert len(newest) == len(said.calls) - before >= found.played
    return found.scene.said.by


@pytest.mark.parametrize("runs", [10, pytest.param(100, marks=pytest.mark.slow)])
def test_a_budget_is_never_passed(open_with: Callable[..., Studio], openai: Acting, tmp_path: Path, runs: int) -> None:
    studio, chance = open_with(OPENAI_API_KEY=KEY), random.Random(2026)
    ends = [budget_holds(studio, tmp_path, chance, openai) for _ in range(runs)]
    assert set(ends) == {"usd", "turns"} and ends.count("usd") >= runs // 3


def test_the_director_pays_from_the_same_budget(
    open_with: Callable[..., Studio], openai: Acting, tmp_path: Path
) -> None:
    studio = open_with(OPENAI_API_KEY=KEY)
    priced(studio, tmp_path, **dict.fromkeys(MODELS, 10.0))
    directed = {"strategy": "director", "director_model": "openai:gpt-4.1", "stop": {"turns": 30, "usd": "0.05"}}
    scene_id = capped(studio, OPERATOR, Decimal("0.05"), **directed)
    found = played(studio, OPERATOR, scene_id)
    assert found.scene.said.by == "usd" and 0 < found.spent_usd <= Decimal("0.05")
    assert len(openai.calls) > len(spoken(found)) > 0


def test_a_budget_holds_on_a_key_of_one_s_own_and_asks_for_a_price(
    open_with: Callable[..., Studio], openai: Acting, tmp_path: Path
) -> None:
    studio = open_with()
    ada = person(studio)
    studio.keys.save(ada, "openai", KEY)
    priced(studio, tmp_path, **dict.fromkeys(MODELS, 10.0))
    ended = played(studio, ada, capped(studio, ada, Decimal("0.04"), stop={"turns": 30, "usd": "0.04"}))
    assert ended.scene.said.by == "usd" and ended.spent_usd <= Decimal("0.04") and ended.played > 0
    cast = [{"persona": "writer", "model": "openai:unheard-of"}]
    unknown = capped(studio, ada, Decimal("0.01"), cast=cast)
    paused = played(studio, ada, unknown)
    assert (paused.scene.state, paused.scene.said.by, paused.played) == ("paused", "price_unknown", 0)
    studio.scenes.change(ada, unknown, {"stop": {"turns": 1, "usd": None}})
    assert played(studio, ada, unknown).turns[0].cost_usd is None
    assert performance(studio, ada, unknown).spent_usd == 0


def test_what_costs_nothing_plays_on_without_a_cent(studio: Studio, ada: Actor) -> None:
    cast = [{"persona": "writer"}, {"persona": "operations"}]
    found = played(studio, ada, studio.scenes.create(ada, {"cast": cast, "stop": {"turns": 2, "usd": 0}}))
    assert (found.played, found.scene.said.by, found.spent_usd) == (2, "turns", 0)
