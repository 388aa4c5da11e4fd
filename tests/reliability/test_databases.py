"""Group D: a database that is locked, killed or full takes nothing that it does not write down.

What is said of a file that is read-only, damaged or no database at all (D4) is checked where it is decided: in
tests/db/test_session.py, tests/db/test_backup.py, tests/db/test_failures.py and tests/engine/cli/test_database.py.
"""

import shutil
import subprocess
import threading
from collections import Counter as Tally
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from itertools import count
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import event, text
from uuid_utils.compat import uuid7

import db.repositories.metering as statements
import db.session
from db.health import check_integrity
from db.models import NOBODY, UsageEvent
from db.models import Admission as AdmissionRow
from db.session import Database
from db.unit import Unit
from engine.accounts.actor import Actor
from engine.accounts.people import People
from engine.errors import DatabaseBusy, DatabaseError
from engine.retry import while_database_is_away
from engine.settings import load_settings
from engine.studio import open_studio, utc_now
from engine.usage.call import Admission, Call
from engine.usage.guard import Guard
from tests.databases import PostgresServer, opened
from tests.db.races import race
from tests.engine.usage.cases import (
    CALL,
    OK,
    OPERATOR,
    Clock,
    counters,
    every_counter,
    guard_of,
    plans,
    rows,
    set_budget,
    set_plans,
    somebody,
)
from tests.reliability.acts import asked, closes_whatever_it_was
from tests.reliability.books import audited
from tests.reliability.crowd import Child
from tests.reliability.figures import Figure, Size
from tests.reliability.host import Host, Wire
from tests.reliability.worker import ask_once, holding

WAITING = 8
HELD_S = 0.3
LITTLE_MS = 40


# D1


def patience(monkeypatch: pytest.MonkeyPatch, milliseconds: int) -> None:
    """How long databases that are opened from now on wait for a lock."""
    monkeypatch.setattr("db.session.PATIENCE_MS", milliseconds)
    monkeypatch.setattr("db.session._PATIENCE", f"busy_timeout={milliseconds}")


def lock_let_go(url: str, rounds: int) -> Figure:
    """Somebody else holds the lock for a moment, commits, and everybody who waited goes on."""
    told: Tally[str] = Tally()
    for _ in range(rounds):
        database = opened(url)
        set_budget(database, 10**15)
        guard = guard_of(database)
        holder = Child(holding, url)
        assert holder.hear() == "held"
        letting_go = threading.Timer(HELD_S, holder.pipe.send, ["let go"])
        letting_go.start()
        told += Tally(race(lambda _, guard=guard: asked(guard, somebody(), CALL), WAITING))
        assert holder.ended() == 0
        database.close()
    return Figure(
        f"D1 lock held for less than the patience [{database.dialect}]",
        f"{told['admitted']} of {WAITING * rounds} let in, {told['database']} errors",
        f"{WAITING * rounds}, 0",
        told == {"admitted": WAITING * rounds},
    )


def test_d1_a_lock_that_is_let_go_is_waited_for(database_url: str, size: Size) -> None:
    lock_let_go(database_url, size.of(1, 20)).holds()


def test_d1_mutant_no_patience(database_url: str, size: Size, monkeypatch: pytest.MonkeyPatch) -> None:
    patience(monkeypatch, 1)
    lock_let_go(database_url, 1).catches("nobody waits for a lock")


def test_d1_mutant_deferred(sqlite_url: str, size: Size, monkeypatch: pytest.MonkeyPatch) -> None:
    honest = db.session._prepare
    monkeypatch.setattr("db.session._prepare", lambda engine, pragmas, *, begin: honest(engine, pragmas, begin="BEGIN"))
    lock_let_go(sqlite_url, 1).catches("a transaction that asks for the lock only when it writes")


def lock_kept(url: str, monkeypatch: pytest.MonkeyPatch, rounds: int, make: Callable[[Database], Guard]) -> Figure:
    """Somebody else holds the lock for longer than anybody waits: a typed error, nothing taken, and the key is free."""
    patience(monkeypatch, LITTLE_MS)
    database = opened(url)
    set_budget(database, 10**15)
    guard = make(database)
    busy, kept, again = 0, 0, 0
    for turn in range(rounds):
        before = without_house(database), len(rows(database, AdmissionRow))
        call = replace(CALL, idempotency_key=f"key-{turn}", body_hash=b"body")
        actor = somebody()
        holder = Child(holding, url)
        assert holder.hear() == "held"
        try:
            guard.admit(actor, call)
        except DatabaseBusy as problem:
            busy += bool(problem.message and problem.hint)
        except DatabaseError:
            kept += 1
        kept += (without_house(database), len(rows(database, AdmissionRow))) != before
        holder.pipe.send("let go")
        assert holder.ended() == 0
        again += asked(guard, actor, call) == "admitted"
    database.close()
    return Figure(
        f"D1 lock held for longer than the patience [{database.dialect}]",
        f"{busy} of {rounds} told that the database is busy, {kept} left something behind, {again} let in afterwards",
        f"{rounds}, 0, {rounds}",
        (busy, kept, again) == (rounds, 0, rounds),
    )


