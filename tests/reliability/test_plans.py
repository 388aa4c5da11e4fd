"""A7: a plan that is changed while calls are open holds for the next call, in both directions."""

from typing import Any
from uuid import UUID

import pytest
from uuid_utils.compat import uuid7

from db.models import Admission as AdmissionRow
from db.models import Counter
from db.session import Database
from engine.accounts.actor import Actor
from engine.usage.lines import admission_of
from engine.usage.policy import read_policy
from tests.db.races import race
from tests.engine.usage.cases import CALL, OK, guard_of, plans, rows, set_plans
from tests.reliability.acts import asked, person
from tests.reliability.figures import Figure, Size

RACERS = 64
OPEN = 32
STEPS = ((OPEN, OPEN), (20, 0), (50, 18), (40, 0), (45, 0), (60, 10))
"""Plans in the order in which they are given, each with how many of the racers it lets in."""


def changed_under_way(database: Database, rounds: int) -> Figure:
    guard = guard_of(database)
    right, most_beyond = 0, 0
    for _ in range(rounds):
        actor = person(uuid7())
        told, taken, settled = [], 0, 0
        for limit, _ in STEPS:
            set_plans(database, plans(requests_day=limit))
            before = taken
            told.append(race(lambda _, actor=actor: asked(guard, actor, CALL), RACERS).count("admitted"))
            taken = requests(database, actor)
            most_beyond = max(most_beyond, taken - max(limit, before))
            for row in open_of(database, actor)[: 4 if settled < 12 else 0]:
                guard.settle(row, OK)
                settled += 1
        right += told == [admitted for _, admitted in STEPS] and taken == STEPS[-1][0]
    return Figure(
        f"A7 plan changed while {OPEN} calls are open [{database.dialect}]",
        f"right after every change in {right} of {rounds} rounds, {most_beyond} beyond a new limit",
        f"{rounds} of {rounds}, 0",
        right == rounds and most_beyond <= 0,
    )


def requests(database: Database, actor: Actor) -> int:
    """What is used and held of somebody's day."""
    (found,) = [
        row.used + row.held
        for row in rows(database, Counter)
        if (row.scope_id, row.meter) == (str(actor.person_id), "requests") and len(row.period) == len("2026-11-22")
    ]
    return found


def open_of(database: Database, actor: Actor) -> list[Any]:
    """The open calls of a person."""
    return [
        admission_of(row)
        for row in rows(database, AdmissionRow)
        if row.person_id == actor.person_id and row.state == "open"
    ]


def test_a7_a_changed_plan_holds_for_the_next_call(database: Database, size: Size) -> None:
    changed_under_way(database, size.of(1, 20)).holds()


def test_a7_mutant(database: Database, size: Size, monkeypatch: pytest.MonkeyPatch) -> None:
    seen: dict[UUID | None, Any] = {}

    def once(unit: Any, actor: Any, now: Any, **options: Any) -> Any:
        if actor.person_id not in seen:
            seen[actor.person_id] = read_policy(unit, actor, now, **options)
        return seen[actor.person_id]

    monkeypatch.setattr("engine.usage.guard.read_policy", once)
    changed_under_way(database, 1).catches("a limit that is read outside the transaction, once")
