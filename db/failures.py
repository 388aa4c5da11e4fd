"""What went wrong in the database, in one sentence that a person may read: no statement, no value, no password."""

import re
from dataclasses import dataclass

from sqlalchemy import URL
from sqlalchemy.exc import IntegrityError, OperationalError, SQLAlchemyError, StatementError
from sqlalchemy.exc import TimeoutError as PoolTimeout

_BUSY_STATES = {"55P03", "57014", "40001", "40P01"}  # lock, statement timeout, serialisation, deadlock
_NO_TABLE = "The database has no tables for this version of the studio yet."
_MIGRATE = "Run `python -m engine migrate`."

_SQLITE: tuple[tuple[str, str, str], ...] = (
    ("no such table", _NO_TABLE, _MIGRATE),
    ("no such column", _NO_TABLE, _MIGRATE),
    ("unable to open", "The database file {where} cannot be opened.", "Check that the folder exists and is yours."),
    ("readonly", "The database file {where} cannot be written.", "Check who owns the file and its folder."),
    ("not a database", "The file {where} is not a database of the studio.", "Point DATABASE_URL to another file."),
    ("malformed", "The database file {where} is damaged.", "Restore the newest backup."),
    ("disk I/O error", "The disk of the database {where} is full or failing.", "Check its free space."),
    ("full", "There is no space left for the database {where}.", "Free some disk space; nothing was half written."),
)
_POSTGRES: tuple[tuple[str, str, str], ...] = (
    ("42P01", _NO_TABLE, _MIGRATE),
    ("42703", _NO_TABLE, _MIGRATE),
    ("28", "The database {where} refused the user name or the password.", "Check them in DATABASE_URL."),
    ("3D000", "There is no database {where}.", "Create it, or correct the name in DATABASE_URL."),
    ("42501", "The database user may not do this in {where}.", "Grant the user rights on the schema."),
    ("53100", "There is no space left for the database {where}.", "Free some disk space; nothing was half written."),
    ("57P", "The database {where} is being stopped or started.", "Try again in a moment."),
    ("53300", "The database {where} has no free connection.", "Raise max_connections, or start fewer processes."),
)
_REFUSED = ("password authentication failed", "no password supplied", "role ")


@dataclass(frozen=True, slots=True)
class Failure:
    """A failure in words. `busy` means that trying again may help."""

    message: str
    hint: str
    busy: bool = False


def where(url: URL) -> str:
    """Name a database without its secrets."""
    if url.get_backend_name() == "sqlite":
        return str(url.database)
    host = url.host or url.query.get("host") or "this machine"
    return f"{url.database or ''} at {host}{f':{url.port}' if url.port else ''}".strip()


def explain(problem: SQLAlchemyError, url: URL) -> Failure:
    """Put a failure of the driver or of SQLAlchemy into words."""
    origin = problem.orig if isinstance(problem, StatementError) else None
    text = str(origin or "").strip()
    state = getattr(origin, "sqlstate", None) or ""
    if isinstance(problem, PoolTimeout) or state in _BUSY_STATES or "is locked" in text:
        return Failure("The database is busy.", "Nothing was saved. Try again in a moment.", busy=True)
    for mark, message, hint in _SQLITE:
        if not state and url.get_backend_name() == "sqlite" and mark in text:
            return Failure(message.format(where=where(url)), hint)
    for mark, message, hint in _POSTGRES:
        if state.startswith(mark):
            return Failure(message.format(where=where(url)), hint)
    if isinstance(problem, OperationalError) and url.get_backend_name() != "sqlite" and not state:
        return _unreached(text, url)
    first_line = text.splitlines()[0] if text else type(problem).__name__
    return Failure(f"The database could not do this: {first_line[:200]}.", "Nothing was saved.")


def _unreached(text: str, url: URL) -> Failure:
    """A connection that was never made carries no state, only the server's words."""
    if any(mark in text for mark in _REFUSED):
        return Failure(f"The database {where(url)} refused the user name or the password.", "Check DATABASE_URL.")
    if re.search(r'database "[^"]*" does not exist', text):
        return Failure(f"There is no database {where(url)}.", "Create it, or correct the name in DATABASE_URL.")
    return Failure(f"The database {where(url)} cannot be reached.", "Start it, or correct DATABASE_URL.")


def is_taken(problem: IntegrityError) -> bool:
    """Whether the reason is a unique value that somebody else has."""
    return getattr(problem.orig, "sqlstate", "") == "23505" or "UNIQUE constraint" in str(problem.orig)
