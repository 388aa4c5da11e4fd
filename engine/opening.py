"""The database of a house: found by the settings, in a folder that can be written, at the version that is needed."""

import os

from db.migrate import migrate, state
from db.session import Database
from engine.errors import ConfigError, DatabaseBusy, DatabaseError
from engine.settings import Settings


def open_database(settings: Settings) -> Database:
    """The database, migrated when it is SQLite. Raises ConfigError or DatabaseError."""
    database = connect(settings)
    try:
        _bring_up_to_date(database)
    except Exception:
        database.close()
        raise
    return database


def connect(settings: Settings) -> Database:
    """The database as it is, in a data folder that can be written. Raises ConfigError or DatabaseError."""
    folder = settings.data_dir
    try:
        folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    except OSError as problem:
        raise ConfigError(
            f"The data folder {folder} cannot be made: {problem.strerror}.",
            hint="Give this user the right to write there, or set STUDIO_DATA_DIR to another folder.",
        ) from None
    if not os.access(folder, os.W_OK | os.X_OK):
        raise ConfigError(
            f"The data folder {folder} cannot be written.",
            hint="Give this user the right to write there, or set STUDIO_DATA_DIR to another folder.",
        )
    return Database(settings.sqlalchemy_url, failed=DatabaseError, busy=DatabaseBusy)


def _bring_up_to_date(database: Database) -> None:
    found = state(database)
    if found == "newer":
        raise DatabaseError(
            "The database was written by a newer version of the studio.", hint="Update the studio, or restore a backup."
        )
    if found != "current" and database.dialect == "sqlite":
        migrate(database)
    elif found != "current":
        raise DatabaseError(
            "The PostgreSQL database is not at the version that the studio needs.",
            hint="Run `python -m engine migrate`.",
        )
