"""Migrations: they make the tables of the models, once, on both databases."""

import errno
import shutil
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import pytest
from alembic.autogenerate import compare_metadata
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Column, MetaData, Table, Text, insert, inspect, make_url, text
from uuid_utils.compat import uuid7

from db.migrate import migrate, state
from db.models import NOBODY, Base, UsageEvent
from db.models.base import table_of
from db.revisions import MIGRATIONS, known, newest
from db.session import Database
from engine.errors import DatabaseError
from engine.usage.call import Admission
from engine.usage.lines import report
from tests.databases import opened
from tests.db.races import race
from tests.db.test_repositories import person
from tests.engine.usage.cases import CALL, OK


def differences(database: Database, metadata: MetaData) -> list[object]:
    """What the database has otherwise than the models say."""
    with database.read() as unit:
        return list(compare_metadata(MigrationContext.configure(unit.connection), metadata))


def test_an_empty_database_becomes_current_and_stays_so(blank_url: str) -> None:
    database = opened(blank_url)
    assert state(database) == "empty"
    for _ in range(2):
        migrate(database)
        assert state(database) == "current"
    database.close()


def test_the_migrations_make_exactly_the_tables_of_the_models(database: Database) -> None:
    assert differences(database, Base.metadata) == []


def test_the_comparison_would_see_a_forgotten_column(database: Database) -> None:
    other = MetaData()
    for table in Base.metadata.sorted_tables:
        table.to_metadata(other)
    Table("people", other, Column("forgotten", Text), extend_existing=True)
    assert len(differences(database, other)) == 1


def test_processes_that_migrate_at_the_same_time_do_it_once(blank_url: str) -> None:
    databases = [opened(blank_url) for _ in range(8)]
    race(lambda number: migrate(databases[number]), len(databases))
    assert {state(database) for database in databases} == {"current"}
    for database in databases:
        database.close()


