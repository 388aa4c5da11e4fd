"""The provider of the campaign: a tiny server outside the processes under test, with a log that survives them.

A request is one line; it is in the log, on the disk, before the first word of its answer is sent. So the log says
what was really asked, whatever the asker remembers.
"""

import os
import socket
import socketserver
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from engine.errors import Stopped, StreamCut, Unreachable
from engine.llm import (
    CallControl,
    Completed,
    Credential,
    LLMRequest,
    LLMResponse,
    Started,
    StreamEvent,
    TextDelta,
    Usage,
)
from tests.reliability.kills import point

WORDS = ("One ", "two ", "three.")
WAIT_S = 60


class Host:
    """Answers every request with the same words; `hold` keeps it from saying more than the first."""

    def __init__(self, log: Path) -> None:
        self.log = log
        self.open = threading.Event()
        self.open.set()
        self._changed = threading.Condition()
        self._seen: list[str] = []
        self._file = log.open("a", encoding="utf-8")
        host = self

        class Answer(socketserver.StreamRequestHandler):
            def handle(self) -> None:
                host._answer(self)

        self._server = socketserver.ThreadingTCPServer(("127.0.0.1", 0), Answer)
        self._server.daemon_threads = True
        self._server.block_on_close = False
        self.port: int = self._server.server_address[1]

    @contextmanager
    def running(self) -> Iterator["Host"]:
        """Answers as long as the block runs."""
        thread = threading.Thread(target=self._server.serve_forever, args=(0.05,), daemon=True)
        thread.start()
        try:
            yield self
        finally:
            self.open.set()
            self._server.shutdown()
            self._server.server_close()
            self._file.close()

    def requests(self) -> list[str]:
        """Every request that came, as it is on the disk."""
        return self.log.read_text("utf-8").splitlines()

    def wait_for(self, count: int, alive: "threading.Event | None" = None) -> bool:
        """Wait until so many requests have come; False when the asker ended before."""
        with self._changed:
            self._changed.wait_for(lambda: len(self._seen) >= count or (alive and not alive.is_set()), WAIT_S)
            return len(self._seen) >= count

    def wake(self) -> None:
        """Have those who wait look again."""
        with self._changed:
            self._changed.notify_all()

    def _answer(self, asked: socketserver.StreamRequestHandler) -> None:
        line = asked.rfile.readline().decode()
        if not line.endswith("\n"):
            return  # killed before it had asked
        tag = line.strip()
        with self._changed:
            self._file.write(f"{tag}\n")
            self._file.flush()
            os.fsync(self._file.fileno())
            self._seen.append(tag)
            self._changed.notify_all()
        try:
            for number, word in enumerate(WORDS):
                if number:
                    self.open.wait(WAIT_S)
                asked.wfile.write(f"{word}\n".encode())
        except OSError:
            return  # whoever asked is gone


class Wire:
    """The way to the host, as an adapter. The last word of a user is the line that the host writes down."""

    def __init__(self, port: int) -> None:
        self._address = ("127.0.0.1", port)

    def stream(
        self, model: str, request: LLMRequest, credential: Credential, control: CallControl
    ) -> Iterator[StreamEvent]:
        """Ask, and give the words as they come."""
        point("before the request is sent")
        try:
            connection = socket.create_connection(self._address, WAIT_S)
        except OSError:
            raise Unreachable("The host is not there.") from None
        with connection:
            control.on_stop(lambda: connection.shutdown(socket.SHUT_RDWR))
            connection.sendall(f"{request.messages[-1].text}\n".encode())
            yield Started(model)
            text = ""
            with connection.makefile("r", encoding="utf-8") as words:
                for line in words:
                    text += line.removesuffix("\n")
                    yield TextDelta(line.removesuffix("\n"))
                    point("between two words")
            if control.stopped:
                raise Stopped("The answer was stopped.")
            if len(text) < len("".join(WORDS)):
                raise StreamCut("The host broke off.")
        yield Completed(LLMResponse(text, Usage(input=20, output=10), "stop", model))

    def list_models(self, credential: Credential) -> list[str]:
        """The one model there is."""
        return ["gpt-4.1"]

    def check(self, credential: Credential) -> int:
        """Always works."""
        return 1
