"""Many processes at once. They are forked from a server that has imported the engine once, so each starts quickly."""

import os
from collections.abc import Callable
from multiprocessing import get_context
from multiprocessing.connection import Connection
from multiprocessing.context import ForkServerProcess
from typing import Any

from db.session import Database
from tests.databases import opened
from tests.db.races import race

FORKS = get_context("forkserver")
WAIT_S = 120
PROCESSES, THREADS = 4, 32

Racer = Callable[[int], Any]
Prepare = Callable[[Database, int], Racer]
"""Makes what each of so many threads of a process does with its database; a function of a module, or a partial one."""


def start_server() -> None:
    """Have the server import what its children need."""
    FORKS.set_forkserver_preload(["tests.reliability.acts", "tests.reliability.worker"])


class Child:
    """A process that runs `work(connection, *args)`; both ends talk over the connection."""

    def __init__(self, work: Callable[..., None], *args: Any) -> None:
        self.pipe, theirs = FORKS.Pipe()
        self.process: ForkServerProcess = FORKS.Process(target=work, args=(theirs, *args), daemon=True)
        self.process.start()
        theirs.close()

    def hear(self) -> Any:
        """The next thing it says. Raises EOFError when it has died."""
        assert self.pipe.poll(WAIT_S), "a process of the campaign has fallen silent"
        return self.pipe.recv()

    def signal(self, number: int) -> None:
        """Send it a signal."""
        os.kill(self.process.pid or 0, number)

    def ended(self) -> int:
        """Its exit code, once it has gone; minus the signal when one ended it."""
        self.process.join(WAIT_S)
        self.pipe.close()
        code = self.process.exitcode
        assert code is not None, "a process of the campaign does not end"
        return code


def crowd(
    prepare: Prepare,
    url: str,
    *,
    processes: int = PROCESSES,
    threads: int = THREADS,
    meanwhile: Callable[[], None] = lambda: None,
) -> list[Any]:
    """What all racers return. Nobody starts before everybody is ready; `meanwhile` runs beside them."""
    children = [Child(_take_part, prepare, url, threads) for _ in range(processes)]
    for child in children:
        assert child.hear() == "ready"
    for child in children:
        child.pipe.send("go")
    meanwhile()
    found = [result for child in children for result in child.hear()]
    assert [child.ended() for child in children] == [0] * processes
    return found


def _take_part(pipe: Connection, prepare: Prepare, url: str, threads: int) -> None:
    database = opened(url)
    act = prepare(database, threads)
    database.ping()
    pipe.send("ready")
    pipe.recv()
    pipe.send(race(act, threads))
    database.close()
