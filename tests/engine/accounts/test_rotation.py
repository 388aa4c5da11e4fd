"""Changing the master key beside readers and writers of other processes, killed anywhere."""

import base64
import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from itertools import count
from pathlib import Path
from threading import Event, Thread

import pytest
from sqlalchemy import text
from uuid_utils.compat import uuid7

from db.models import Base
from db.repositories.sealed import PURPOSES
from db.session import Database
from db.unit import Unit
from engine.accounts.actor import Actor, Role, Standing
from engine.accounts.keys import Keys
from engine.accounts.master_keys import MasterKeys
from engine.accounts.rotation import census, forget, retire, rotate
from engine.accounts.vault import Binding, Vault, check_canary, key_id_of, seal_in
from engine.errors import BadInput, ConfigError, DatabaseBusy, DatabaseError
from engine.settings import Settings
from tests.databases import opened
from tests.db.races import race
from tests.engine.accounts.sealed_house import NOW, SAFETY_S, TABLES, House, key_row, open_with, readers

ROOT = Path(__file__).parents[3]
OLD, NEW = base64.b64encode(b"o" * 32).decode(), base64.b64encode(b"n" * 32).decode()


@pytest.fixture
def house(database: Database, tmp_path: Path, clean_environment: pytest.MonkeyPatch) -> House:
    return House(database, tmp_path / "data")


@pytest.fixture
def url(database: Database) -> str:
    return database.url.render_as_string(hide_password=False)


def actor() -> Actor:
    return Actor(uuid7(), Role.USER, Standing.VERIFIED, "Ada", "ada", "ada@example.org")


def test_everything_is_sealed_anew_and_the_old_key_then_opens_nothing(house: House) -> None:
    house.fill(keys=7, factors=5)
    old = house.vault()
    done = rotate(house.master_keys, house.database, NOW, batch=3)
    assert (done.is_new, done.resealed, done.unreadable) == (True, 12, 0)
    assert house.kids() == {done.primary} != {old.kid}
    assert house.vault().kid == done.primary and house.wrong(house.vault()) == []
    assert len(house.key_file.read_text().split()) == 2 and house.key_file.stat().st_mode & 0o777 == 0o600
    gone = retire(house.master_keys, house.database, NOW)
    assert gone.dropped == (old.kid,) and house.wrong(house.vault()) == []
    only_old = Vault(*(key for key in [base64.b64decode(line) for line in house.key_file.read_text().split()]))
    assert only_old.kid == done.primary and not only_old.knows(old.kid)
    assert [path.name for path in house.key_file.parent.iterdir()] == [house.key_file.name]


def test_the_old_key_alone_opens_no_row_after_it_was_retired(house: House) -> None:
    house.fill(keys=3, factors=2)
    (old_key,) = house.master_keys.read()
    rotate(house.master_keys, house.database, NOW)
    retire(house.master_keys, house.database, NOW)
    assert len(house.wrong(Vault(old_key))) == 5
    with pytest.raises(ConfigError, match="not the one"):
        check_canary(Vault(old_key), house.database)
    check_canary(house.vault(), house.database)


def test_a_second_run_finds_nothing_to_do_and_makes_no_further_key(house: House) -> None:
    house.fill(keys=4)
    first = rotate(house.master_keys, house.database, NOW)
    again = rotate(house.master_keys, house.database, NOW)
    assert (again.primary, again.is_new, again.resealed) == (first.primary, False, 0)
    retire(house.master_keys, house.database, NOW)
    assert rotate(house.master_keys, house.database, NOW).is_new


@pytest.mark.parametrize("rows", [560, pytest.param(10_000, marks=pytest.mark.slow)])
def test_no_read_fails_while_the_key_changes(house: House, rows: int) -> None:
    house.fill(keys=rows - 60, factors=60)
    with readers(house, 8) as (failed, reads):
        done = rotate(house.master_keys, house.database, NOW)
        retire(house.master_keys, house.database, NOW)
    assert failed == [] and min(reads) > 0
    assert done.resealed == rows and house.kids() == {done.primary} and house.wrong(house.vault()) == []