def without_house(database: Database) -> dict[Any, Any]:
    return {key: value for key, value in every_counter(database).items() if key[0] != "house"}


def test_d1_a_lock_that_is_kept_is_an_error_that_takes_nothing(
    database_url: str, size: Size, monkeypatch: pytest.MonkeyPatch
) -> None:
    lock_kept(database_url, monkeypatch, size.of(2, 20), guard_of).holds()


def test_d1_mutant_lets_in_anyway(database_url: str, size: Size, monkeypatch: pytest.MonkeyPatch) -> None:
    figure = lock_kept(database_url, monkeypatch, 1, lambda database: swallowing(guard_of(database)))
    figure.catches("a database error that is swallowed")


def swallowing(guard: Guard, *, most: int = 3) -> Guard:
    """Seeded bug: whoever cannot be counted is let in."""
    honest, swallowed = guard.admit, count(1)

    def admit(actor: Actor, call: Call) -> Admission:
        try:
            return honest(actor, call)
        except DatabaseError:
            if next(swallowed) > most:
                raise
            return Admission(uuid7(), call, actor.person_id or NOBODY, NOBODY, Clock().now.date(), ())

    guard.admit = admit  # type: ignore[method-assign]
    return guard


# D2


def killed_under_load(
    server: PostgresServer, host: Host, clean: pytest.MonkeyPatch, folder: Path, *, deaths: int, cuts: int
) -> Figure:
    """PostgreSQL dies, and connections are cut, while calls are made; what failed is asked again by its key."""
    for name, value in {"DATABASE_URL": server.url, "OPENAI_API_KEY": "sk-campaign-0000000000"}.items():
        clean.setenv(name, value)
    clean.setenv("STUDIO_DATA_DIR", str(folder / "data"))
    studio = open_studio(load_settings(), providers={"openai": Wire(host.port)})
    set_plans(studio.database, plans(requests_day=None, requests_month=None, usd_month=None))
    set_budget(studio.database, 10**15)
    People(studio.database, clock=utc_now).add(OPERATOR, email="ada@example.org", name="Ada", verified=True)
    ada = studio.people.acting_as(OPERATOR, "ada@example.org")
    turns, over, failures = count(), threading.Event(), count()
    later = while_database_is_away(60.0)

    def ask(_: int) -> None:
        while not over.is_set():
            tag = f"ada#{next(turns)}"
            while ask_once(studio, ada, tag) == "database":
                next(failures)
                later.copy()(studio.database.ping)

    def disturb() -> None:
        for _ in range(deaths):
            assert host.wait_for(len(host.requests()) + 20)
            server.kill()
            server.start()
        for _ in range(cuts):
            assert host.wait_for(len(host.requests()) + 1)
            later.copy()(lambda: cut(studio.database))
        assert host.wait_for(len(host.requests()) + 20)
        over.set()

    disturbing = threading.Thread(target=disturb)
    disturbing.start()
    try:
        race(ask, WAITING)
    finally:
        over.set()
        disturbing.join()
    books = audited(studio.database, host.requests(), requests_day=10**9)
    studio.close()
    check = f"D2 PostgreSQL killed {deaths} times, {cuts} times cut off, {next(failures)} errors met [postgresql]"
    return books.figure(check, passed=books.asked > 20 * deaths)


def cut(database: Database) -> None:
    """End another connection, as an administrator of PostgreSQL would."""
    others = "SELECT pid FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid() LIMIT 1"
    with database.read() as unit:
        unit.connection.execute(text(f"SELECT pg_terminate_backend(pid) FROM ({others}) AS one"))  # noqa: S608


@pytest.fixture
def host(tmp_path: Path) -> Iterator[Host]:
    with Host(tmp_path / "witness.log").running() as host:
        yield host


