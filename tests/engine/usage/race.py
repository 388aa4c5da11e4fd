"""One process of the race for the last of a limit: `python -m tests.engine.usage.race KIND URL PERSON THREADS`.

`guard` is the product. `naive` does what many do: it reads the counter, decides, and adds to it afterwards.
A process says `ready` and waits for a line before the start, and the naive one once more between reading and adding,
so that every racer of every process has read before anybody adds.
"""

import json
import sys
from collections import Counter as Tally
from collections.abc import Callable
from threading import Barrier
from uuid import UUID

from sqlalchemy import update

from db.models import Counter
from db.repositories.metering import Take
from db.session import Database
from engine.accounts.actor import Actor, Role, Standing
from engine.errors import LimitExceeded, StudioError
from engine.usage.plans import shipped
from tests.databases import opened
from tests.db.races import race
from tests.engine.usage.cases import CALL, Clock, guard_of

CAP = shipped().plans["standard"].requests_day or 0

Racer = Callable[[int], str]


def guarded(database: Database, person_id: UUID, threads: int) -> Racer:
    """Ask the guard."""
    guard, actor = guard_of(database), racer_of(person_id)

    def one(_: int) -> str:
        try:
            guard.admit(actor, CALL)
        except LimitExceeded:
            return "refused"
        except StudioError as problem:
            return problem.message
        return "admitted"

    return one


def naive(database: Database, person_id: UUID, threads: int) -> Racer:
    """Read, decide, add."""
    everybody_has_read = Barrier(threads, action=wait_for_the_others)
    counter = take_of(person_id)

    def one(_: int) -> str:
        with database.read() as unit:
            used = unit.metering.reading(counter)
        everybody_has_read.wait()
        if used >= CAP:
            return "refused"
        with database.write() as unit:
            unit.connection.execute(
                update(Counter).where(Counter.scope_id == counter.scope_id).values(held=Counter.held + 1)
            )
        return "admitted"

    return one


def racer_of(person_id: UUID) -> Actor:
    """The person all racers act for."""
    return Actor(person_id, Role.USER, Standing.VERIFIED, "Ada", "ada", "ada@example.org")


def take_of(person_id: UUID) -> Take:
    """One request of today's."""
    return Take("person", str(person_id), "requests", f"{Clock().now:%Y-%m-%d}", 1, CAP)


def wait_for_the_others() -> None:
    """Say that this process is ready and wait for the word."""
    print("ready", flush=True)
    sys.stdin.readline()


def main(kind: str, url: str, person_id: UUID, threads: int) -> None:
    """Take part in the race and print how often what happened."""
    database = opened(url)
    act = {"guard": guarded, "naive": naive}[kind](database, person_id, threads)
    database.ping()
    wait_for_the_others()
    print(json.dumps(Tally(race(act, threads))), flush=True)
    database.close()


if __name__ == "__main__":
    main(sys.argv[1], sys.argv[2], UUID(sys.argv[3]), int(sys.argv[4]))
