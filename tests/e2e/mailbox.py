"""A mail server of its own and an OpenID provider of its own, for what the browser tests cannot do without."""

import re
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from email import message_from_bytes
from threading import Condition
from typing import Any

from aiosmtpd.controller import Controller

from tests.e2e.conftest import SAFETY_S, free_port


class Mailbox:
    """What came in over SMTP, waited for by what it says."""

    def __init__(self) -> None:
        self._letters: list[tuple[str, str]] = []
        self._news = Condition()

    async def handle_DATA(self, _server: Any, _session: Any, envelope: Any) -> str:
        letter = message_from_bytes(envelope.content)
        with self._news:
            self._letters.append((envelope.rcpt_tos[0], letter.get_payload(decode=True).decode()))
            self._news.notify_all()
        return "250 OK"

    def find(self, to: str, pattern: str) -> str:
        """The first group of the pattern in the newest fitting letter to an address, which is then taken out."""
        with self._news:
            assert self._news.wait_for(lambda: self._match(to, pattern) is not None, timeout=SAFETY_S), self._letters
            at, found = self._match(to, pattern)
            del self._letters[at]
            return found

    def _match(self, to: str, pattern: str) -> tuple[int, str] | None:
        for at, (address, text) in reversed([*enumerate(self._letters)]):
            if address == to and (found := re.search(pattern, text)):
                return at, found[1]
        return None


@contextmanager
def mail_server() -> Iterator[tuple[Mailbox, str]]:
    """A mailbox, and the SMTP_URL that fills it."""
    box, port = Mailbox(), free_port()
    controller = Controller(box, hostname="127.0.0.1", port=port)
    controller.start()
    try:
        yield box, f"smtp://127.0.0.1:{port}"
    finally:
        controller.stop()


@contextmanager
def openid_provider(claims: str) -> Iterator[str]:
    """The address of an OpenID provider that knows the person of these claims."""
    port = free_port()
    url = f"http://localhost:{port}"
    command = [sys.executable, "-m", "oidc_provider_mock", "--port", str(port), "--host", "localhost"]
    child = subprocess.Popen([*command, "--user-claims", claims], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    try:
        while not _answers(f"{url}/.well-known/openid-configuration"):
            assert child.poll() is None, "the provider did not start"
        yield url
    finally:
        child.terminate()
        child.wait(timeout=SAFETY_S)


def _answers(url: str) -> bool:
    """Whether a server is up; waits for it a little."""
    try:
        with urllib.request.urlopen(url, timeout=5) as answer:  # noqa: S310
            return answer.status == 200
    except OSError:
        time.sleep(0.1)
        return False
