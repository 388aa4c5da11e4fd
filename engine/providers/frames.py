"""Server-sent events, read from raw bytes: about a tenth of the time the SDKs take to build an object of each."""

import json
from collections.abc import Iterable, Iterator
from itertools import chain
from typing import Any, Protocol

import httpx2

from engine.providers.wire import Call

Frame = dict[str, Any]
DONE = b"[DONE]"
REST_S = 2.0


class Body(Protocol):
    """The body of an answer as it comes. The raw responses of all SDKs have this."""

    def iter_bytes(self) -> Iterator[bytes]:
        """The bytes, unpacked."""
        ...


class BadFrame(ValueError):
    """A frame that is not a JSON object."""


def payloads(chunks: Iterable[bytes]) -> Iterator[bytes]:
    """Yield the data of each event (WHATWG HTML, section 9.2.6): any line ending, comments and other
    fields skipped, lines of data joined. What is unfinished at the end is dropped."""
    pending, data = b"", list[bytes]()
    for chunk in chain(chunks, [b"\n"]):
        lines = (pending + chunk).splitlines(keepends=True)
        pending = b"" if not lines or lines[-1].endswith(b"\n") else lines.pop()
        for line in lines:
            line = line.rstrip(b"\r\n")
            if line.startswith(b"data:"):
                data.append(line[5:].removeprefix(b" "))
            elif not line and data:
                yield b"\n".join(data)
                data.clear()


class Frames:
    """The JSON objects of one streamed answer, in order."""

    def __init__(self, body: Body, call: Call) -> None:
        self.came = False
        self._call = call
        self._payloads = payloads(self._chunks(body.iter_bytes()))

    def __iter__(self) -> Iterator[Frame]:
        for payload in self._payloads:
            if payload == DONE:
                continue
            frame = _object(payload)
            self.came = True
            yield frame

    def rest(self) -> Iterator[Frame]:
        """What follows the end marker. Read to the end, so that the connection can be used again,
        but not waited for: the answer is whole, whatever happens now."""
        self._call.patience = REST_S
        try:
            yield from self
        except (httpx2.HTTPError, BadFrame):
            return

    def _chunks(self, chunks: Iterator[bytes]) -> Iterator[bytes]:
        while True:
            with self._call.obeyed():
                chunk = next(chunks, None)
            if chunk is None:
                return
            yield chunk


def _object(payload: bytes) -> Frame:
    try:
        frame = json.loads(payload)
    except (ValueError, RecursionError):
        frame = None
    if not isinstance(frame, dict):
        raise BadFrame
    return frame