def test_a_migration_that_fails_leaves_nothing(blank_url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(*arguments: object, **options: object) -> None:
        raise ZeroDivisionError

    database = opened(blank_url)
    monkeypatch.setattr("alembic.op.create_index", broken)
    with pytest.raises(DatabaseError, match="could not be migrated"):
        migrate(database)
    monkeypatch.undo()
    assert state(database) == "empty"
    migrate(database)
    assert state(database) == "current"
    database.close()


def test_a_database_of_a_newer_version_is_refused(database: Database) -> None:
    with database.write() as unit:
        unit.connection.execute(text("UPDATE alembic_version SET version_num = '9999'"))
    try:
        assert state(database) == "newer"
        with pytest.raises(DatabaseError, match="newer version"):
            migrate(database)
    finally:
        with database.write() as unit:
            unit.connection.execute(text("UPDATE alembic_version SET version_num = :ours"), {"ours": newest()})


NEXT = """
import sqlalchemy as sa
from alembic import op

revision, down_revision = "9000", {before!r}


def upgrade():
    {steps}
"""
REBUILD = """
    recreate = "always" if op.get_bind().dialect.name == "sqlite" else "never"
    with op.batch_alter_table("people", recreate=recreate) as people:
        people.add_column(sa.Column("motto", sa.Text))"""
HALF = """op.add_column("people", sa.Column("motto", sa.Text))
    op.execute("UPDATE people SET name = 'lost'")
    op.execute("no such statement")"""
ORPHANS = """op.execute("DELETE FROM people")"""

Release = Callable[[str], None]


@pytest.fixture
def release(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Release:
    """Makes the studio one version newer, whose migration takes the given steps."""

    def release(steps: str) -> None:
        folder = tmp_path / "migrations"
        shutil.copytree(MIGRATIONS, folder)
        (folder / "versions" / "9000_next.py").write_text(NEXT.format(before=newest(), steps=steps))
        monkeypatch.setattr("db.revisions.MIGRATIONS", folder)

    return release


@pytest.fixture
def lived_in(blank_url: str) -> Iterator[Database]:
    """A database of the version before, with a person and what is theirs."""
    database = opened(blank_url)
    migrate(database)
    with database.write() as unit:
        ada = person()
        unit.people.add(ada)
        unit.people.save_settings(ada.id, preferred_model="local:smollm2")
    yield database
    database.close()


def contents(database: Database) -> list[tuple[str, str | None]]:
    """The people by name, each with their setting."""
    with database.read() as unit:
        rows = unit.connection.execute(
            text("SELECT name, preferred_model FROM people LEFT JOIN user_settings ON person_id = people.id")
        )
        return [(name, model) for name, model in rows]


def copies(database: Database) -> list[Path]:
    """The copies beside a SQLite file."""
    file = Path(make_url(database.url).database or "")
    return sorted(file.parent.glob(f"*{file.name}.before*")) if database.dialect == "sqlite" else []


def test_replacing_a_table_deletes_nothing_that_refers_to_it(lived_in: Database, release: Release) -> None:
    release(REBUILD)
    assert state(lived_in) == "behind"
    migrate(lived_in)
    assert state(lived_in) == "current"
    assert contents(lived_in) == [("Ada", "local:smollm2")]
    with pytest.raises(DatabaseError), lived_in.write() as unit:
        unit.people.save_settings(uuid7(), preferred_model=None)


def test_before_a_sqlite_file_is_migrated_it_is_copied_beside(lived_in: Database, release: Release) -> None:
    release(REBUILD)
    migrate(lived_in)
    if lived_in.dialect == "sqlite":
        (copy,) = copies(lived_in)
        assert copy.name == "blank.db.before-9000"
        before = opened(f"sqlite:///{copy}")
        assert (state(before), contents(before)) == ("behind", [("Ada", "local:smollm2")])
        before.close()
    migrate(lived_in)
    assert len(copies(lived_in)) == (lived_in.dialect == "sqlite")


def test_a_migration_that_fails_half_way_is_undone_and_says_where_the_copy_is(
    lived_in: Database, release: Release
) -> None:
    release(HALF)
    with pytest.raises(DatabaseError, match="could not be migrated") as failed:
        migrate(lived_in)
    assert state(lived_in) == "behind"
    assert contents(lived_in) == [("Ada", "local:smollm2")]
    assert all(str(copy) in failed.value.hint for copy in copies(lived_in))
    assert len(copies(lived_in)) == (lived_in.dialect == "sqlite")
    with pytest.raises(DatabaseError):
        migrate(lived_in)


def test_a_migration_that_would_leave_orphans_is_undone(lived_in: Database, release: Release) -> None:
    release(ORPHANS)
    if lived_in.dialect == "sqlite":
        with pytest.raises(DatabaseError, match="a row of user_settings would lose the row of people"):
            migrate(lived_in)
        assert contents(lived_in) == [("Ada", "local:smollm2")]
    else:
        migrate(lived_in)


def test_without_space_for_the_copy_nothing_is_migrated(
    lived_in: Database, release: Release, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(*arguments: object) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    release(REBUILD)
    monkeypatch.setattr("db.backup._copy", full)
    if lived_in.dialect == "sqlite":
        with pytest.raises(DatabaseError, match=r"was not migrated, because its copy .* No space left"):
            migrate(lived_in)
        assert (state(lived_in), contents(lived_in)) == ("behind", [("Ada", "local:smollm2")])
    else:
        migrate(lived_in)


def test_the_known_revisions_are_those_that_alembic_finds() -> None:
    config = Config()
    config.set_main_option("script_location", str(MIGRATIONS))
    found = [script.revision for script in ScriptDirectory.from_config(config).walk_revisions()]
    assert found == known()[::-1] and newest() == found[0]


def test_sums_by_the_hour_begin_with_what_the_ledger_has_already(
    blank_url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    older = tmp_path / "older"
    newer_ones = [f"{revision}*" for revision in known() if revision > "0003"]
    shutil.copytree(MIGRATIONS, older, ignore=shutil.ignore_patterns(*newer_ones))
    database = opened(blank_url)
    with monkeypatch.context() as before:
        before.setattr("db.revisions.MIGRATIONS", older)
        migrate(database)
    admission = Admission(uuid7(), CALL, uuid7(), NOBODY, date(2026, 11, 22), ())
    with database.write() as unit:
        names = {column["name"] for column in inspect(unit.connection).get_columns("usage_events")}
        columns = [Column(each.name, each.type) for each in table_of(UsageEvent).c if each.name in names]
        as_it_was = Table("usage_events", MetaData(), *columns)
        for minute, latency in ((0, 90), (59, 700), (60, None), (61, 10**8)):
            at = datetime(2026, 11, 22, 9, tzinfo=UTC) + timedelta(minutes=minute, microseconds=1)
            outcome = replace(OK, latency_ms=latency, first_token_ms=latency)
            line = report(replace(admission, id=uuid7()), outcome, at)
            unit.connection.execute(insert(as_it_was), {name: line[name] for name in names})
    migrate(database)
    with database.read() as unit:
        assert unit.connection.scalar(text("SELECT SUM(calls) FROM ai_hourly_house")) == 4
        assert [key for key, _ in unit.ledger.disagreements() if "hour" in key] == []
    database.close()
