"""What racers do, in processes of their own: the product, and seeded bugs that the checks must catch."""

import random
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from threading import Barrier
from typing import Any
from uuid import UUID

from sqlalchemy import bindparam, update

import engine.usage.guard
from db.models import Admission as AdmissionRow
from db.models.base import table_of
from db.repositories.metering import Take
from db.session import Database
from db.unit import Unit
from engine.accounts.actor import Actor, Role, Standing
from engine.errors import DatabaseBusy, DatabaseError, NotAllowed, StudioError
from engine.usage.call import Call
from engine.usage.guard import Guard
from engine.usage.limits import met_by
from engine.usage.plans import shipped
from engine.usage.policy import Policy, Stop, read_policy
from tests.engine.usage.cases import CALL, COST, OK, SAMPLE, guard_of, somebody
from tests.engine.usage.race import guarded
from tests.reliability.crowd import Racer

TRIES = shipped().sample.tries


def person(person_id: UUID, standing: Standing = Standing.VERIFIED, department_id: UUID | None = None) -> Actor:
    """A person as an actor; they need not be in the database."""
    return Actor(person_id, Role.USER, standing, "Ada", "ada", "ada@example.org", department_id)


def asked(guard: Guard, actor: Actor, call: Call) -> str:
    """What became of asking: admitted, or the code of the refusal, with its meter and scope where it has them."""
    try:
        guard.admit(actor, call)
    except StudioError as problem:
        return ":".join(
            [problem.code, *(getattr(problem, name) for name in ("scope", "meter") if hasattr(problem, name))]
        )
    return "admitted"


def last_request(database: Database, threads: int, *, person_id: UUID) -> Racer:
    """Race for the last requests of somebody's day."""
    return guarded(database, person_id, threads)


def last_sample(database: Database, threads: int, *, person_id: UUID) -> Racer:
    """Race for somebody's samples."""
    guard, actor = guard_of(database), person(person_id, Standing.UNVERIFIED)
    return lambda _: "refused" if asked(guard, actor, SAMPLE) == "sample_used_up" else "admitted"


def looks_before_it_adds(database: Database, threads: int, *, person_id: UUID) -> Racer:
    """Seeded bug: reads the counter, decides, and adds afterwards."""
    counter = Take("person", str(person_id), "samples", "life", 1)
    everybody_has_read = Barrier(threads)

    def one(_: int) -> str:
        with database.read() as unit:
            used = unit.metering.reading(counter)
        everybody_has_read.wait()
        if used >= TRIES:
            return "refused"
        with database.write() as unit:
            unit.metering.take(counter)
        return "admitted"

    return one


class KeepsWhatItRefused(Database):
    """Seeded bug: a refusal commits what was taken before it."""

    @contextmanager
    def write(self) -> Iterator[Unit]:
        refused: NotAllowed | None = None
        with super().write() as unit:
            try:
                yield unit
            except NotAllowed as problem:
                refused = problem
        if refused is not None:
            raise refused


def many_meters(
    database: Database, threads: int, *, people: Sequence[UUID], department_id: UUID, mutant: str = ""
) -> Racer:
    """Everybody of a department asks at once, so that counters of persons, of the department and of the house meet."""
    if mutant == "keeps":
        database = KeepsWhatItRefused(
            database.url.render_as_string(hide_password=False), failed=DatabaseError, busy=DatabaseBusy
        )
    if mutant == "unordered":
        engine.usage.guard.met_by = _unordered  # type: ignore[attr-defined]
    guard = guard_of(database)
    actors = [person(each, department_id=department_id) for each in people]
    return lambda number: asked(guard, actors[number % len(actors)], CALL)


def _unordered(*args: Any) -> list[Any]:
    """Seeded bug: meters are taken in any order."""
    found = met_by(*args)
    random.shuffle(found)
    return found


def until_stopped(database: Database, threads: int, *, flag: str, cached: bool = False) -> Racer:
    """Ask again and again, and once more after the flag is there; returns when each began and what became of it."""
    if cached:
        _cache_stops()
    guard = guard_of(database)

    def one(_: int) -> list[tuple[int, str]]:
        told: list[tuple[int, str]] = []
        actor, last = somebody(), False
        while not last:
            last = Path(flag).exists()
            began = time.monotonic_ns()
            told.append((began, asked(guard, actor, CALL)))
        return told

    return one


def _cache_stops() -> None:
    """Seeded bug: a process looks only once what is stopped."""
    seen: list[tuple[Stop, ...]] = []

    def remembered(*args: Any, **options: Any) -> Policy:
        found = read_policy(*args, **options)
        seen.append(found.stops)
        return replace(found, stops=seen[0])

    engine.usage.guard.read_policy = remembered  # type: ignore[attr-defined]


def sign_ups(database: Database, threads: int, *, people: Sequence[UUID], spends_unheld: bool = False) -> Racer:
    """Newcomers use their samples as fast as they can, and each answer costs most of what it held."""
    guard = guard_of(database)
    call = replace(SAMPLE, hold_nano=1) if spends_unheld else SAMPLE
    cost = replace(COST, nano=(SAMPLE.hold_nano or 0) * 9 // 10)

    def one(number: int) -> list[str]:
        told = []
        for person_id in people[number::threads]:
            for _ in range(TRIES):
                told.append(_spends(guard, person(person_id, Standing.UNVERIFIED), call, cost))
        return told

    return one


def _spends(guard: Guard, actor: Actor, call: Call, cost: Any) -> str:
    try:
        admission = guard.admit(actor, call)
    except StudioError as problem:
        return problem.code
    guard.settle(admission, replace(OK, cost=cost))
    return "admitted"


def closes_whatever_it_was() -> Any:
    """Seeded bug: the statement that closes a call does not look whether it was open."""
    table = table_of(AdmissionRow)
    anything = bindparam("was") == bindparam("was")
    closed = update(table).where(table.c.id == bindparam("admission_id"), anything)
    return closed.values(state=bindparam("becomes"), closed_at=bindparam("at")).returning(table.c.id)
