"""Group B: processes that are killed at any moment lose no call, double none, and leave nothing held."""

import signal
import threading
from collections.abc import Iterator
from itertools import cycle
from pathlib import Path
from random import Random

import pytest

from db.models import UsageEvent
from engine.accounts.people import People
from engine.studio import utc_now
from tests.databases import opened
from tests.engine.usage.cases import OPERATOR, plans, rows, set_plans
from tests.reliability.books import Books, audited
from tests.reliability.crowd import Child
from tests.reliability.figures import Figure, Size
from tests.reliability.host import Host
from tests.reliability.kills import POINTS
from tests.reliability.worker import Orders, streaming, work

A_DAY = 60
TAGS = 90
AGAIN = 6
"""So many of the last keys of a killed process are asked for again by the next one."""
STREAMS = 20


@pytest.fixture
def host(tmp_path: Path) -> Iterator[Host]:
    with Host(tmp_path / "witness.log").running() as host:
        yield host


class Campaign:
    """Kills workers one after the other, until so many have been killed."""

    def __init__(self, url: str, host: Host, folder: Path, mutant: str = "") -> None:
        self.url, self.host, self.mutant = url, host, mutant
        self.environment = {
            "DATABASE_URL": url,
            "STUDIO_DATA_DIR": str(folder / "data"),
            "OPENAI_API_KEY": "sk-campaign-0000000000",
        }
        self.random = Random(20261122)
        self.database = opened(url)
        self.reached: set[str] = set()
        self.people = 0
        self.email = ""
        set_plans(self.database, plans(requests_day=A_DAY, requests_month=None, usd_month=None))

    def newcomer(self) -> None:
        """The next worker asks for somebody new."""
        self.people += 1
        self.email = f"ada{self.people}@example.org"
        People(self.database, clock=utc_now).add(OPERATOR, email=self.email, name="Ada", verified=True)

    def run(self, kills: int, points: tuple[str, ...]) -> None:
        """Kill at the next two of the points, then at a random moment, and so on."""
        done, turn, waiting = 0, 0, cycle(points)
        self.newcomer()
        while done < kills:
            turn += 1
            where = next(waiting) if turn % 3 else ""
            if self.worker(where) == -signal.SIGKILL:
                done += 1
                self.reached.add(where)
            else:
                self.newcomer()
        self.worker("")

    def worker(self, where: str) -> int:
        """Run one; its exit code."""
        asked = self.host.requests()
        mine = [int(tag.partition("#")[2]) for tag in asked if tag.startswith(f"{self.email}#")]
        first = max(0, max(mine, default=0) - AGAIN)
        orders = Orders(
            self.environment, self.host.port, self.email, first, TAGS, where, self.random.randrange(6), self.mutant
        )
        child = Child(work, orders)
        alive = threading.Event()
        alive.set()

        def watch() -> None:
            child.process.join()
            alive.clear()
            self.host.wake()

        threading.Thread(target=watch, daemon=True).start()
        try:
            child.hear()
        except EOFError:
            return child.ended()
        if not where and self.host.wait_for(len(asked) + 1 + self.random.randrange(20), alive):
            child.process.kill()
        return child.ended()

    def books(self) -> Books:
        found = audited(self.database, self.host.requests(), requests_day=A_DAY)
        self.database.close()
        return found


def killed(
    url: str, host: Host, folder: Path, kills: int, *, points: tuple[str, ...] = POINTS, mutant: str = ""
) -> Figure:
    campaign = Campaign(url, host, folder, mutant)
    campaign.run(kills, points)
    dialect = campaign.database.dialect
    books = campaign.books()
    reached = len(campaign.reached - {""})
    return books.figure(f"B1/B2 {kills} kills, at random and at {reached} points [{dialect}]", passed=books.asked > 0)


def test_b1_b2_killed_at_any_moment(database_url: str, host: Host, size: Size, tmp_path: Path) -> None:
    killed(database_url, host, tmp_path, size.of(12, 200)).holds()


def test_b1_mutant_without_a_lease(database_url: str, host: Host, size: Size, tmp_path: Path) -> None:
    figure = killed(database_url, host, tmp_path, 1, points=("between two words",), mutant="no lease")
    figure.catches("what is charged before the call has no lease")


def test_b1_mutant_ledger_apart(database_url: str, host: Host, size: Size, tmp_path: Path) -> None:
    figure = killed(database_url, host, tmp_path, 1, points=("between the two transactions",), mutant="ledger apart")
    figure.catches("the ledger is written outside the transaction")


def test_b2_mutant_refunds(
    database_url: str, host: Host, size: Size, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("engine.usage.guard._used", lambda take, outcome, **_: 0)
    figure = killed(database_url, host, tmp_path, 1, points=("between two words",))
    figure.catches("a call that nobody reported is given back")


def ended(url: str, host: Host, folder: Path, rounds: int, *, mutant: str = "") -> Figure:
    settled, unknown, asked = 0, 0, 0
    campaign = Campaign(url, host, folder)
    for _ in range(rounds):
        campaign.newcomer()
        host.open.clear()
        child = Child(streaming, Orders(campaign.environment, host.port, campaign.email, 0, STREAMS, mutant=mutant))
        assert {child.hear() for _ in range(STREAMS)} and len(host.requests()) == asked + STREAMS
        child.signal(signal.SIGTERM)
        child.ended()
        host.open.set()
        asked += STREAMS
    books = audited(campaign.database, host.requests(), requests_day=A_DAY)
    for line in rows(campaign.database, UsageEvent):
        settled += (line.kind, line.status) == ("call", "stopped")
        unknown += line.status == "unknown"
    campaign.database.close()
    return Figure(
        f"B3 SIGTERM with {STREAMS} open streams [{campaign.database.dialect}]",
        f"{settled} of {asked} settled with what had come, {unknown} unknown",
        f"{asked}, 0",
        books.sound and settled == asked and not unknown,
    )


def test_b3_sigterm_settles_what_is_open(database_url: str, host: Host, size: Size, tmp_path: Path) -> None:
    ended(database_url, host, tmp_path, size.of(1, 10)).holds()


def test_b3_mutant(database_url: str, host: Host, size: Size, tmp_path: Path) -> None:
    ended(database_url, host, tmp_path, 1, mutant="no handler").catches("a process that does not hear SIGTERM")
