"""PNG files as the chunks they are made of, by hand: read before any decoder is, and written without touching a pixel.

Layout (PNG, third edition, 5.3): 4 bytes of length, 4 of type, the body, CRC-32 over type and body; big-endian.
"""

import struct
import zlib
from collections.abc import Callable, Iterable
from dataclasses import dataclass

from engine.errors import BadInput

SIGNATURE = b"\x89PNG\r\n\x1a\n"
MOST_CHUNKS = 20_000
_HINT = "Save the picture anew as PNG in another program, and try again."


@dataclass(frozen=True, slots=True)
class Chunk:
    """One part of a PNG file. The body is a view of the file, not a copy."""

    kind: bytes
    body: memoryview


def chunks(data: bytes) -> list[Chunk]:
    """The chunks of a PNG file, up to its end mark. Raises BadInput for what is no whole and sound PNG."""
    if not data.startswith(SIGNATURE):
        raise BadInput("This is not a PNG file.", field="File", hint=_HINT)
    found: list[Chunk] = []
    view, at = memoryview(data), len(SIGNATURE)
    while not found or found[-1].kind != b"IEND":
        if len(found) >= MOST_CHUNKS:
            raise BadInput(f"The PNG has more than {MOST_CHUNKS:,} chunks.", field="File", hint=_HINT)
        if at + 12 > len(view):
            raise BadInput("The PNG ends in the middle: a part of the file is missing.", field="File", hint=_HINT)
        length, kind = struct.unpack_from(">I4s", view, at)
        end = at + 12 + length
        if end > len(view):
            raise BadInput("The PNG ends in the middle: a part of the file is missing.", field="File", hint=_HINT)
        if zlib.crc32(view[at + 4 : end - 4]) != struct.unpack_from(">I", view, end - 4)[0]:
            raise BadInput(f"The PNG is damaged: the checksum of its {_name(kind)} is wrong.", field="File", hint=_HINT)
        found.append(Chunk(kind, view[at + 8 : end - 4]))
        at = end
    return found


def joined(parts: Iterable[Chunk]) -> bytes:
    """A PNG file of these chunks."""
    written = [SIGNATURE]
    for part in parts:
        head = struct.pack(">I4s", len(part.body), part.kind)
        check = zlib.crc32(part.body, zlib.crc32(part.kind))
        written += [head, bytes(part.body), struct.pack(">I", check)]
    return b"".join(written)


def kept(data: bytes, wanted: Callable[[Chunk], bool]) -> bytes:
    """The same PNG with the wanted chunks only."""
    return joined(part for part in chunks(data) if wanted(part))


def text_chunk(keyword: str, text: bytes) -> Chunk:
    """A `tEXt` chunk."""
    return Chunk(b"tEXt", memoryview(keyword.encode("latin-1") + b"\0" + text))


def keyword_of(part: Chunk) -> str:
    """The keyword of a `tEXt` chunk in lower case; empty for any other chunk."""
    if part.kind != b"tEXt":
        return ""
    return bytes(part.body[:80]).partition(b"\0")[0].decode("latin-1").lower()


def _name(kind: bytes) -> str:
    """The type of a chunk in words, since it may be anything."""
    return f"{kind.decode()} chunk" if kind.isalpha() else "first chunk"
