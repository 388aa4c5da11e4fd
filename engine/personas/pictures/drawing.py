"""What needs pixels: the small copy of a picture, turning it upright, and PNG of other kinds.

Every file is looked at by hand before Pillow decodes it, which then knows only the three kinds that may come.
"""

import io
import warnings
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
"""For anything that decodes a picture in this process: above this Pillow warns, which `_decoded` takes as an error."""


def display_of(data: bytes) -> bytes:
    """A square of at most 256 pixels as WebP, without anything but its pixels. Raises BadInput when it is damaged."""
    with _decoded(data) as picture:
        picture.draft("RGB", (DISPLAY * 2, DISPLAY * 2))
        upright = ImageOps.exif_transpose(picture)
        side = min(DISPLAY, *upright.size)
        mode = "RGBA" if upright.has_transparency_data else "RGB"
        small = ImageOps.fit(upright.convert(mode), (side, side), centering=_LOOK_UP)
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
    kind = _FORMATS[look(data).media_type]
    try:
        with warnings.catch_warnings(), Image.open(io.BytesIO(for_decoder(data)), formats=[kind]) as picture:
            warnings.simplefilter("error", Image.DecompressionBombWarning)
            picture.load() if kind != "JPEG" else None
            yield picture
    except (OSError, SyntaxError, ValueError, EOFError, Image.DecompressionBombError, Warning):
        raise BadInput("The picture is damaged and cannot be read.", field="Picture", hint=HINT) from None


def _saved(picture: Image.Image, kind: str, **options: Any) -> bytes:
    written = io.BytesIO()
    picture.save(written, kind, **options)
    return written.getvalue()
