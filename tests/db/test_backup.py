"""Copies of a SQLite file: made under writers, and put back without losing what was there."""

import shutil
import threading
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from pysqlite3 import dbapi2 as sqlite_driver

from db.backup import back_up, restore
from db.health import check_integrity
from db.session import Database
from engine.errors import BadInput, DatabaseError
from tests.databases import opened

AT = datetime(2026, 11, 22, 12, 0, tzinfo=UTC)
KEPT = "studio.db.before-restore-20261122T120000Z"


def name_of(database: Database) -> Any:
    with database.read() as unit:
        return unit.house.get("name")


def call(database: Database, name: str) -> None:
    with database.write() as unit:
        unit.house.put("name", name)


def name_in(file: Path) -> Any:
    """What a copy holds; it is opened in a place of its own."""
    database = opened(f"sqlite:///{file}")
    try:
        check_integrity(database)
        return name_of(database)
    finally:
        database.close()


@pytest.fixture
def studio_db(sqlite_url: str, tmp_path: Path) -> Database:
    """A database named "old", with a copy of it when it was named "copied"."""
    database = opened(sqlite_url)
    call(database, "copied")
    back_up(database, tmp_path / "copy.db", refused=BadInput)
    call(database, "old")
    return database


def test_copies_made_while_others_write_are_each_of_one_moment(sqlite_url: str, tmp_path: Path) -> None:
    database, enough = opened(sqlite_url), threading.Event()

    def write() -> None:
        number = 0
        while not enough.is_set():
            number += 1
            with database.write() as unit:
                unit.house.put("first", number)
                unit.house.put("bulk", str(number) * 20_000)
                unit.house.put("last", number)

    writer = threading.Thread(target=write)
    writer.start()
    try:
        for number in range(10):
            back_up(database, tmp_path / f"{number}.db", refused=BadInput)
    finally:
        enough.set()
        writer.join()
    database.close()
    seen = set()
    for number in range(10):
        copy = opened(f"sqlite:///{tmp_path / f'{number}.db'}")
        check_integrity(copy)
        with copy.read() as unit:
            first, last = unit.house.get("first"), unit.house.get("last")
        copy.close()
        assert first == last
        seen.add(first)
    assert len(seen) > 1, "somebody wrote meanwhile"


def test_a_copy_is_one_file_for_its_owner_only(studio_db: Database, tmp_path: Path) -> None:
    studio_db.close()
    assert {file.name for file in tmp_path.iterdir()} == {"studio.db", "copy.db"}
    assert (tmp_path / "copy.db").stat().st_mode & 0o777 == 0o600
    assert name_in(tmp_path / "copy.db") == "copied"


def test_a_copy_comes_back_and_what_was_there_is_kept(studio_db: Database, tmp_path: Path) -> None:
    kept = restore(studio_db, tmp_path / "copy.db", at=AT, refused=BadInput)
    assert kept == tmp_path / KEPT
    assert (name_of(studio_db), name_in(kept)) == ("copied", "old")
    call(studio_db, "new")
    assert (name_of(studio_db), name_in(kept), name_in(tmp_path / "copy.db")) == ("new", "old", "copied")
    studio_db.close()


def test_what_a_killed_process_left_in_the_log_is_kept_too(studio_db: Database, tmp_path: Path) -> None:
    crashed = tmp_path / "crashed"
    crashed.mkdir()
    for file in tmp_path.glob("studio.db*"):
        shutil.copy(file, crashed)
    studio_db.close()
    assert (crashed / "studio.db-wal").stat().st_size > 0
    database = opened(f"sqlite:///{crashed / 'studio.db'}")
    kept = restore(database, tmp_path / "copy.db", at=AT, refused=BadInput)
    assert kept and (name_of(database), name_in(kept)) == ("copied", "old")
    database.close()


def test_a_damaged_database_gives_way_and_is_kept_as_it_is(studio_db: Database, tmp_path: Path) -> None:
    studio_db.close()
    damaged = b"this is no database any more" * 1000
    (tmp_path / "studio.db").write_bytes(damaged)
    (tmp_path / "studio.db-wal").write_bytes(damaged)
    kept = restore(studio_db, tmp_path / "copy.db", at=AT, refused=BadInput)
    assert kept and kept.read_bytes() == damaged
    assert (tmp_path / f"{KEPT}-wal").read_bytes() == damaged
    assert name_of(studio_db) == "copied"
    studio_db.close()


