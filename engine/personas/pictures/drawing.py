"""What needs pixels: the small copy of a picture, turning it upright, and PNG of other kinds.

Every file is looked at by hand before Pillow decodes it, which then knows only the three kinds that may come.
"""

import io
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from PIL import Image, ImageOps

from engine.errors import BadInput
from engine.personas.pictures.files import HINT, SIDE, bare, for_decoder, look

DISPLAY = 256
_UPRIGHT, _ORIENTATION = 1, 0x0112
_FORMATS = {"image/png": "PNG", "image/jpeg": "JPEG", "image/webp": "WEBP"}
_LOOK_UP = (0.5, 0.3)
"""Where a portrait is cut to a square: in the middle, and above it, where the face is."""

Image.MAX_IMAGE_PIXELS = SIDE * SIDE
"""For anything that decodes a picture in this process: Pillow warns above this, and refuses twice as many."""


def display_of(data: bytes) -> bytes:
    """A square of at most 256 pixels as WebP, without anything but its pixels. Raises BadInput when it is damaged."""
    with _decoded(data) as picture:
        picture.draft("RGB", (DISPLAY * 2, DISPLAY * 2))
        upright = ImageOps.exif_transpose(_reduced(picture))
        side = min(DISPLAY, *upright.size)
        small = ImageOps.fit(upright, (side, side), centering=_LOOK_UP)
        return _saved(small, "WEBP", quality=82, method=4)


def clean(data: bytes) -> bytes:
    """The picture without camera, place and words; turned as its camera said, which alone costs a new JPEG."""
    media_type = look(data).media_type
    if media_type != "image/png":
        with _decoded(data) as picture:
            if picture.getexif().get(_ORIENTATION, _UPRIGHT) != _UPRIGHT:
                upright = ImageOps.exif_transpose(picture)
                profile = picture.info.get("icc_profile")
                data = _saved(upright, _FORMATS[media_type], quality=95, exif=b"", icc_profile=profile)
    return bare(data)


def as_png(data: bytes) -> bytes:
    """The same pixels as a PNG."""
    with _decoded(data) as picture:
        mode = "RGBA" if picture.has_transparency_data else "RGB"
        return _saved(picture.convert(mode), "PNG")


@contextmanager
def _decoded(data: bytes) -> Iterator[Image.Image]:
    """A picture being decoded; whatever goes wrong meanwhile is a damaged picture."""
    shape = look(data)
    try:
        with Image.open(io.BytesIO(for_decoder(data)), formats=[_FORMATS[shape.media_type]]) as picture:
            if picture.size != (shape.width, shape.height):
                raise ValueError("the decoder sees another size than we do")
            yield picture
    except (OSError, SyntaxError, ValueError, EOFError, Image.DecompressionBombError, Warning):
        raise BadInput("The picture is damaged and cannot be read.", field="Picture", hint=HINT) from None


def _reduced(picture: Image.Image) -> Image.Image:
    """The picture with a fraction of its pixels, if it has many; made strip by strip, since a large one is heavy."""
    mode = "RGBA" if picture.has_transparency_data else "RGB"
    factor = min(picture.size) // (DISPLAY * 2)
    if factor < 2:
        return picture.convert(mode)
    small = Image.new(mode, (picture.width // factor, picture.height // factor))
    small.info = picture.info
    rows = factor * 64
    for top in range(0, small.height * factor, rows):
        strip = picture.crop((0, top, small.width * factor, min(top + rows, small.height * factor)))
        small.paste(strip.convert(mode).reduce(factor), (0, top // factor))
    return small


def _saved(picture: Image.Image, kind: str, **options: Any) -> bytes:
    written = io.BytesIO()
    picture.save(written, kind, **options)
    return written.getvalue()
