"""Fixtures that every test may use: a migrated, empty database of each kind."""

import shutil
from collections.abc import Iterator
from pathlib import Path

import bcrypt
import pytest

from db.migrate import migrate
from db.session import Database
from tests.databases import (
    DIALECTS,
    PostgresServer,
    blank_postgres,
    empty,
    migrated_sqlite,
    opened,
    postgres_server,
)

CHEAP_HASH = 4
"""The least work that bcrypt does; a hash as the product makes it takes a quarter of a second."""


@pytest.fixture(scope="session", autouse=True)
def cheap_hashes() -> Iterator[None]:
    """Hash passwords in this process with little work; processes that a test starts hash as the product does."""
    with pytest.MonkeyPatch.context() as patch:
        salt = bcrypt.gensalt
        patch.setattr(bcrypt, "gensalt", lambda rounds=CHEAP_HASH: salt(rounds))
        yield


@pytest.fixture(scope="session")
def sqlite_template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A migrated SQLite file to copy; do not open it."""
    return migrated_sqlite(tmp_path_factory.mktemp("template") / "studio.db")


@pytest.fixture
def sqlite_url(sqlite_template: Path, tmp_path: Path) -> str:
    """A migrated, empty SQLite database of the test's own."""
    file = shutil.copy(sqlite_template, tmp_path / "studio.db")
    return f"sqlite:///{file}"


@pytest.fixture(scope="session")
def postgres() -> Iterator[Database]:
    """The one PostgreSQL of the run, migrated. Use `postgres_url`, which leaves it empty."""
    with postgres_server() as server:
        database = opened(server.url)
        migrate(database)
        yield database
        database.close()


@pytest.fixture
def mortal_postgres() -> Iterator[PostgresServer]:
    """A migrated PostgreSQL server that the test may kill."""
    with postgres_server() as server:
        database = opened(server.url)
        migrate(database)
        database.close()
        yield server


@pytest.fixture
def postgres_url(postgres: Database) -> Iterator[str]:
    """A migrated, empty PostgreSQL database."""
    yield postgres.url.render_as_string(hide_password=False)
    empty(postgres)


@pytest.fixture(params=DIALECTS)
def blank_url(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[str]:
    """The URL of a database without tables; the test runs once on each kind."""
    if request.param == "sqlite":
        yield f"sqlite:///{tmp_path / 'blank.db'}"
    else:
        with blank_postgres(request.getfixturevalue("postgres_url")) as url:
            yield url


@pytest.fixture(params=DIALECTS)
def database_url(request: pytest.FixtureRequest) -> str:
    """The URL of a migrated, empty database; the test runs once on each kind."""
    url: str = request.getfixturevalue("sqlite_url" if request.param == "sqlite" else "postgres_url")
    return url


@pytest.fixture
def database(database_url: str) -> Iterator[Database]:
    """A migrated, empty database; the test runs once on each kind."""
    database = opened(database_url)
    yield database
    database.close()
