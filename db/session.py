"""The unit of work: how the house opens, commits and leaves its database. One short transaction at a time."""

import json
import threading
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from typing import Any, Literal, Protocol

from pysqlite3 import dbapi2 as sqlite_driver
from sqlalchemy import URL, Engine, create_engine, event, make_url, select
from sqlalchemy.exc import ArgumentError, SQLAlchemyError

from db.failures import explain
from db.unit import Unit

Dialect = Literal["sqlite", "postgresql"]

PATIENCE_MS = 10_000
"""How long a transaction waits for somebody else's lock, on both databases."""

_POSTGRES_SETTINGS = {"statement_timeout": "15s", "idle_in_transaction_session_timeout": "30s", "timezone": "UTC"}
_WAL = "journal_mode=WAL"
_PATIENCE = f"busy_timeout={PATIENCE_MS}"
_READ_ONLY: Mapping[str, Any] = {"isolation_level": "REPEATABLE READ", "postgresql_readonly": True}
_SCHEMES = {
    "sqlite": "sqlite+pysqlite",
    "sqlite+pysqlite": "sqlite+pysqlite",
    "postgres": "postgresql+psycopg",
    "postgresql": "postgresql+psycopg",
    "postgresql+psycopg": "postgresql+psycopg",
}
_SCHEME_HINT = "DATABASE_URL begins with sqlite:/// or postgresql+psycopg://."


class Failed(Protocol):
    """How an error of the caller's own tree is made."""

    def __call__(self, message: str, *, hint: str = "") -> Exception: ...