def test_what_was_read_before_still_opens_in_a_process_that_has_seen_the_new_key(house: House) -> None:
    house.fill(keys=2)
    (one, other), running = house.texts, house.vault()
    read_before = house.sealed(one)
    rotate(house.master_keys, house.database, NOW)
    retire(house.master_keys, house.database, NOW)
    assert open_with(running, house.sealed(other), other) == house.texts[other]
    assert open_with(running, read_before, one) == house.texts[one]


@contextmanager
def killer(url: str) -> Iterator[Callable[[Path, int], str]]:
    """Rotates in a process that is killed when it is touched for the n-th time; says how it ended."""
    command = [sys.executable, "-m", "tests.engine.accounts.rotation_killed", url]
    pipes = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE}
    with subprocess.Popen(command, cwd=ROOT, text=True, **pipes) as process:  # type: ignore[call-overload]

        def kill(folder: Path, touches: int) -> str:
            process.stdin.write(f"{folder} {touches}\n")
            process.stdin.flush()
            return str(process.stdout.readline().strip())

        yield kill
        process.stdin.close()


def test_a_rotation_that_is_killed_anywhere_loses_nothing_and_is_finished_by_the_next(
    database: Database, url: str, tmp_path: Path, clean_environment: pytest.MonkeyPatch
) -> None:
    ended, moments = "killed", 0
    with killer(url) as kill:
        while ended == "killed":
            moments += 1
            for table in ("house_settings", *(table.name for table in TABLES.values())):
                with database.write() as unit:
                    unit.connection.execute(text(f"DELETE FROM {table}"))  # noqa: S608
            house = House(database, tmp_path / f"data-{moments}")
            house.fill(keys=7, factors=4)
            old, running = house.vault().kid, house.vault()
            ended = kill(house.key_file.parent, moments)
            starting = house.vault()
            check_canary(starting, database)
            assert house.wrong(starting) == house.wrong(running) == []
            if starting.kid != old and old in house.kids():
                with pytest.raises(BadInput, match="still needed"):
                    retire(house.master_keys, database, NOW)
            done = rotate(house.master_keys, database, NOW)
            assert house.kids() == {done.primary} and house.wrong(house.vault()) == [] and done.primary != old
            retire(house.master_keys, database, NOW)
            assert house.wrong(house.vault()) == [] and len(house.key_file.read_text().split()) == 1
            assert [path.name for path in house.key_file.parent.iterdir()] == [house.key_file.name]
    assert (ended, moments) == ("ended 0", 2 + 2 * (1 + 3 + 2) + 1)


class Interrupted(Database):
    """A database on which somebody else does something just before each of our transactions."""

    meanwhile: Callable[[], None] = staticmethod(lambda: None)

    @contextmanager
    def write(self) -> Iterator[Unit]:
        self.meanwhile()
        with super().write() as unit:
            yield unit


def test_what_somebody_stores_between_reading_and_writing_a_row_stays(house: House, url: str) -> None:
    house.fill(keys=1, factors=1)
    key, factor = house.texts
    ours, times = Interrupted(url, failed=DatabaseError, busy=DatabaseBusy), count()

    def store_another() -> None:
        with house.database.write() as unit:
            for where in (key, factor):
                house.texts[where] = f"entered meanwhile, {next(times)}"
                new = seal_in(unit, house.vault(), house.texts[where], where)
                table = TABLES[where.purpose]
                row = next(iter(table.primary_key)) == where.row_id
                unit.connection.execute(table.update().where(row).values(sealed=new))

    ours.meanwhile = store_another
    rotate(house.master_keys, ours, NOW)
    ours.close()
    assert house.wrong(house.vault()) == []


def test_a_process_with_the_old_key_saves_during_and_after_the_change(house: House, url: str) -> None:
    house.fill(keys=3)
    theirs = opened(url)
    keys = Keys(theirs, house.settings, house.vault(), clock=lambda: NOW)
    during, after = actor(), actor()
    ours = Interrupted(url, failed=DatabaseError, busy=DatabaseBusy)
    ours.meanwhile = lambda: keys.save(during, "openai", "sk-saved-during-0000")
    done = rotate(house.master_keys, ours, NOW, batch=1)
    retire(house.master_keys, ours, NOW)
    keys.save(after, "openai", "sk-saved-after-00000")
    fresh = Keys(theirs, house.settings, house.vault(), clock=lambda: NOW)
    for who, saved in ((during, "sk-saved-during-0000"), (after, "sk-saved-after-00000")):
        for reader in (keys, fresh):
            credential = reader.wallet(who).credential("openai")
            assert credential is not None and credential.api_key.reveal() == saved
    with theirs.read() as unit:
        assert {key_id_of(row.sealed) for row in unit.keys.of(during.person_id, after.person_id)} == {done.primary}  # type: ignore[arg-type]
    ours.close(), theirs.close()


