"""Cards as text: JSON bytes, and a picture inside the text as large as there is room for."""

import json
from collections.abc import Callable
from dataclasses import replace
from typing import Any

from engine.errors import BadInput
from engine.personas.cards.card import Card, Picture
from engine.personas.cards.limits import MIB, TEXT_BYTES
from engine.personas.cards.report import Notes

Build = Callable[[Card, dict[str, Any]], bytes]
_TOO_LARGE = "With {:.1f} MiB of text the file is larger than what the studio reads back; at most {} MiB are."


def json_bytes(value: Any, *, indent: int | None = None) -> bytes:
    """JSON in UTF-8. Halves of pairs, which UTF-8 cannot hold, stay as they were escaped."""
    separators = (",", ": ") if indent else (",", ":")
    text = json.dumps(value, ensure_ascii=False, indent=indent, separators=separators)
    try:
        return text.encode()
    except UnicodeEncodeError:
        return json.dumps(value, indent=indent, separators=separators).encode()


def with_picture_inside(card: Card, notes: Notes, build: Build) -> bytes:
    """What `build` makes of a card, with its picture inside where that fits, else with a small copy, else without.

    `build` is given the card with the picture to use, and what the block shall say of it.
    """
    data = build(card, {})
    if card.picture is not None and len(data) <= TEXT_BYTES:
        notes.keep("Picture: as it was brought, inside the text.")
    elif card.picture is not None:
        data = _with_copy(card, card.picture, build)
        if len(data) <= TEXT_BYTES:
            notes.drop("Picture: a copy of 256 × 256; PNG and CHARX hold it as it was brought.")
        else:
            data = build(replace(card, picture=None), {})
            notes.drop("Picture: it does not fit beside so much text.")
    tell_text(notes, data)
    return data


def _with_copy(card: Card, picture: Picture, build: Build) -> bytes:
    small = small_copy(picture)
    return build(replace(card, picture=small), {"drawn": small.digest} if small else {})


def tell_text(notes: Notes, text: bytes) -> None:
    """Say when a text is longer than what is read back."""
    if len(text) > TEXT_BYTES:
        notes.drop(_TOO_LARGE.format(len(text) / MIB, TEXT_BYTES // MIB))


def small_copy(picture: Picture) -> Picture | None:
    """The picture as it is shown; None when it cannot be decoded."""
    from engine.personas.pictures.drawing import display_of

    try:
        return Picture(display_of(picture.data))
    except BadInput:
        return None
