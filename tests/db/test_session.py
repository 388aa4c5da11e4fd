"""The unit of work, and what is said when the database cannot be used."""

import threading
import traceback
from datetime import datetime
from pathlib import Path

import pytest
from sqlalchemy import delete, func, make_url, select, update
from uuid_utils.compat import uuid7

from db.health import check_integrity, description
from db.models import HouseSetting, Person, UserSettings
from db.session import Database
from engine.errors import DatabaseBusy, DatabaseError
from tests.databases import opened
from tests.db.test_repositories import NOW, person


def test_what_a_unit_wrote_is_there_and_its_rows_stay_readable(database: Database) -> None:
    with database.write() as unit:
        ada = person()
        unit.people.add(ada)
    assert ada.handle == "ada"
    with database.read() as unit:
        assert unit.people.by_id(ada.id) is not None


def test_an_error_takes_everything_back_and_comes_out_as_it_is(database: Database) -> None:
    with pytest.raises(KeyError), database.write() as unit:
        unit.people.add(person())
        unit.house.put("name", 1)
        raise KeyError
    with database.read() as unit:
        assert unit.people.all() == [] and unit.house.get("name") is None


def test_a_unit_inside_a_unit_is_refused_at_once_and_the_thread_goes_on(database: Database) -> None:
    with pytest.raises(RuntimeError), database.write(), database.write():
        raise AssertionError("never reached")
    with database.write() as unit:
        unit.house.put("name", 1)
        with database.read() as reader:
            assert reader.house.get("name") is None


def test_a_reading_unit_cannot_write_and_sees_one_moment(database: Database) -> None:
    with pytest.raises(DatabaseError), database.read() as unit:
        unit.house.put("name", 1)
    with database.read() as unit:
        assert unit.house.get("name") is None
        with database.write() as writer:
            writer.house.put("name", 1)
        assert unit.house.get("name") is None
    with database.write() as unit:
        assert unit.house.get("name") == 1, "the connection is as before"


