"""The chain, cell by cell: who wins and what becomes of every step, against a small oracle that knows only the rules.

Each place that can propose is put into each state, for text and structured calls, and for each way of being known.
The rules are told here once more, on purpose, and nothing of the router is asked for them.
"""

from collections.abc import Callable
from dataclasses import dataclass
from functools import cache
from itertools import product
from typing import Any

import pytest

from engine.accounts.actor import Actor, Role
from engine.errors import ModelNotFound
from engine.providers.scripted import Scripted
from engine.routing.route import Length, Route
from engine.routing.router import Router
from engine.routing.tables import Tables, load_tables
from engine.studio import Studio
from engine.usage.plans import shipped
from tests.engine.conftest import person

PLACES = ("message", "own", "mode", "pin", "compat")
UNSET, FINE, BARRED, KEYLESS, RETIRED = "unset", "fine", "barred", "keyless", "retired"
STATES = (UNSET, FINE, BARRED, KEYLESS, RETIRED)
TIERS = ("unverified", "verified", "own key")
LOST_BECAUSE = {BARRED: "not in your plan", KEYLESS: "no key", RETIRED: "no longer listed"}
STEP_OF = {"message": "user", "own": "user", "mode": "mode", "pin": "surface", "compat": "default"}
HOUSE_KEY = "sk-test-000000000000"


@dataclass(frozen=True)
class Expected:
    """What the rules say of a cell: the profile that answers (None: refused) and each step's outcome and reason."""

    profile: str | None
    steps: tuple[tuple[str, str, str], ...] = ()
    refused: str = ""


def oracle(cell: dict[str, str], tier: str) -> Expected:
    """The rules of the chain."""
    usable = {FINE} if tier == "verified" else {FINE, BARRED}  # only a verified person's plan is asked
    message = cell["message"]
    if message != UNSET and message not in usable:
        return Expected(None, refused=LOST_BECAUSE[message])
    winner, steps = "", []
    for place in ("message" if message != UNSET else "own", "mode", "pin", "compat"):
        state = cell[place]
        if winner:
            steps.append((STEP_OF[place], "not reached", ""))
        elif state == UNSET:
            steps.append((STEP_OF[place], "passed", ""))
        elif state in usable:
            winner = f"{place}-{state}"
            steps.append((STEP_OF[place], "won", ""))
        elif place == "compat":
            winner = "balanced"  # stands in for a default that cannot be had
            steps.append(("default", "won", "balanced instead"))
        else:
            steps.append((STEP_OF[place], "lost", LOST_BECAUSE[state]))
    if tier == "unverified":
        winner = "cheap"
        steps.append(("tier", "won", ""))
    return Expected(winner, tuple(steps))


def cells_of(place: str, state: str) -> dict[str, tuple[str, ...]]:
    """Where the profile of a place in a state is served: nobody has a key for Groq, and one name is not listed."""
    return {"groq" if state == KEYLESS else "openai": (f"model-of-{place}-{state}",)}


PROFILES = {f"{place}-{state}": cells_of(place, state) for place, state in product(PLACES, STATES[1:])}
PROFILES |= {name: {"openai": (f"model-of-{name}",)} for name in ("balanced", "cheap", "decoy")}
LISTED = sorted(
    models[0] for name, cells in PROFILES.items() for models in cells.values() if not name.endswith(RETIRED)
)
PLAN = [name for name in PROFILES if not name.endswith(BARRED)]


@cache
def tables_of(mode: str, pin: str, compat: str, structured: bool) -> Tables:
    """Tables with each place in its state. The pin for the other kind of call is set too, and must not count."""
    wished = {place: None if state == UNSET else f"{place}-{state}" for place, state in (("mode", mode), ("pin", pin))}
    other = "decoy" if wished["pin"] or not structured else None
    pins = {"model_profile": other, "structured_model_profile": wished["pin"]}
    if not structured:
        pins = {"model_profile": wished["pin"], "structured_model_profile": other}
    general = {"title": "General", "description": "", "model_profile": wished["mode"]}
    changed: dict[str, Any] = {
        "default": f"compat-{compat}",
        "profiles": PROFILES,
        "surfaces": {"here": {"standing": 1} | pins},
        "modes": {"general": general},
    }
    return Tables.model_validate(load_tables().model_dump() | changed)


@pytest.fixture
def lists_come_at_once(monkeypatch: pytest.MonkeyPatch, openai: Scripted) -> None:
    """OpenAI lists what it lists, and nobody waits for it."""

    class Now:
        def __init__(self, *, target: Callable[..., None], args: tuple[object, ...], **_: object) -> None:
            self.start = lambda: target(*args)

    monkeypatch.setattr("engine.routing.model_catalogue.threading.Thread", Now)
    monkeypatch.setattr(openai, "list_models", lambda credential: LISTED)


def known_as(tier: str, open_with: Callable[..., Studio]) -> tuple[Studio, Actor]:
    """A studio and somebody in it, on the house's key or on their own."""
    studio = open_with(**({} if tier == "own key" else {"OPENAI_API_KEY": HOUSE_KEY}))
    plans = shipped().model_dump(exclude_none=True)
    plans["plans"][plans["default"]]["profiles"] = tuple(PLAN)
    studio.allowances.save_plans(person(studio, "Rosa", role=Role.ADMIN), plans)
    actor = person(studio, "Ada", verified=tier != "unverified")
    if tier == "own key":
        studio.keys.save(actor, "openai", "sk-own-0000000000")
    studio.model_lists.go_live()
    credential = studio.keys.wallet(actor).credential("openai")
    assert credential is not None
    studio.model_lists.listed("openai", credential)
    return studio, actor


