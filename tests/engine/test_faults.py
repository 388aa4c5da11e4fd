"""Processes that are killed in the middle of an answer: nothing is lost, and the ledger is exact."""

import os
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest
from sqlalchemy import func, select

from db.models import Counter
from engine.accounts.actor import Actor
from engine.errors import DatabaseError, StreamCut
from engine.generation import CallContext
from engine.llm import LLMRequest, Message, StreamEvent
from engine.providers.local import Local
from engine.providers.scripted import Gate, Scripted
from engine.runs import Run
from engine.settings import Settings, load_settings
from engine.studio import Studio, open_studio
from tests.databases import PostgresServer
from tests.engine.conftest import Clock, person
from tests.engine.providers.canned import WAIT_S
from tests.engine.waiting import until

ROOT = Path(__file__).parents[2]
OPERATOR = Actor.operator()
LEASE_S = 150
SPEAKING = """
import sys
from uuid import UUID
from engine.accounts.actor import Actor
from engine.settings import load_settings
from engine.studio import open_studio

studio = open_studio(load_settings())
ada = studio.people.acting_as(Actor.operator(), "ada@example.org")
list(studio.preview.speak(ada, UUID(sys.argv[1]), "Who are you?").follow())
"""


def ledger(studio: Studio) -> list[tuple[str, str, str | None]]:
    """The lines of the ledger, oldest first; the sums agree with them, and nothing is held for a call that is over."""
    assert studio.usage.verify(OPERATOR) == []
    with studio.database.read() as unit:
        assert not unit.session.scalar(select(func.sum(Counter.held)))
    return [(event.kind, event.status, event.error_code) for event in studio.usage.events(OPERATOR)]


def found(studio: Studio, actor: Actor, draft: UUID) -> Run[Any]:
    run = studio.preview.run(actor, draft)
    assert run is not None
    return run


def test_the_app_killed_in_the_middle_of_an_answer(
    open_with: Callable[..., Studio], studio: Studio, clock: Clock, ada: Actor, tmp_path: Path
) -> None:
    clock.now = datetime.now(UTC)  # the other process goes by the real time
    draft = studio.drafts.open(ada).id
    script = tmp_path / "script"
    script.mkdir()
    (script / "answer.txt").write_text("I am cut off here")
    (script / "gate").write_text("2")
    variables = {"PYTHONPATH": str(ROOT), "STUDIO_SCRIPT_DIR": str(script)}
    app = subprocess.Popen([sys.executable, "-c", SPEAKING, str(draft)], cwd=tmp_path, env=os.environ | variables)
    until(lambda: studio.preview.run(ada, draft) and found(studio, ada, draft).text == "I am ")
    app.kill()
    app.wait(WAIT_S)
    studio.close()

    clock.now = datetime.now(UTC)
    clock.forward(seconds=LEASE_S + 1)
    again = open_with()
    run = found(again, ada, draft)
    assert (run.state, run.text, run.question) == ("cut", "I am ", "Who are you?")
    *_, text = again.preview.speak(ada, draft, "And now?").follow()
    assert text == "A scripted answer." and found(again, ada, draft).state == "done"
    assert ledger(again) == [("expired", "unknown", None), ("call", "ok", None)]
    assert again.usage.allowance(ada)[0].used == 2


@pytest.fixture
def on_mortal_postgres(
    clean_environment: pytest.MonkeyPatch, mortal_postgres: PostgresServer, local: Scripted, clock: Clock
) -> Iterator[Studio]:
    """A studio whose PostgreSQL may be killed."""
    clean_environment.setenv("DATABASE_URL", mortal_postgres.url)
    studio = open_studio(load_settings(), providers={"local": local}, clock=clock)
    yield studio
    studio.close()


def test_postgresql_killed_in_the_middle_of_an_answer_and_found_again(
    on_mortal_postgres: Studio, mortal_postgres: PostgresServer, local: Scripted
) -> None:
    studio, local._gate = on_mortal_postgres, Gate()
    ada = person(studio)
    draft = studio.drafts.open(ada).id
    run = studio.preview.speak(ada, draft, "Who are you?")
    local._gate.let()
    until(lambda: run.text == "A ")
    mortal_postgres.kill()
    with pytest.raises(DatabaseError):
        studio.usage.allowance(ada)
    local._gate.let(10)
    until(lambda: run.text == "A scripted answer.")
    mortal_postgres.start()
    list(run.follow())
    assert (run.state, run.error) == ("done", None)
    assert ledger(studio) == [("call", "ok", None)]
    studio.runs._runs.clear()
    until(lambda: found(studio, ada, draft).state == "done")
    assert found(studio, ada, draft).text == "A scripted answer."
    assert studio.usage.allowance(ada)[0].used == 1


def test_a_call_that_cannot_be_settled_for_too_long_is_settled_by_its_lease(
    on_mortal_postgres: Studio,
    mortal_postgres: PostgresServer,
    local: Scripted,
    clock: Clock,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("engine.generation.SETTLE_PATIENCE_S", 0)
    studio, local._gate = on_mortal_postgres, Gate()
    ada = person(studio)
    run = studio.preview.speak(ada, studio.drafts.open(ada).id, "Who are you?")
    local._gate.let()
    until(lambda: run.text == "A ")
    mortal_postgres.kill()
    local._gate.let(10)
    *_, text = run.follow()
    assert (text, run.state) == ("A scripted answer.", "done")
    mortal_postgres.start()
    clock.forward(seconds=LEASE_S + 1)
    studio.generation._guard.reclaim()
    assert ledger(studio) == [("expired", "unknown", None)]
    assert studio.usage.allowance(ada)[0].used == 1


@pytest.mark.model
def test_the_local_model_killed_in_the_middle_of_an_answer(
    clean_environment: pytest.MonkeyPatch, sqlite_url: str, clock: Clock
) -> None:
    clean_environment.setenv("DATABASE_URL", sqlite_url)
    local = Local(Settings())
    studio = open_studio(load_settings(), providers={"local": local}, clock=clock)
    request = LLMRequest((Message("user", "Count to one hundred."),), max_output_tokens=32)
    heard: list[str] = []

    def kill(event: StreamEvent) -> None:
        if event.kind == "text":
            heard.append(event.text)
            os.kill(local.embedded.process_id or 0, signal.SIGKILL)

    try:
        with pytest.raises(StreamCut) as cut:
            studio.generation.generate(OPERATOR, request, CallContext("cli"), listener=kill)
        assert heard and cut.value.hint
        assert studio.adapters.local_state().endswith("MB), idle")
        answer = studio.generation.generate(OPERATOR, request, CallContext("cli"))
        assert answer.text
        assert ledger(studio) == [("call", "failed", "stream_cut"), ("call", "ok", None)]
    finally:
        local.close()
        studio.close()