@pytest.mark.parametrize("database_url", ["postgresql"], indirect=True)  # SQLite lets one transaction write at a time
def test_a_key_that_is_being_saved_while_the_change_begins_is_sealed_anew_too(house: House, postgres_url: str) -> None:
    theirs, rotated, where = opened(postgres_url), Event(), Binding("provider-key", str(uuid7()), "openai", uuid7())
    house.texts[where] = "sk-in-the-making"

    def change() -> None:
        rotate(house.master_keys, theirs, NOW)
        rotated.set()

    thread = Thread(target=change, daemon=True)
    with house.database.write() as unit:
        unit.connection.execute(
            TABLES["provider-key"].insert(), key_row(where, seal_in(unit, house.vault(), house.texts[where], where))
        )
        thread.start()
        while not rotated.is_set() and not _somebody_waits(house.database):
            thread.join(0.01)
    thread.join(SAFETY_S)
    theirs.close()
    assert rotated.is_set() and house.kids() == {house.vault().kid}


def _somebody_waits(database: Database) -> bool:
    with database.read() as unit:
        return bool(unit.connection.scalar(text("SELECT count(*) FROM pg_locks WHERE NOT granted")))


def test_a_process_that_cannot_have_the_new_key_saves_nothing(house: House) -> None:
    stale = Vault(*house.master_keys.read())
    rotate(house.master_keys, house.database, NOW)
    keys, ada = Keys(house.database, house.settings, stale, clock=lambda: NOW), actor()
    with pytest.raises(ConfigError, match="Nothing was saved"):
        keys.save(ada, "openai", "sk-not-saved-0000000")
    with house.database.read() as unit:
        assert unit.keys.of(ada.person_id) == []  # type: ignore[arg-type]


def test_many_changes_at_once_make_one_key(house: House, url: str) -> None:
    house.fill(keys=30, factors=5)
    databases = [opened(url) for _ in range(4)]
    done = race(lambda number: rotate(house.master_keys, databases[number], NOW, batch=4), 4)
    assert len({each.primary for each in done}) == 1 and sum(each.is_new for each in done) == 1
    assert sum(each.resealed for each in done) == 35 and house.wrong(house.vault()) == []
    for database in databases:
        database.close()


def test_retiring_is_refused_while_a_row_needs_the_old_key(house: House) -> None:
    house.fill(keys=1)
    (where,) = house.texts
    old_text = house.sealed(where)
    rotate(house.master_keys, house.database, NOW)
    with house.database.write() as unit:
        unit.connection.execute(TABLES["provider-key"].update().values(sealed=old_text))
    assert census(house.master_keys, house.database).older == 1
    before = house.key_file.read_text()
    with pytest.raises(BadInput, match="still needed") as refused:
        retire(house.master_keys, house.database, NOW)
    assert "keys rotate" in refused.value.hint and house.key_file.read_text() == before
    assert rotate(house.master_keys, house.database, NOW).resealed == 1
    retire(house.master_keys, house.database, NOW)
    assert house.wrong(house.vault()) == []


def test_retiring_is_refused_when_a_change_was_begun_and_no_row_is_there(house: House) -> None:
    house.master_keys.write((b"n" * 32, *house.master_keys.read()))
    assert census(house.master_keys, house.database).begun
    with pytest.raises(BadInput, match="still needed"):
        retire(house.master_keys, house.database, NOW)
    assert rotate(house.master_keys, house.database, NOW).primary == Vault(b"n" * 32).kid
    retire(house.master_keys, house.database, NOW)
    check_canary(house.vault(), house.database)


