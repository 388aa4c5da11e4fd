"""A whole studio per test: a real database of each kind, and scripted answers in place of vendors."""

from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from engine.accounts.actor import Actor, Role
from engine.providers.scripted import Scripted
from engine.settings import load_settings
from engine.studio import Studio, open_studio
from tests.engine.vendors import vendor_process, vendors

__all__ = ["vendor_process", "vendors"]

PASSWORD = "correct horse battery"
NOT_OURS = ("_API_KEY", "_BASE_URL")


class Clock:
    """A clock that stands still until it is moved."""

    def __init__(self) -> None:
        self.now = datetime(2026, 11, 22, 12, 0, tzinfo=UTC)

    def __call__(self) -> datetime:
        return self.now

    def forward(self, **duration: float) -> None:
        """Move by a `timedelta` of these parts."""
        self.now += timedelta(**duration)


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def clean_environment(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> pytest.MonkeyPatch:
    """No key, address or setting of the machine reaches the test."""
    import os

    for name in list(os.environ):
        if (
            name.endswith(NOT_OURS)
            or name.startswith("STUDIO_")
            or name in ("DATABASE_URL", "AI_FEATURES_ENABLED", "SMTP_URL")
        ):
            monkeypatch.delenv(name)
    monkeypatch.chdir(tmp_path)
    return monkeypatch


@pytest.fixture
def local() -> Scripted:
    """What stands in for the local model."""
    return Scripted()


@pytest.fixture
def openai() -> Scripted:
    """What stands in for OpenAI."""
    return Scripted()


@pytest.fixture
def open_with(
    clean_environment: pytest.MonkeyPatch, database_url: str, clock: Clock, local: Scripted, openai: Scripted
) -> Iterator[Callable[..., Studio]]:
    """Opens a studio with the given environment variables."""
    opened: list[Studio] = []

    def open_it(**variables: str) -> Studio:
        for name, value in ({"DATABASE_URL": database_url} | variables).items():
            clean_environment.setenv(name, value)
        opened.append(open_studio(load_settings(), providers={"local": local, "openai": openai}, clock=clock))
        return opened[-1]

    yield open_it
    for studio in opened:
        studio.close()


@pytest.fixture
def studio(open_with: Callable[..., Studio]) -> Studio:
    """A studio without any key."""
    return open_with()


def person(studio: Studio, name: str = "Ada", *, role: Role = Role.USER, verified: bool = True) -> Actor:
    """A person who is there, as an actor. They have no password: hashing one takes its time."""
    operator = Actor.operator()
    email = f"{name.lower()}@example.org"
    studio.people.add(operator, email=email, name=name, role=role, verified=verified)
    return studio.people.acting_as(operator, email)


@pytest.fixture
def ada(studio: Studio) -> Actor:
    return person(studio)