def test_d2_postgresql_killed_under_load(
    mortal_postgres: PostgresServer, host: Host, size: Size, clean_environment: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    deaths, cuts = size.of((2, 10), (5, 200))
    killed_under_load(mortal_postgres, host, clean_environment, tmp_path, deaths=deaths, cuts=cuts).holds()


def reply_lost(database: Database, monkeypatch: pytest.MonkeyPatch, calls: int) -> Figure:
    """Every settlement is committed, and its reply is lost: it is tried again, and must change nothing more."""
    set_budget(database, 10**15)
    guard = guard_of(database)
    honest, lost, refused = Database.write, count(), 0

    @contextmanager
    def loses_the_reply(self: Database) -> Iterator[Unit]:
        with honest(self) as unit:
            yield unit
        next(lost)
        raise DatabaseError("The connection was lost.")

    for _ in range(calls):
        admission = guard.admit(somebody(), CALL)
        with monkeypatch.context() as patch, pytest.raises(DatabaseError):
            patch.setattr(Database, "write", loses_the_reply)
            guard.settle(admission, OK)
        try:
            guard.settle(admission, OK)
        except DatabaseError:
            refused += 1
    lines, money = len(rows(database, UsageEvent)), counters(database)["money"]
    cost = OK.cost.nano if OK.cost else 0
    return Figure(
        f"D2 the reply to every settlement is lost [{database.dialect}]",
        f"{next(lost)} lost, {lines} lines and {money[0] / cost:g} costs for {calls} calls, {refused} errors later",
        f"{calls} of each, 0",
        (lines, money, refused) == (calls, (calls * cost, 0), 0),
    )


def test_d2_a_lost_reply_is_settled_once(database: Database, size: Size, monkeypatch: pytest.MonkeyPatch) -> None:
    reply_lost(database, monkeypatch, size.of(20, 500)).holds()


def test_d2_mutant(database: Database, size: Size, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(statements, "_CLOSE", closes_whatever_it_was())
    figure = reply_lost(database, monkeypatch, 3)
    figure.catches("a settlement that does not look whether there was one")


# D3


@contextmanager
def small_disk(folder: Path) -> Iterator[Path]:
    """A file system of one megabyte, where this machine lets one be mounted."""
    folder.mkdir()
    if (
        shutil.which("mount") is None
        or subprocess.run(
            ["mount", "-t", "tmpfs", "-o", "size=1536k", "campaign", folder], capture_output=True, check=False
        ).returncode
    ):
        pytest.skip("no file system can be mounted here")
    try:
        yield folder
    finally:
        subprocess.run(["umount", folder], check=True)


def fill(guard: Guard) -> tuple[int, int]:
    """Make calls until there is no space; how many were let in, and how many of them are settled."""
    admitted = settled = 0
    while True:
        try:
            admission = guard.admit(somebody(), CALL)
            admitted += 1
            guard.settle(admission, OK)
            settled += 1
        except DatabaseError as problem:
            assert "no space left" in problem.message and problem.hint
            return admitted, settled


def full(
    database: Database,
    take_space: Callable[[], None],
    give_space: Callable[[], None],
    what: str,
    make: Callable[[Database, Clock], Guard] = guard_of,
) -> Figure:
    clock = Clock()
    set_budget(database, 10**15)
    guard = make(database, clock)
    asked(guard, somebody(), CALL)
    take_space()
    admitted, settled = fill(guard)
    check_integrity(database)
    admissions, lines = len(rows(database, AdmissionRow)) - 1, len(rows(database, UsageEvent))
    give_space()
    clock.move(days=1)
    reclaimed = guard.reclaim()
    guard.settle(guard.admit(somebody(), CALL), OK)
    check_integrity(database)
    held = sum(held for _, held in every_counter(database).values())
    return Figure(
        f"D3 {what} [sqlite]",
        f"{admitted} let in and {admissions} known, {settled} settled and {lines} in the ledger; with space again "
        f"{reclaimed} reclaimed, {held} held",
        "the same, the same; every open one reclaimed, 0 held",
        (admissions, lines, held, reclaimed) == (admitted, settled, 0, admitted - settled + 1),
    )


def page_cap(url: str, spare: int, make: Callable[[Database, Clock], Guard] = guard_of) -> Figure:
    """So many pages are spare; with another number another statement of a call is the one that fails."""
    database = opened(url)
    pragma: list[str] = []

    def begun(connection: Any) -> None:
        for each in pragma:
            connection.exec_driver_sql(each)

    event.listen(database._writer, "begin", begun)

    def take_space() -> None:
        with database.read() as unit:
            pages = unit.connection.exec_driver_sql("PRAGMA page_count").scalar()
        pragma[:] = [f"PRAGMA max_page_count = {pages + spare}"]

    def give_space() -> None:
        pragma[:] = ["PRAGMA max_page_count = 1000000"]

    figure = full(database, take_space, give_space, f"{spare} pages left", make)
    database.close()
    return figure


def test_d3_no_page_left(size: Size, sqlite_template: Path, memory: Path) -> None:
    for spare in size.of((3, 8, 15), range(20)):
        page_cap(f"sqlite:///{shutil.copy(sqlite_template, memory / f'{spare}.db')}", spare).holds()


def test_d3_no_space_left(size: Size, sqlite_template: Path, memory: Path) -> None:
    with small_disk(memory / "disk") as disk:
        database = opened(f"sqlite:///{shutil.copy(sqlite_template, disk / 'studio.db')}")
        filler = disk / "filler"

        def take_space() -> None:
            try:
                filler.write_bytes(b"x" * (shutil.disk_usage(disk).free - 100_000))
            except OSError:
                return  # it is full already

        full(database, take_space, filler.unlink, "no space left on the disk").holds()
        database.close()


def test_d3_mutant(sqlite_url: str, size: Size) -> None:
    figure = page_cap(sqlite_url, 4, lambda database, clock: swallowing(guard_of(database, clock)))
    figure.catches("a full database whose error is swallowed")
