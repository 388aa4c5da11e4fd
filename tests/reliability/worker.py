"""A process that runs calls through the whole house, until it is killed or has asked all it was to ask."""

import os
import signal
import sys
import threading
from contextlib import closing
from dataclasses import dataclass
from itertools import count
from multiprocessing.connection import Connection
from typing import Any

import engine.furnishing
from db.repositories.metering import Metering, Take
from engine.accounts.actor import Actor
from engine.errors import DatabaseError, StudioError
from engine.generation import CallContext
from engine.llm import LLMRequest, Message
from engine.runs import RunWriter
from engine.settings import load_settings
from engine.studio import Studio, open_studio
from engine.usage.call import Admission, Outcome
from engine.usage.guard import Guard
from tests.databases import opened
from tests.db.races import race
from tests.engine.usage.cases import Clock
from tests.reliability.host import Wire
from tests.reliability.kills import arm, point

MODEL = "openai:gpt-4.1"
THREADS = 4
LEASE_S, BEAT_S = 1.0, 0.25
TEN_YEARS_S = 10 * 365 * 86_400.0


@dataclass(frozen=True, slots=True)
class Orders:
    """What a worker is to do: ask for one person, under keys from `first` up to `last`, and die at a point."""

    environment: dict[str, str]
    port: int
    email: str
    first: int
    last: int
    point: str = ""
    after: int = 0
    mutant: str = ""


def work(pipe: Connection, orders: Orders) -> None:
    """Ask in several threads. Says `ready` before the first call."""
    studio = furnished(orders)
    if orders.point:
        arm(orders.point, orders.after)
    ada = studio.people.acting_as(Actor.operator(), orders.email)
    turns = count(orders.first)
    pipe.send("ready")

    def ask(_: int) -> None:
        while (turn := next(turns)) < orders.last:
            ask_once(studio, ada, f"{orders.email}#{turn}")

    race(ask, THREADS)
    studio.close()


def ask_once(studio: Studio, actor: Actor, tag: str) -> str:
    """One call under the key `tag`, which is also its question; what became of it."""
    request = LLMRequest((Message("user", tag),), max_output_tokens=64)
    try:
        studio.generation.generate(actor, request, CallContext("assistant", model=MODEL, idempotency_key=tag))
    except StudioError as problem:
        return "database" if isinstance(problem, DatabaseError) else problem.code
    return "answered"


def streaming(pipe: Connection, orders: Orders) -> None:
    """Begin many answers as the app does, and end as it does: its server turns SIGTERM into the end of its lifespan."""
    if orders.mutant != "no handler":
        signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))
    with closing(furnished(orders)) as studio:
        ada = studio.people.acting_as(Actor.operator(), orders.email)
        for turn in range(orders.first, orders.last):
            studio.runs.start(
                turn, lambda writer, turn=turn: _write(studio, ada, f"{orders.email}#{turn}", writer, pipe)
            )
        threading.Event().wait()


def _write(studio: Studio, actor: Actor, tag: str, writer: RunWriter, pipe: Connection) -> None:
    request = LLMRequest((Message("user", tag),), max_output_tokens=64)
    context = CallContext("assistant", model=MODEL, idempotency_key=tag)
    studio.generation.generate(
        actor,
        request,
        context,
        control=writer.control,
        listener=lambda event: event.kind == "text" and _tell(pipe, tag),
    )


_telling = threading.Lock()


def _tell(pipe: Connection, tag: str) -> None:
    with _telling:
        pipe.send(tag)


def holding(pipe: Connection, url: str) -> None:
    """Hold the lock that every call needs until told to let go, and commit."""
    database = opened(url)
    with database.write() as unit:
        unit.metering.take(Take("house", "house", "money", f"{Clock().now:%Y-%m}", 1))
        pipe.send("held")
        pipe.recv()
    database.close()


def furnished(orders: Orders) -> Studio:
    """The house as it stands in the environment, with short leases, and the host in place of OpenAI."""
    for name in [name for name in os.environ if name.startswith("STUDIO_") or name.endswith(("_API_KEY", "_BASE_URL"))]:
        del os.environ[name]
    os.environ |= orders.environment
    engine.furnishing.LEASE_S, engine.furnishing.BEAT_S = LEASE_S, BEAT_S
    mutate(orders.mutant)
    return open_studio(load_settings(), providers={"openai": Wire(orders.port)})


def mutate(mutant: str) -> None:
    """Put a seeded bug in."""
    if mutant == "no lease":
        engine.furnishing.LEASE_S = TEN_YEARS_S
    if mutant == "ledger apart":
        engine.furnishing.Guard = WritesTheLedgerApart  # type: ignore[misc]
        Metering.record = _remember  # type: ignore[method-assign]


class WritesTheLedgerApart(Guard):
    """Seeded bug: the ledger is written in a transaction of its own, after the one that moves the counters."""

    def settle(self, admission: Admission, outcome: Outcome) -> None:
        _kept.lines = lines = []
        super().settle(admission, outcome)
        _kept.lines = None
        point("between the two transactions")
        with self._database.write() as unit:
            for line in lines:
                unit.metering.record(line)


_kept = threading.local()
_record = Metering.record


def _remember(self: Metering, event: Any) -> None:
    lines = getattr(_kept, "lines", None)
    if lines is None:
        _record(self, event)
    else:
        lines.append(event)