def seen(route: Route) -> tuple[tuple[str, str], ...]:
    return tuple((step.name, step.outcome) for step in route.steps)


@pytest.mark.parametrize("structured", [False, True], ids=["text", "structured"])
@pytest.mark.parametrize("tier", TIERS)
def test_every_cell(open_with: Callable[..., Studio], lists_come_at_once: None, tier: str, structured: bool) -> None:
    studio, actor = known_as(tier, open_with)
    assert actor.person_id is not None
    wrong = []
    for own in STATES:
        with studio.database.write() as unit:
            unit.people.save_settings(actor.person_id, preferred_model=None if own == UNSET else f"own-{own}")
        for message, mode, pin, compat in product(STATES, STATES, STATES, STATES[1:]):
            cell = {"message": message, "own": own, "mode": mode, "pin": pin, "compat": compat}
            router = Router(
                tables_of(mode, pin, compat, structured),
                studio.keys,
                studio.model_lists,
                studio.database,
                keyless_provider="local",
            )
            wanted = oracle(cell, tier)
            picked = "" if message == UNSET else f"message-{message}"
            try:
                route = router.resolve(actor, surface="here", model=picked, structured=structured).route
            except ModelNotFound as problem:
                fits = wanted.profile is None and wanted.refused in problem.message
            else:
                payer = ("user", 3) if tier == "own key" else ("env", 1 + (tier == "verified"))
                fits = (
                    (route.profile, route.model) == (wanted.profile, f"model-of-{wanted.profile}")
                    and seen(route) == tuple(step[:2] for step in wanted.steps)
                    and all(mine[2] in step.reason for mine, step in zip(wanted.steps, route.steps, strict=True))
                    and (route.key_source, route.tier) == payer
                )
            if not fits:
                wrong.append(cell)
    assert wrong == []


@pytest.mark.parametrize("structured", [False, True], ids=["text", "structured"])
@pytest.mark.parametrize("verified", [False, True], ids=["unverified", "verified"])
def test_without_any_key_the_local_model_answers_whatever_is_set(
    open_with: Callable[..., Studio], verified: bool, structured: bool
) -> None:
    studio = open_with()
    actor = person(studio, verified=verified)
    assert actor.person_id is not None
    for own, mode, pin, compat in product((UNSET, FINE), (UNSET, FINE), (UNSET, FINE), STATES[1:]):
        with studio.database.write() as unit:
            unit.people.save_settings(actor.person_id, preferred_model=None if own == UNSET else f"own-{own}")
        tables = tables_of(mode, pin, compat, structured)
        router = Router(tables, studio.keys, studio.model_lists, studio.database, keyless_provider="local")
        route = router.resolve(actor, surface="here", structured=structured).route
        assert (route.provider, route.key_source, route.free) == ("local", "local", True)
        lost = tuple("passed" if state == UNSET else "lost" for state in (own, mode, pin))
        assert tuple(step.outcome for step in route.steps) == (*lost, "won")
        assert route.steps[-1].reason == "no key anywhere: the local model answers"


@pytest.mark.parametrize(("tokens", "said", "model"), [(32_000, "passed", "pin"), (32_001, "won", "mode")])
def test_a_step_of_the_mode_proposes_above_its_threshold_only(
    open_with: Callable[..., Studio], tokens: int, said: str, model: str
) -> None:
    studio = open_with(OPENAI_API_KEY=HOUSE_KEY)
    step = {"profile": f"mode-{FINE}", "provider": "openai", "when": "context_tokens > 32000"}
    tables = tables_of(UNSET, FINE, FINE, False).model_dump()
    tables["modes"]["general"]["steps"] = {"content": step}
    router = Router(
        Tables.model_validate(tables), studio.keys, studio.model_lists, studio.database, keyless_provider="local"
    )
    route = router.resolve(Actor.operator(), surface="here", step="content", length=Length(counted=tokens)).route
    assert (route.steps[1].outcome, route.model) == (said, f"model-of-{model}-{FINE}")
    assert (
        router.resolve(Actor.operator(), surface="here", length=Length(counted=99_999)).route.profile == f"pin-{FINE}"
    )


@pytest.mark.parametrize(
    ("cells", "reason"),
    [
        ({"openai": ["a"], "anthropic": ["b"]}, "no key at Anthropic"),
        ({"openai": ["a"]}, "it names no model at Anthropic"),
        ({}, "it names no model at Anthropic"),
    ],
)
def test_a_step_whose_provider_cannot_be_asked_loses_and_says_why(
    open_with: Callable[..., Studio], cells: dict[str, list[str]], reason: str
) -> None:
    studio = open_with(OPENAI_API_KEY=HOUSE_KEY)
    tables = tables_of(UNSET, FINE, FINE, False).model_dump()
    tables["profiles"] = tables["profiles"] | {"aside": cells}
    tables["modes"]["general"]["steps"] = {"content": {"profile": "aside", "provider": "anthropic"}}
    router = Router(
        Tables.model_validate(tables), studio.keys, studio.model_lists, studio.database, keyless_provider="local"
    )
    route = router.resolve(Actor.operator(), surface="here", step="content").route
    assert (route.profile, route.steps[1].outcome, route.steps[1].reason) == (f"pin-{FINE}", "lost", reason)
