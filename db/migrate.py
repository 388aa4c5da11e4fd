"""Bringing a database to the tables of this version, and telling how far it is."""

from sqlalchemy import Connection, column, func, inspect, select, table
from sqlalchemy.exc import SQLAlchemyError

from db import revisions
from db.backup import copy_before
from db.failures import explain
from db.revisions import State, newest, standing
from db.session import Database, Dialect

_ONE_AT_A_TIME = 7_305_516_012
"""The advisory lock that processes starting together queue for on PostgreSQL; any number will do."""


def state(database: Database) -> State:
    """Compare the database with this version of the studio."""
    with database.read() as unit:
        return _state(unit.connection)


def migrate(database: Database) -> None:
    """Bring the database to this version: all steps in one transaction, once, whoever else tries.

    A SQLite file that has something in it is copied beside itself first.
    """
    with database.rebuild() as unit:
        if database.dialect == "postgresql":
            unit.connection.execute(select(func.pg_advisory_xact_lock(_ONE_AT_A_TIME)))
            unit.connection.execute(select(func.set_config("statement_timeout", "0", True)))
        found = _state(unit.connection)
        if found == "newer":
            raise database.failure(
                "The database was made by a newer version of the studio.",
                hint="Start that version, or use another database.",
            )
        if found == "current":
            return
        kept = copy_before(database, newest()) if found == "behind" and database.dialect == "sqlite" else None
        try:
            _upgrade(unit.connection, database.dialect)
        except Exception as problem:
            reason = explain(problem, database.url).message if isinstance(problem, SQLAlchemyError) else str(problem)
            reason = reason or type(problem).__name__
            raise database.failure(
                f"The database could not be migrated: {reason.removesuffix('.')}.",
                hint=f"It is as it was{f', and a copy is {kept}' if kept else ''}. Go back to the version before.",
            ) from problem


def _upgrade(connection: Connection, dialect: Dialect) -> None:
    # Imported here: nobody else needs Alembic, and it is a third of what the studio would load at its start.
    from alembic import command
    from alembic.config import Config

    settings = Config()
    settings.set_main_option("script_location", str(revisions.MIGRATIONS).replace("%", "%%"))
    settings.attributes["connection"] = connection
    command.upgrade(settings, "head")
    if dialect == "sqlite" and (orphan := connection.exec_driver_sql("PRAGMA foreign_key_check").first()):
        raise ValueError(f"a row of {orphan[0]} would lose the row of {orphan[2]} that it belongs to")


def _state(connection: Connection) -> State:
    if not inspect(connection).has_table("alembic_version"):
        return "empty"
    return standing(connection.scalar(select(column("version_num")).select_from(table("alembic_version"))))