class Database:
    """A database by its URL. Connections are made when first needed and shared by all threads.

    `failed` and `busy` are the error types of the caller's tree; nothing of SQLAlchemy leaves this class.
    """

    def __init__(self, url: str, *, failed: Failed, busy: Failed) -> None:
        self._failed, self._busy = failed, busy
        self.url = self._parsed(url)
        self.dialect: Dialect = "sqlite" if self.url.get_backend_name() == "sqlite" else "postgresql"
        with self._translated():
            self._writer, self._reader = self._sqlite() if self.dialect == "sqlite" else self._postgresql()
        self._writing = threading.local()

    @contextmanager
    def write(self) -> Iterator[Unit]:
        """A transaction that commits at the end, or rolls back when an error leaves it.

        Raises RuntimeError inside another one of the same thread: it would wait for itself.
        """
        if getattr(self._writing, "now", False):
            raise RuntimeError("a unit of work is already open on this thread")
        self._writing.now = True
        try:
            with self._unit(self._writer) as unit:
                yield unit
        finally:
            self._writing.now = False

    @contextmanager
    def rebuild(self) -> Iterator[Unit]:
        """A `write` in which tables may be replaced, for migrations.

        SQLite changes a column by making its table anew; dropping the old one would delete, by the foreign keys, the
        rows of other tables. So here they are not obeyed: check them before the end.
        """
        if self.dialect == "postgresql":
            with self.write() as unit:
                yield unit
            return
        engine = self._sqlite_writer("foreign_keys=OFF")
        try:
            with self._unit(engine) as unit:
                yield unit
        finally:
            engine.dispose()

    @contextmanager
    def read(self) -> Iterator[Unit]:
        """A transaction that sees one moment and cannot write."""
        with self._unit(self._reader) as unit:
            yield unit

    def ping(self) -> None:
        """Ask the database for a sign of life; raises `failed` or `busy`."""
        with self.read() as unit:
            unit.connection.execute(select(1))

    def close(self) -> None:
        """Close all connections. The database can be used again afterwards."""
        self._writer.dispose()
        self._reader.dispose()

    def failure(self, message: str, *, hint: str = "") -> Exception:
        """An error of the caller's tree, for parts of this room that find something wrong themselves."""
        return self._failed(message, hint=hint)

    @contextmanager
    def _unit(self, engine: Engine) -> Iterator[Unit]:
        with self._translated(), engine.connect() as connection, connection.begin():
            unit = Unit(connection)
            try:
                yield unit
                unit.flush()
            finally:
                unit.release()

    @contextmanager
    def _translated(self) -> Iterator[None]:
        try:
            yield
        except SQLAlchemyError as problem:
            failure = explain(problem, self.url)
            kind = self._busy if failure.busy else self._failed
            raise kind(failure.message, hint=failure.hint) from None

    def _parsed(self, url: str) -> URL:
        try:
            parsed = make_url(url)
        except ArgumentError:
            raise self._failed("DATABASE_URL is not the address of a database.", hint=_SCHEME_HINT) from None
        if parsed.drivername not in _SCHEMES:
            scheme = parsed.drivername
            raise self._failed(f"The studio does not know databases of the kind {scheme}.", hint=_SCHEME_HINT)
        if parsed.drivername.startswith("sqlite") and parsed.database in (None, "", ":memory:"):
            raise self._failed("The SQLite address in DATABASE_URL names no file.", hint=_SCHEME_HINT)
        return parsed.set(drivername=_SCHEMES[parsed.drivername])

    def _sqlite(self) -> tuple[Engine, Engine]:
        file = Path(str(self.url.database))
        try:
            file.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        except OSError as problem:
            raise self._failed(
                f"The folder {file.parent} cannot be made: {problem.strerror}.",
                hint="Choose another with STUDIO_DATA_DIR or DATABASE_URL, or ask for the right to write there.",
            ) from None
        # One connection, because SQLite has one writer: threads queue for it fairly here, not in its busy loop.
        writer = self._sqlite_writer("foreign_keys=ON")
        reader = _sqlite_engine(self.url, pool_size=8, max_overflow=8)
        _prepare(reader, (_PATIENCE, "query_only=ON"), begin="BEGIN")
        return writer, reader

    def _sqlite_writer(self, foreign_keys: str) -> Engine:
        engine = _sqlite_engine(self.url, pool_size=1, max_overflow=0)
        _prepare(engine, (_PATIENCE, _WAL, "synchronous=FULL", foreign_keys), begin="BEGIN IMMEDIATE")
        return engine

    def _postgresql(self) -> tuple[Engine, Engine]:
        settings = _POSTGRES_SETTINGS | {"lock_timeout": PATIENCE_MS}
        options = " ".join(f"-c {name}={value}" for name, value in settings.items())
        engine = _engine(
            self.url,
            pool_pre_ping=True,
            pool_size=8,
            max_overflow=8,
            pool_timeout=30,
            connect_args={"options": options, "connect_timeout": 10},
        )
        return engine, engine.execution_options(**_READ_ONLY)


def _engine(url: URL, **options: Any) -> Engine:
    return create_engine(url, hide_parameters=True, json_serializer=partial(json.dumps, ensure_ascii=False), **options)


def _sqlite_engine(url: URL, **options: Any) -> Engine:
    return _engine(url, module=sqlite_driver, pool_timeout=30, connect_args={"isolation_level": None}, **options)


def _prepare(engine: Engine, pragmas: tuple[str, ...], *, begin: str) -> None:
    """Have SQLite's settings and its kind of transaction on every connection of an engine."""

    def connected(raw: Any, _: Any) -> None:
        for pragma in pragmas:
            _set(raw, pragma)
        # SQLite's own `lower` knows ASCII only; names are compared in every script, as on PostgreSQL.
        raw.create_function("lower", 1, _lower, deterministic=True)

    event.listen(engine, "connect", connected)
    event.listen(engine, "begin", lambda connection: connection.exec_driver_sql(begin))


def _lower(text: Any) -> Any:
    return text.lower() if isinstance(text, str) else text


def _set(raw: Any, pragma: str) -> None:
    """Set a pragma. SQLite does not wait when two processes turn a new file to WAL at the same moment, so we do."""
    patient_until = time.monotonic() + PATIENCE_MS / 1000
    while True:
        try:
            raw.execute(f"PRAGMA {pragma}")
            return
        except sqlite_driver.OperationalError as problem:
            if pragma != _WAL or "locked" not in str(problem) or time.monotonic() > patient_until:
                raise
        time.sleep(0.005)
