"""Pictures as files: what kind and size they are by their own headers, and the same without what cameras add.

Nothing here decodes a pixel. Formats: PNG (third edition), JPEG (ITU T.81, annex B), WebP (RFC 9649).
"""

import struct
from collections.abc import Callable, Iterator
from dataclasses import dataclass

from engine.errors import BadInput
from engine.personas.pictures.chunks import SIGNATURE, chunks, kept

FILE_BYTES = 10 * 1024 * 1024
SIDE = 4096
HINT = "PNG, JPEG and WebP fit, up to 4,096 × 4,096 pixels and 10 MiB."


@dataclass(frozen=True, slots=True)
class Shape:
    """What a picture says of itself."""

    media_type: str
    width: int
    height: int

    @property
    def ending(self) -> str:
        """The usual ending of such a file, without a dot."""
        return self.media_type.partition("/")[2]


def look(data: bytes) -> Shape:
    """Kind and size of a picture from its header. Raises BadInput when it is none, damaged, or too large."""
    if len(data) > FILE_BYTES:
        raise BadInput(f"The picture has {len(data) / 2**20:.1f} MiB.", field="Picture", hint=HINT)
    for matches, media_type, size in _KINDS:
        if matches(data):
            width, height = size(data)
            if not (0 < width <= SIDE and 0 < height <= SIDE):
                said = f"The picture has {width:,} × {height:,} pixels."
                raise BadInput(said, field="Picture", hint=HINT)
            return Shape(media_type, width, height)
    raise BadInput("This is not a picture that the studio knows.", field="Picture", hint=HINT)


def bare(data: bytes) -> bytes:
    """The same picture, pixel by pixel, without place, time, camera and other words that were put into the file."""
    media_type = look(data).media_type
    if media_type == "image/png":
        return kept(data, lambda part: part.kind in _PNG_KEPT)
    return _bare_jpeg(data) if media_type == "image/jpeg" else _bare_webp(data)


def for_decoder(data: bytes) -> bytes:
    """What a decoder is given: of a PNG only what makes pixels, so that no text or profile is ever inflated."""
    if data.startswith(SIGNATURE):
        return kept(data, lambda part: part.kind in _PNG_PIXELS)
    return data


_PNG_PIXELS = frozenset({b"IHDR", b"PLTE", b"IDAT", b"IEND", b"tRNS", b"gAMA", b"cHRM", b"sRGB"})
_PNG_KEPT = _PNG_PIXELS | {b"iCCP", b"cICP", b"sBIT", b"bKGD", b"pHYs", b"acTL", b"fcTL", b"fdAT"}


def _png_size(data: bytes) -> tuple[int, int]:
    first = chunks(data)[0]
    if first.kind != b"IHDR" or len(first.body) != 13:
        raise _damaged()
    width, height = struct.unpack_from(">II", first.body)
    return width, height


# What a JPEG needs besides its frames: JFIF, the colour profile, and Adobe's note on how colours were turned.
_JPEG_KEPT = ((0xE0, b"JFIF\0"), (0xE2, b"ICC_PROFILE\0"), (0xEE, b"Adobe"))
_JPEG_ALONE = frozenset({0x01, *range(0xD0, 0xD9)})
_JPEG_FRAMES = frozenset(range(0xC0, 0xD0)) - {0xC4, 0xC8, 0xCC}
_SCAN, _END = 0xDA, 0xD9


def _segments(data: bytes) -> Iterator[tuple[int, int, int]]:
    """Marker, start and end of each part of a JPEG; a scan reaches to the next marker that is not inside it."""
    at = 2
    while True:
        if at + 2 > len(data) or data[at] != 0xFF:
            raise _damaged()
        marker = data[at + 1]
        if marker == 0xFF:
            at += 1
            continue
        if marker == _END:
            yield marker, at, at + 2
            return
        end = at + 2 + (0 if marker in _JPEG_ALONE else _length(data, at + 2))
        if marker == _SCAN:
            end = _end_of_scan(data, end)
        yield marker, at, end
        at = end


