"""Many processes racing for the last of a limit: the guard admits exactly what is left."""

import json
import subprocess
import sys
from collections import Counter as Tally
from uuid import UUID

import pytest
from uuid_utils.compat import uuid7

from db.models import Counter
from db.session import Database
from tests.engine.usage.cases import CALL, counters, plans, set_plans
from tests.engine.usage.race import CAP, take_of

PROCESSES, THREADS, LEFT = 4, 32, 3
USED = CAP - LEFT


def run_race(kind: str, url: str, person_id: UUID, *, stops: int) -> Tally[str]:
    """Run the race in processes of its own; `stops` is how often they wait for each other."""
    command = [sys.executable, "-m", "tests.engine.usage.race", kind, url, str(person_id), str(THREADS)]
    racers = [
        subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) for _ in range(PROCESSES)
    ]
    try:
        for _ in range(stops):
            for racer in racers:
                assert racer.stdout and racer.stdout.readline() == "ready\n"
            for racer in racers:
                assert racer.stdin
                racer.stdin.write("go\n")
                racer.stdin.flush()
        results: Tally[str] = Tally()
        for racer in racers:
            results.update(json.loads(racer.communicate()[0]))
        return results
    finally:
        for racer in racers:
            racer.kill()
            racer.communicate()


def check(results: Tally[str], requests: tuple[int, int]) -> None:
    """What must be true after a race: as many admitted as were left, all others refused, and the counter says so."""
    assert results == {"admitted": LEFT, "refused": PROCESSES * THREADS - LEFT}
    assert requests == (USED, LEFT)


@pytest.fixture
def person_id(database: Database) -> UUID:
    """Somebody who has almost used up the day."""
    person_id = uuid7()
    set_plans(database, plans())
    with database.write() as unit:
        unit.session.add(Counter(**take_of(person_id).key, used=USED, held=0))
    return person_id


def test_the_guard_admits_exactly_the_last_three(database: Database, database_url: str, person_id: UUID) -> None:
    results = run_race("guard", database_url, person_id, stops=1)
    check(results, counters(database)["requests"])
    assert counters(database)["money"] == (0, LEFT * (CALL.hold_nano or 0)), "a refusal must give everything back"


def test_check_then_increment_fails_the_same_check(database: Database, database_url: str, person_id: UUID) -> None:
    results = run_race("naive", database_url, person_id, stops=2)
    with pytest.raises(AssertionError):
        check(results, counters(database)["requests"])
    assert results["admitted"] == PROCESSES * THREADS
