"""Adapters on a machine without keys, and the embedded model."""

import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from engine.providers import Adapters
from engine.providers.local import Local
from engine.settings import Settings


@pytest.fixture
def settings(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Settings:
    """Settings of a machine without any key."""
    for name in os.environ:
        if name.endswith(("_API_KEY", "_BASE_URL")) or name.startswith("STUDIO_"):
            monkeypatch.delenv(name)
    monkeypatch.chdir(tmp_path)
    return Settings()


@pytest.fixture
def adapters(settings: Settings) -> Iterator[Adapters]:
    """The adapters of such a machine."""
    adapters = Adapters(settings)
    yield adapters
    adapters.close()


@pytest.fixture(scope="session")
def embedded() -> Iterator[Local]:
    """The real embedded model, loaded once."""
    local = Local(Settings(local_model_path=None))
    yield local
    local.close()