def test_a_database_that_is_not_there_yet_is_made_of_the_copy(studio_db: Database, tmp_path: Path) -> None:
    studio_db.close()
    fresh = opened(f"sqlite:///{tmp_path / 'fresh' / 'studio.db'}")
    assert restore(fresh, tmp_path / "copy.db", at=AT, refused=BadInput) is None
    assert name_of(fresh) == "copied"
    fresh.close()


def test_nothing_is_put_in_the_place_of_a_database_in_use(studio_db: Database, tmp_path: Path) -> None:
    running = opened(f"sqlite:///{tmp_path / 'studio.db'}")
    assert name_of(running) == "old"
    with pytest.raises(DatabaseError, match="in use") as busy:
        restore(studio_db, tmp_path / "copy.db", at=AT, refused=BadInput)
    assert "Stop the studio" in busy.value.hint and not (tmp_path / KEPT).exists()
    call(running, "still here")
    running.close()
    assert name_of(studio_db) == "still here"
    studio_db.close()


def damage(file: Path) -> None:
    content = bytearray(file.read_bytes())
    content[8192:] = b"\xff" * len(content[8192:])
    file.write_bytes(content)


def make_newer(file: Path) -> None:
    with sqlite_driver.connect(str(file)) as connection:
        connection.execute("UPDATE alembic_version SET version_num = '9999'")
    connection.close()


def make_other(file: Path) -> None:
    file.unlink()
    with sqlite_driver.connect(str(file)) as connection:
        connection.execute("CREATE TABLE alembic_version AS SELECT '0001' AS version_num")
    connection.close()


@pytest.mark.parametrize(
    ("spoil", "words"),
    [
        (Path.unlink, "no file"),
        (lambda file: file.write_text("notes " * 1000), "not a database of the studio"),
        (lambda file: file.write_bytes(b""), "not a database of the studio"),
        (make_other, "not a database of the studio"),
        (make_newer, "newer version"),
        (damage, "damaged|not a database"),
    ],
    ids=["missing", "text", "empty", "somebody else's", "newer", "damaged"],
)
def test_what_is_no_copy_of_this_studio_is_refused_and_nothing_changes(
    studio_db: Database, tmp_path: Path, spoil: Callable[[Path], object], words: str
) -> None:
    spoil(tmp_path / "copy.db")
    with pytest.raises(BadInput, match=words):
        restore(studio_db, tmp_path / "copy.db", at=AT, refused=BadInput)
    assert name_of(studio_db) == "old" and not (tmp_path / KEPT).exists()
    studio_db.close()


def test_a_copy_never_replaces_a_file(studio_db: Database, tmp_path: Path) -> None:
    with pytest.raises(BadInput, match="there already"):
        back_up(studio_db, tmp_path / "copy.db", refused=BadInput)
    with pytest.raises(BadInput, match="no folder"):
        back_up(studio_db, tmp_path / "nowhere" / "copy.db", refused=BadInput)
    studio_db.close()
    assert name_in(tmp_path / "copy.db") == "copied"


def test_a_damaged_database_makes_no_copy(studio_db: Database, tmp_path: Path) -> None:
    studio_db.close()
    damage(tmp_path / "studio.db")
    with pytest.raises(DatabaseError, match="could not be made"):
        back_up(studio_db, tmp_path / "other.db", refused=BadInput)
    assert not list(tmp_path.glob("*other*"))
    studio_db.close()


def test_postgresql_has_tools_of_its_own(postgres_url: str, tmp_path: Path) -> None:
    database = opened(postgres_url)
    for act in (lambda file: back_up(database, file, refused=BadInput), lambda file: restore_any(database, file)):
        with pytest.raises(BadInput) as refused:
            act(tmp_path / "copy.db")
        assert "pg_dump" in refused.value.hint
    database.close()


def restore_any(database: Database, file: Path) -> Path | None:
    return restore(database, file, at=AT, refused=BadInput)
