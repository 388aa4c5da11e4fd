"""Bringing a database to the tables of this version, and telling how far it is."""

from pathlib import Path
from typing import Literal

from alembic import command
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from alembic.util.exc import CommandError
from sqlalchemy import Connection, func, select

from db.session import Database

State = Literal["current", "behind", "empty", "newer"]

_ONE_AT_A_TIME = 7_305_516_012
"""The advisory lock that processes starting together queue for on PostgreSQL; any number will do."""


def state(database: Database) -> State:
    """Compare the database with this version of the studio."""
    with database.read() as unit:
        return _state(unit.connection)


def migrate(database: Database) -> None:
    """Bring the database to this version: all steps in one transaction, once, whoever else tries."""
    with database.write() as unit:
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
        try:
            command.upgrade(_config(unit.connection), "head")
        except CommandError as problem:
            raise database.failure(f"The database could not be migrated: {problem}.") from None


def _state(connection: Connection) -> State:
    revision = MigrationContext.configure(connection).get_current_revision()
    if revision is None:
        return "empty"
    known = [script.revision for script in ScriptDirectory.from_config(_config(connection)).walk_revisions()]
    if revision not in known:
        return "newer"
    return "current" if revision == known[0] else "behind"


def _config(connection: Connection) -> Config:
    config = Config()
    config.set_main_option("script_location", str(Path(__file__).parent / "migrations").replace("%", "%%"))
    config.attributes["connection"] = connection
    return config
