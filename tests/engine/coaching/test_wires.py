"""Coaching on `ideas` at each cloud, against the emulator: the entity by its schema on that wire, or text alone."""

import json
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from engine.accounts.actor import Actor
from engine.coaching.entities import IdeaSet
from engine.conversations.assistant import Picks
from engine.conversations.threads import Message
from engine.settings import load_settings
from engine.studio import Studio, open_studio
from tests.engine.coaching.test_pipeline import IDEAS
from tests.engine.conftest import person
from tests.engine.conversations.test_assistant import answered
from tests.engine.vendors import Vendors

KEY = "planted-key-0000000000"
WIRES = {"openai": "/v1", "anthropic": "/anthropic", "google": "/gemini", "groq": "/groq"}


SCHEMA_AT = {
    "openai": ("text", "format", "schema"),
    "anthropic": ("output_config", "format", "schema"),
    "google": ("generationConfig", "responseJsonSchema"),
    "groq": ("response_format", "json_schema", "schema"),
}


def fields_asked_for(request: dict[str, Any], wire: str) -> list[str]:
    """What the schema of a request requires, where this wire has its schema; nothing of a request for plain text."""
    found = request["body"]
    for name in SCHEMA_AT[wire]:
        found = found.get(name, {})
    return list(found.get("required", ()))


@pytest.fixture(params=WIRES)
def wire(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.fixture
def studio(clean_environment: pytest.MonkeyPatch, sqlite_url: str, vendors: Vendors, wire: str) -> Iterator[Studio]:
    """A studio with the one key of this wire, and the real adapter behind it."""
    clean_environment.setenv("DATABASE_URL", sqlite_url)
    clean_environment.setenv(f"{wire.upper()}_API_KEY", KEY)
    clean_environment.setenv(f"STUDIO_{wire.upper()}_BASE_URL", vendors.url + WIRES[wire])
    opened = open_studio(load_settings())
    yield opened
    opened.close()


@pytest.fixture
def ask(studio: Studio) -> Callable[[], Message]:
    """Asks for ideas, and waits for the answer that is kept."""
    ada = person(studio)
    return lambda: answered(studio, ada, studio.assistant.send(ada, "How?", Picks(surface="ideas")))


def test_the_wire_gives_a_whole_idea_set_by_its_schema(
    studio: Studio, vendors: Vendors, wire: str, ask: Callable[[], Message]
) -> None:
    vendors.will("reply", text=json.dumps(IDEAS))
    answer = ask()
    assert (answer.state, answer.error, answer.entity) == ("done", None, {"kind": "idea_set", "fields": IDEAS})
    assert IdeaSet.model_validate(IDEAS) and answer.text and answer.route and answer.route["provider"] == wire
    planned, written = vendors.requests()
    assert fields_asked_for(planned, wire) == ["title", "ideas"] and fields_asked_for(written, wire) == []
    assert "Walk first" in json.dumps(written["body"]), "the text is written from what was made"
    entries = studio.usage.events(Actor.operator())
    assert [(entry.status, entry.subject.provider) for entry in entries] == [("ok", wire)] * 2


FAULTS: dict[str, tuple[list[tuple[str, dict[str, Any]]], int, str]] = {
    "not of the form": ([("reply", {"text": "Here are some."})], 2, ""),
    "schema refused": ([("fail", {"status": 400}), ("reply", {"text": "Here are some."})], 3, ""),
    "cut": ([("stream_fault", {"kind": "truncate"})], 2, "broke off"),
}


@pytest.mark.parametrize("fault", FAULTS)
def test_a_failed_structured_step_falls_back_to_text_and_says_so(
    vendors: Vendors, wire: str, ask: Callable[[], Message], fault: str
) -> None:
    behaviours, requests, why = FAULTS[fault]
    for behaviour, more in behaviours:
        vendors.will(behaviour, times=1, **more)
    answer = ask()
    assert (answer.state, answer.error) == ("done", None) and answer.text and answer.entity is not None
    assert (answer.entity["kind"], answer.entity["fields"]) == ("idea_set", None) and why in answer.entity["why"]
    asked = [fields_asked_for(request, wire) for request in vendors.requests()]
    assert asked == [["title", "ideas"], *[[]] * (requests - 1)]
