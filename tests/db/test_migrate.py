"""Migrations: they make the tables of the models, once, on both databases."""

import pytest
from alembic.autogenerate import compare_metadata
from alembic.runtime.migration import MigrationContext
from sqlalchemy import Column, MetaData, Table, Text, text

from db.migrate import migrate, state
from db.models import Base
from db.session import Database
from engine.errors import DatabaseError
from tests.databases import opened
from tests.db.races import race


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
    def broken(table: str) -> None:
        raise ZeroDivisionError

    database = opened(blank_url)
    monkeypatch.setattr("alembic.op.create_index", broken)
    with pytest.raises((ZeroDivisionError, TypeError)):
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
            unit.connection.execute(text("UPDATE alembic_version SET version_num = '0001'"))
