"""Character Card V2 as a JSON file, and V1, which it grew from. Specification: character-card-spec-v2 (2023)."""

from typing import Any

from engine.personas.cards.block import data_url
from engine.personas.cards.card import Card, File, Format, Found, Written
from engine.personas.cards.card_v3 import WHERE
from engine.personas.cards.character import SPECS, found_in, is_character, opened, written
from engine.personas.cards.report import Notes
from engine.personas.cards.texts import json_bytes, with_picture_inside
from engine.personas.cards.told import tell_size, tell_written


def claims(file: File) -> bool:
    """Whether this is a V2 card, or a V1 card, which does not say what it is."""
    return is_character(file.json) and file.json.get("spec") in (None, SPECS[2][0])


def read(file: File) -> Found:
    """The persona of a card. Raises BadInput."""
    return found_in(opened(file.json))


def write(card: Card) -> Written:
    """A persona as a card. V2 has no place for pictures, so it stands in our block."""
    notes = Notes()

    def build(with_picture: Card, more: dict[str, Any]) -> bytes:
        picture = {"picture": data_url(with_picture.picture)} if with_picture.picture else {}
        return json_bytes(written(with_picture, 2, icon=None, **picture, **more), indent=2)

    data = with_picture_inside(card, notes, build)
    tell_written(notes, card, where=WHERE)
    tell_size(notes, data)
    return Written(data, notes.report())


FORMAT = Format(
    "Character Card V2",
    "application/json",
    "JSON text for older apps.",
    claims,
    read,
    write,
)
