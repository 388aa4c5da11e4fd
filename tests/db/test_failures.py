"""The words for what a driver reports."""

import pytest
from sqlalchemy import make_url
from sqlalchemy.exc import IntegrityError, OperationalError, ProgrammingError, SQLAlchemyError
from sqlalchemy.exc import TimeoutError as PoolTimeout

from db.failures import explain, is_taken, where

SQLITE = make_url("sqlite:////data/studio.db")
POSTGRES = make_url("postgresql+psycopg://me:secret@db.example.org:5433/studio")


class Origin(Exception):
    """An error of a driver; PostgreSQL's carry a state."""

    def __init__(self, text: str, state: str | None = None) -> None:
        super().__init__(text)
        self.sqlstate = state


def failed(text: str, state: str | None = None) -> OperationalError:
    return OperationalError("SELECT secret", {"value": "secret"}, Origin(text, state))


@pytest.mark.parametrize(
    ("problem", "url", "words", "busy"),
    [
        (failed("database is locked"), SQLITE, "busy", True),
        (PoolTimeout("QueuePool limit reached"), SQLITE, "busy", True),
        (failed("canceling statement", "55P03"), POSTGRES, "busy", True),
        (failed("canceling statement", "57014"), POSTGRES, "busy", True),
        (failed("deadlock detected", "40P01"), POSTGRES, "busy", True),
        (failed("attempt to write a readonly database"), SQLITE, "/data/studio.db cannot be written", False),
        (failed("database disk image is malformed"), SQLITE, "/data/studio.db is damaged", False),
        (failed("database or disk is full"), SQLITE, "no space left for the database /data/studio.db", False),
        (failed("No space left on device", "53100"), POSTGRES, "no space left", False),
        (failed("permission denied for table people", "42501"), POSTGRES, "may not do this", False),
        (failed("too many clients", "53300"), POSTGRES, "no free connection", False),
        (failed('FATAL:  password authentication failed for user "me"'), POSTGRES, "refused the user name", False),
        (failed("connection refused"), POSTGRES, "studio at db.example.org:5433 cannot be reached", False),
        (failed("disk I/O error\nand more"), SQLITE, "full or failing", False),
        (failed("unheard of\nand more"), SQLITE, "could not do this: unheard of.", False),
        (failed("terminating connection", "57P01"), POSTGRES, "being stopped or started", False),
        (ProgrammingError("SELECT secret", {}, Origin("odd", "99999")), POSTGRES, "could not do this: odd.", False),
        (SQLAlchemyError("a mistake of ours"), SQLITE, "could not do this: SQLAlchemyError.", False),
    ],
)
def test_a_failure_is_one_sentence_with_a_way_on(problem: SQLAlchemyError, url, words: str, busy: bool) -> None:
    failure = explain(problem, url)
    assert words in failure.message and failure.busy == busy
    assert failure.hint and failure.message.endswith(".") and "\n" not in failure.message
    assert "secret" not in failure.message + failure.hint


def test_only_a_unique_value_counts_as_taken() -> None:
    for text, state, taken in [
        ("UNIQUE constraint failed: people.email", None, True),
        ("NOT NULL constraint failed: people.email", None, False),
        ("duplicate key value", "23505", True),
        ("foreign key violation", "23503", False),
    ]:
        assert is_taken(IntegrityError("INSERT", {}, Origin(text, state))) == taken


def test_a_database_is_named_without_its_secrets() -> None:
    assert where(POSTGRES) == "studio at db.example.org:5433"
    assert where(SQLITE) == "/data/studio.db"
