"""The emulator of vendors, in a process of its own."""

import socket
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx2
import pytest

from tests.engine.providers.canned import WAIT_S


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
