"""Whether a database is sound, and which it is: what `doctor` asks."""

from sqlalchemy import func, select

from db.session import Database


def description(database: Database) -> str:
    """Kind and version, such as `SQLite 3.53.4`."""
    if database.dialect == "sqlite":
        with database.read() as unit:
            return f"SQLite {unit.connection.scalar(select(func.sqlite_version()))}"
    with database.read() as unit:
        return f"PostgreSQL {unit.connection.scalar(select(func.current_setting('server_version')))}"


def check_integrity(database: Database) -> None:
    """Have SQLite read its whole file; PostgreSQL checks its pages itself. Raises the database's `failed`."""
    if database.dialect != "sqlite":
        database.ping()
        return
    with database.read() as unit:
        found = unit.connection.exec_driver_sql("PRAGMA integrity_check(1)").scalar()
    if found != "ok":
        raise database.failure(f"The database file is damaged: {found}.", hint="Restore a backup.")