def test_a_process_that_lists_the_new_key_second_seals_with_it_once_it_is_in_force(house: House) -> None:
    new, (old,) = b"n" * 32, house.master_keys.read()
    keys, ada = Keys(house.database, house.settings, Vault(old, new), clock=lambda: NOW), actor()
    house.master_keys.write((new, old))
    rotate(house.master_keys, house.database, NOW)
    keys.save(ada, "openai", "sk-not-with-the-old-one")
    with house.database.read() as unit:
        (row,) = unit.keys.of(ada.person_id)  # type: ignore[arg-type]
    assert key_id_of(row.sealed) == Vault(new).kid


def test_a_row_that_nobody_can_open_is_counted_left_alone_and_in_nobodys_way(house: House) -> None:
    house.fill(keys=3)
    first, second, _ = house.texts
    moved = house.sealed(first)
    with house.database.write() as unit:
        table = TABLES["provider-key"]
        unit.connection.execute(table.update().where(table.c.id == second.row_id).values(sealed=moved))
    done = rotate(house.master_keys, house.database, NOW, batch=1)
    assert (done.resealed, done.unreadable) == (2, 1) and house.sealed(second) == moved
    retire(house.master_keys, house.database, NOW)
    assert house.wrong(house.vault()) == [second]


def of_environment(*keys: str) -> MasterKeys:
    os.environ["STUDIO_MASTER_KEY"] = " ".join(keys)
    return MasterKeys(Settings())


def test_keys_of_the_environment_are_changed_to_the_first(
    database: Database, tmp_path: Path, clean_environment: pytest.MonkeyPatch
) -> None:
    clean_environment.setenv("STUDIO_MASTER_KEY", OLD)
    house = House(database, tmp_path / "data")
    house.fill(keys=2)
    with pytest.raises(BadInput, match="nothing to change to"):
        rotate(house.master_keys, database, NOW)
    clean_environment.setenv("STUDIO_MASTER_KEY", f"{NEW},{OLD}")
    both = MasterKeys(Settings())
    with pytest.raises(BadInput, match="still needed"):
        retire(both, database, NOW)
    done = rotate(both, database, NOW)
    assert done.resealed == 2 and not done.is_new and not house.key_file.exists()
    gone = retire(both, database, NOW)
    assert gone.by_hand and len(gone.dropped) == 1
    clean_environment.setenv("STUDIO_MASTER_KEY", NEW)
    alone = Vault(*MasterKeys(Settings()).read())
    check_canary(alone, database)
    assert house.wrong(alone) == []


def test_a_lost_key_is_forgotten_and_what_the_new_one_sealed_stays(house: House) -> None:
    house.fill(keys=1)
    (lost,) = house.texts
    house.key_file.unlink()
    with pytest.raises(ConfigError, match="not the one"):
        rotate(house.master_keys, house.database, NOW)
    assert len(house.key_file.read_text().split()) == 1
    forget(house.master_keys, house.database, NOW)
    check_canary(house.vault(), house.database)
    assert house.wrong(house.vault()) == [lost]
    done = rotate(house.master_keys, house.database, NOW)
    assert (done.resealed, done.unreadable) == (0, 1)
    found = census(house.master_keys, house.database)
    assert (found.rows, found.older, found.lost, found.begun) == (1, 0, 1, False)
    retire(house.master_keys, house.database, NOW)


def test_each_change_stands_in_the_log_without_a_secret(house: House) -> None:
    (key,) = house.master_keys.read()
    rotate(house.master_keys, house.database, NOW)
    retire(house.master_keys, house.database, NOW)
    forget(house.master_keys, house.database, NOW)
    with house.database.read() as unit:
        rows = unit.connection.execute(text("SELECT action, target_kind, before, after FROM audit_events")).all()
    assert {row.action for row in rows} == {"vault.rotate", "vault.retire", "vault.forget"}
    assert {row.target_kind for row in rows} == {"vault"}
    assert base64.b64encode(key).decode() not in repr(rows) and key.hex() not in repr(rows)


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can give files away")
def test_the_key_file_stays_its_owners_when_root_changes_the_key(house: House) -> None:
    os.chown(house.key_file, 12345, 12345)
    rotate(house.master_keys, house.database, NOW)
    assert (house.key_file.stat().st_uid, house.key_file.stat().st_gid) == (12345, 12345)


def test_every_sealed_column_is_covered() -> None:
    sealed = {table.name for table in Base.metadata.tables.values() if "sealed" in table.c}
    assert sealed == {table.name for table in TABLES.values()} and set(TABLES) == set(PURPOSES)