def test_a_lock_that_is_not_given_up_is_busy(database_url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    holder = opened(database_url)
    monkeypatch.setattr("db.session.PATIENCE_MS", 50)
    waiter = opened(database_url)
    with holder.write() as unit:
        unit.house.put("name", 1)
    locked, done = threading.Event(), threading.Event()

    def hold() -> None:
        with holder.write() as unit:
            unit.house.put("name", 2)
            locked.set()
            done.wait()

    thread = threading.Thread(target=hold)
    thread.start()
    locked.wait()
    with pytest.raises(DatabaseBusy) as busy, waiter.write() as unit:
        unit.house.put("name", 3)
    with waiter.read() as unit:
        assert unit.house.get("name") == 1, "reading goes on"
    done.set()
    thread.join()
    assert busy.value.hint == "Nothing was saved. Try again in a moment."
    with waiter.write() as unit:
        unit.house.put("name", 3)
    for each in (holder, waiter):
        each.close()


def test_sqlite_is_durable_and_of_a_version_without_the_wal_reset_bug(sqlite_url: str) -> None:
    database = opened(sqlite_url)
    with database.write() as unit:
        settings = {
            name: unit.connection.exec_driver_sql(f"PRAGMA {name}").scalar()
            for name in ("journal_mode", "synchronous", "foreign_keys", "busy_timeout")
        }
        version = unit.connection.dialect.server_version_info
    database.close()
    assert settings == {"journal_mode": "wal", "synchronous": 2, "foreign_keys": 1, "busy_timeout": 10_000}
    assert version and version >= (3, 51, 3)


def test_postgresql_gives_up_on_locks_long_statements_and_idle_transactions(postgres_url: str) -> None:
    database = opened(postgres_url)
    names = ("lock_timeout", "statement_timeout", "idle_in_transaction_session_timeout", "TimeZone")
    with database.write() as unit:
        settings = [unit.connection.scalar(select(func.current_setting(name))) for name in names]
    database.close()
    assert settings == ["10s", "15s", "30s", "UTC"]


def test_deleting_a_person_deletes_what_is_theirs(database: Database) -> None:
    with database.write() as unit:
        ada = person()
        unit.people.add(ada)
        unit.people.save_settings(ada.id, preferred_model="local:smollm2")
    with database.write() as unit:
        unit.session.execute(delete(Person))
    with database.read() as unit:
        assert unit.session.scalars(select(UserSettings)).all() == []


def test_a_reference_to_nobody_is_refused(database: Database) -> None:
    with pytest.raises(DatabaseError), database.write() as unit:
        unit.people.save_settings(uuid7(), preferred_model=None)


def test_a_time_without_a_zone_is_refused(database: Database) -> None:
    with pytest.raises(DatabaseError, match="without a time zone"), database.write() as unit:
        unit.people.set_verified(uuid7(), datetime(2026, 11, 22))  # noqa: DTZ001


def test_instants_are_kept_whatever_their_zone(database: Database) -> None:
    ada = person(created_at=NOW.astimezone().replace(microsecond=123_456))
    with database.write() as unit:
        unit.people.add(ada)
    with database.read() as unit:
        (kept,) = unit.people.all()
    assert kept.created_at == NOW.replace(microsecond=123_456) and str(kept.created_at.tzinfo) == "UTC"


def test_a_sound_database_says_what_it_is(database: Database) -> None:
    check_integrity(database)
    assert description(database).startswith({"sqlite": "SQLite 3.", "postgresql": "PostgreSQL "}[database.dialect])


@pytest.mark.parametrize(
    ("url", "words"),
    [
        ("nonsense", "not the address of a database"),
        ("", "not the address of a database"),
        ("mysql://me:secret@host/studio", "kind mysql"),
        ("sqlite://", "names no file"),
        ("sqlite:///:memory:", "names no file"),
        ("postgresql+psycopg://me:secret@127.0.0.1:1/studio", "studio at 127.0.0.1:1 cannot be reached"),
        ("postgres://me:secret@host.invalid/studio", "studio at host.invalid cannot be reached"),
        ("sqlite:////proc/nowhere/studio.db", "/proc/nowhere cannot be made"),
        ("sqlite:////proc", "/proc cannot be opened"),
    ],
)
def test_a_wrong_address_is_one_sentence_without_the_password(url: str, words: str) -> None:
    with pytest.raises(DatabaseError) as refused:
        opened(url).ping()
    problem = refused.value
    assert words in problem.message and problem.hint
    assert "\n" not in problem.message
    assert "secret" not in "".join(traceback.format_exception(problem)) + problem.hint


def test_a_file_that_is_no_database_is_named(tmp_path: Path) -> None:
    file = tmp_path / "notes.txt"
    file.write_text("not a database, but long enough to have a header of its own" * 20)
    with pytest.raises(DatabaseError, match=r"notes\.txt is not a database"):
        opened(f"sqlite:///{file}").ping()


def test_a_full_disk_is_said_and_leaves_the_database_as_it_was(sqlite_url: str) -> None:
    database = opened(sqlite_url)
    with pytest.raises(DatabaseError, match="no space left"), database.write() as unit:
        unit.connection.exec_driver_sql("PRAGMA max_page_count = 1")
        unit.house.put("big", "x" * 10_000_000)
    database.close()
    with database.write() as unit:
        unit.house.put("big", "fits")
    check_integrity(database)
    database.close()


@pytest.mark.parametrize(
    ("user", "name", "words"),
    [("postgres", "nowhere", "There is no database nowhere"), ("eve", "postgres", "refused the user name")],
)
def test_a_wrong_name_at_a_running_server_is_told_from_a_server_that_is_away(
    postgres_url: str, user: str, name: str, words: str
) -> None:
    url = make_url(postgres_url).set(username=user, password="secret", database=name)
    with pytest.raises(DatabaseError, match=words) as refused:
        opened(url.render_as_string(hide_password=False)).ping()
    assert "secret" not in refused.value.message


def test_a_database_without_tables_points_to_migrate(blank_url: str) -> None:
    database = opened(blank_url)
    with pytest.raises(DatabaseError, match="no tables") as refused, database.read() as unit:
        unit.people.all()
    assert "migrate" in refused.value.hint
    database.close()


def test_no_statement_and_no_value_is_told(database: Database) -> None:
    with pytest.raises(DatabaseError) as refused, database.write() as unit:
        unit.people.add(person(password_hash="very-secret"))
        unit.session.execute(update(Person).values(email=None))
    told = refused.value.message + refused.value.hint
    assert "UPDATE" not in told and "very-secret" not in told and "\n" not in told


def test_a_database_can_be_used_again_after_it_was_closed(database: Database) -> None:
    database.close()
    with database.write() as unit:
        unit.session.add(HouseSetting(name="name", value=1))
    database.ping()
