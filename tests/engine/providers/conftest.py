"""Vendors to talk to: an emulator in a process of its own, the embedded model, and a folder with a script."""

import os
import socket
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx2
import pytest

from engine.providers import Adapters
from engine.providers.local import Local
from engine.settings import Settings
from tests.engine.providers.canned import WAIT_S


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


@dataclass(frozen=True, slots=True)
class Vendors:
    """The emulator: what it is to do next, and what it was asked."""

    url: str

    def will(self, behaviour: str, /, **more: Any) -> None:
        """Queue a behaviour for the next request."""
        behaviours = {"behaviors": [{"type": behaviour, **more}]}
        httpx2.post(f"{self.url}/_llmock/scenario", json=behaviours, timeout=WAIT_S).raise_for_status()

    def requests(self) -> list[dict[str, Any]]:
        """The requests so far."""
        answer = httpx2.get(f"{self.url}/_llmock/requests", timeout=WAIT_S).json()
        return list(answer["requests"])


@pytest.fixture(scope="session")
def vendor_process() -> Iterator[str]:
    """The URL of llmock, started once."""
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    program = str(Path(sys.executable).with_name("llmock"))
    child = subprocess.Popen(
        [program, "serve", "--host", "127.0.0.1", "--port", str(port), "--log-level", "error"],
        stdout=subprocess.DEVNULL,
    )
    url = f"http://127.0.0.1:{port}"
    with httpx2.Client(transport=httpx2.HTTPTransport(retries=9)) as client:  # backs off while nobody listens yet
        client.get(f"{url}/health", timeout=WAIT_S)
    yield url
    child.terminate()
    child.wait(WAIT_S)


@pytest.fixture
def vendors(vendor_process: str) -> Vendors:
    """The emulator with nothing queued and nothing remembered."""
    httpx2.post(f"{vendor_process}/_llmock/reset", timeout=WAIT_S)
    return Vendors(vendor_process)
