"""Answers without a vendor: bytes handed to a reader, and a host on loopback that does what a test says."""

import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, nullcontext, suppress
from pathlib import Path
from typing import Any

import httpx2

from engine.errors import ProviderError
from engine.llm import CallControl, Credential, LLMRequest, Message, Secret, StreamEvent
from engine.providers import anthropic_messages, google_generate, openai_chat, openai_responses
from engine.providers.answering import Reader, streamed
from engine.providers.failures import Asked

KEY = "sk-test-abcdefgh1234"
WAIT_S = 60.0
READERS: dict[str, Reader] = {
    "chat": openai_chat.read,
    "groq": openai_chat.read,
    "responses": openai_responses.read,
    "anthropic": anthropic_messages.read,
    "google": google_generate.read,
}

Conversation = Callable[["Peer"], None]


def recorded(name: str) -> bytes:
    """A stream as a server sends it."""
    return (Path(__file__).parent / "recorded" / f"{name}.sse").read_bytes()


def credential(base_url: str = "http://127.0.0.1:9/v1", *, key: str = KEY) -> Credential:
    """A key for tests."""
    return Credential(Secret(key), base_url, "user")


def question(text: str = "Who are you?", **more: Any) -> LLMRequest:
    """A short request."""
    return LLMRequest((Message("user", text),), **{"max_output_tokens": 16, **more})


def sse(*frames: str) -> bytes:
    """Frames as a server writes them."""
    return "".join(f"data: {frame}\n\n" for frame in frames).encode()


class _Body(httpx2.SyncByteStream):
    def __init__(self, chunks: list[bytes], end: Exception | None) -> None:
        self._chunks = chunks
        self._end = end

    def __iter__(self) -> Iterator[bytes]:
        yield from self._chunks
        if self._end:
            raise self._end


def heard(
    read: Reader, chunks: list[bytes], *, end: Exception | None = None
) -> tuple[list[StreamEvent], ProviderError | None]:
    """What a reader makes of the bytes of an answer, and the error it ends with."""
    response = httpx2.Response(200, stream=_Body(chunks, end))
    events: list[StreamEvent] = []
    try:
        asked = Asked("OpenAI", "m", Secret(KEY))
        for event in streamed(CallControl(WAIT_S), asked, lambda: nullcontext(response), read):
            events.append(event)
    except ProviderError as problem:
        return events, problem
    return events, None


def text_of(events: list[StreamEvent]) -> str:
    """The text that was streamed."""
    return "".join(event.text for event in events if event.kind == "text")


class Peer:
    """The host's end of one connection."""

    def __init__(self, sock: socket.socket) -> None:
        self._sock = sock

    def request(self) -> tuple[str, str]:
        """Read one request: its head and its body. Both are empty when the client has gone, or asks no more."""
        received = b""
        while b"\r\n\r\n" not in received:
            try:
                more = self._sock.recv(65536)
            except TimeoutError:  # a connection that is kept for later
                return "", ""
            if not more:
                return "", ""
            received += more
        head, _, body = received.partition(b"\r\n\r\n")
        lengths = [line.split(b":")[1] for line in head.split(b"\r\n") if line.lower().startswith(b"content-length")]
        while len(body) < int(lengths[0] if lengths else 0):
            body += self._sock.recv(65536)
        return head.decode(), body.decode()

    def send(self, data: bytes) -> None:
        """Write raw bytes."""
        self._sock.sendall(data)

    def begin_stream(self) -> None:
        """Write the head of an answer that comes in chunks."""
        self.send(b"HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\ntransfer-encoding: chunked\r\n\r\n")

    def chunk(self, data: bytes) -> None:
        """Write one chunk; an empty one ends the answer."""
        self.send(f"{len(data):x}\r\n".encode() + data + b"\r\n")

    def answer(self, status: int, body: str, **headers: str) -> None:
        """Write a whole answer."""
        data = body.encode(errors="surrogateescape")
        lines = "".join(f"{name.replace('_', '-')}: {value}\r\n" for name, value in headers.items())
        self.send(f"HTTP/1.1 {status} X\r\ncontent-length: {len(data)}\r\n{lines}\r\n".encode() + data)

    def wait_until_gone(self) -> None:
        """Return when the client has closed the connection."""
        while self._sock.recv(65536):
            continue


class Host:
    """A server of one behaviour. `connections` counts those it took; `left` is set when a client has gone."""

    def __init__(self, conversation: Conversation) -> None:
        self.connections = 0
        self.left = threading.Event()
        self._conversation = conversation
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.url = f"http://127.0.0.1:{self._listener.getsockname()[1]}/v1"
        self._open = [self._listener]
        threading.Thread(target=self._accept, daemon=True).start()

    def _accept(self) -> None:
        while True:
            try:
                sock, _ = self._listener.accept()
            except OSError:
                return
            self.connections += 1
            self._open.append(sock)
            threading.Thread(target=self._converse, args=(sock,), daemon=True).start()

    def _converse(self, sock: socket.socket) -> None:
        with sock:
            sock.settimeout(WAIT_S)
            with suppress(BrokenPipeError, ConnectionResetError):  # a client may leave in the middle
                self._conversation(Peer(sock))
            self.left.set()

    def close(self) -> None:
        """Hang up."""
        for sock in self._open:
            with suppress(OSError):  # closed already
                sock.shutdown(socket.SHUT_RDWR)
        self._listener.close()


@contextmanager
def hosting(conversation: Conversation) -> Iterator[Host]:
    """Run a host for the length of a test."""
    host = Host(conversation)
    try:
        yield host
    finally:
        host.close()