def _length(data: bytes, at: int) -> int:
    if at + 2 > len(data):
        raise _damaged()
    length = int.from_bytes(data[at : at + 2])
    if length < 2 or at + length > len(data):
        raise _damaged()
    return length


def _end_of_scan(data: bytes, at: int) -> int:
    while True:
        at = data.find(b"\xff", at)
        if at < 0 or at + 1 >= len(data):
            raise _damaged()
        if data[at + 1] not in (0x00, *range(0xD0, 0xD8)):
            return at
        at += 2


def _jpeg_size(data: bytes) -> tuple[int, int]:
    for marker, start, end in _segments(data):
        if marker in _JPEG_FRAMES and end - start >= 9:
            height, width = struct.unpack_from(">HH", data, start + 5)
            return width, height
    raise _damaged()


def _bare_jpeg(data: bytes) -> bytes:
    def wanted(marker: int, body: bytes) -> bool:
        if 0xE0 <= marker <= 0xEF or marker == 0xFE:
            return any(marker == kind and body.startswith(mark) for kind, mark in _JPEG_KEPT)
        return True

    parts = (data[start:end] for marker, start, end in _segments(data) if wanted(marker, data[start + 4 : start + 16]))
    return b"\xff\xd8" + b"".join(parts)


_WEBP_KEPT = frozenset({b"VP8 ", b"VP8L", b"VP8X", b"ALPH", b"ICCP", b"ANIM", b"ANMF"})
_WEBP_WORDS = 0b0000_1100
"""The bits of VP8X that announce EXIF and XMP."""


def _riff(data: bytes) -> Iterator[tuple[bytes, int, int]]:
    """Name, start and end of the body of each part of a WebP."""
    at, whole = 12, min(len(data), 8 + int.from_bytes(data[4:8], "little"))
    while at + 8 <= whole:
        size = int.from_bytes(data[at + 4 : at + 8], "little")
        if at + 8 + size > len(data):
            raise _damaged()
        yield data[at : at + 4], at + 8, at + 8 + size
        at += 8 + size + size % 2


def _webp_size(data: bytes) -> tuple[int, int]:
    for name, start, end in _riff(data):
        head = data[start : min(end, start + 10)]
        if name == b"VP8X" and len(head) == 10:
            return 1 + int.from_bytes(head[4:7], "little"), 1 + int.from_bytes(head[7:10], "little")
        if name == b"VP8 " and len(head) == 10 and head[3:6] == b"\x9d\x01\x2a":
            width, height = struct.unpack_from("<HH", head, 6)
            return width & 0x3FFF, height & 0x3FFF
        if name == b"VP8L" and head[:1] == b"\x2f":
            bits = int.from_bytes(head[1:5], "little")
            return 1 + (bits & 0x3FFF), 1 + ((bits >> 14) & 0x3FFF)
    raise _damaged()


def _bare_webp(data: bytes) -> bytes:
    parts = []
    for name, start, end in _riff(data):
        body = data[start:end]
        if name == b"VP8X":
            body = bytes([body[0] & ~_WEBP_WORDS]) + body[1:]
        if name in _WEBP_KEPT:
            parts += [name, len(body).to_bytes(4, "little"), body, b"\0" * (len(body) % 2)]
    whole = b"WEBP" + b"".join(parts)
    return b"RIFF" + len(whole).to_bytes(4, "little") + whole


def _damaged() -> BadInput:
    return BadInput("The picture is damaged: a part of the file is missing or wrong.", field="Picture", hint=HINT)


_KINDS: tuple[tuple[Callable[[bytes], bool], str, Callable[[bytes], tuple[int, int]]], ...] = (
    (lambda data: data.startswith(SIGNATURE), "image/png", _png_size),
    (lambda data: data.startswith(b"\xff\xd8\xff"), "image/jpeg", _jpeg_size),
    (lambda data: data.startswith(b"RIFF") and data[8:12] == b"WEBP", "image/webp", _webp_size),
)
