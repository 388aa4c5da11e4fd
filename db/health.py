"""Whether a database is sound, and which it is: what `doctor` asks."""

from sqlalchemy import text

from db.session import Database


def description(database: Database) -> str:
    """Kind and version, such as `SQLite 3.53.4`."""
    if database.dialect == "sqlite":
        with database.read() as unit:
            return f"SQLite {unit.connection.scalar(text('SELECT sqlite_version()'))}"
    with database.read() as unit:
        return f"PostgreSQL {unit.connection.scalar(text('SHOW server_version'))}"


def check_integrity(database: Database) -> None:
    """Have SQLite read its whole file; PostgreSQL checks its pages itself. Raises the database's `failed`."""
    if database.dialect != "sqlite":
        database.ping()
        return
    with database.read() as unit:
        found = unit.connection.scalar(text("PRAGMA integrity_check"))
    if found != "ok":
        raise database.failure(f"The database file is damaged: {found}.", hint="Restore a backup.")
