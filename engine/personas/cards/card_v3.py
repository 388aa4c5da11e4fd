"""Character Card V3 as a JSON file. Specification: github.com/kwaroran/character-card-spec-v3 (2024)."""

from typing import Any

from engine.personas.cards import icon as icons
from engine.personas.cards.card import Card, File, Format, Found, Written
from engine.personas.cards.character import SPECS, found_in, is_character, opened, written
from engine.personas.cards.report import Notes
from engine.personas.cards.texts import json_bytes, with_picture_inside
from engine.personas.cards.told import tell_size, tell_written

WHERE = "Name, role, setting, voice, rules, topics, samples and tags stand where other apps look for them."


def claims(file: File) -> bool:
    """Whether this is a V3 card."""
    return is_character(file.json) and file.json.get("spec") == SPECS[3][0]


def read(file: File) -> Found:
    """The persona of a card. Raises BadInput."""
    return found_in(opened(file.json))


def write(card: Card) -> Written:
    """A persona as a card."""
    notes = Notes()

    def build(with_picture: Card, more: dict[str, Any]) -> bytes:
        icon = icons.inline(with_picture.picture) if with_picture.picture else ("", "")
        return json_bytes(written(with_picture, 3, icon=icon, **more), indent=2)

    data = with_picture_inside(card, notes, build)
    tell_written(notes, card, where=WHERE)
    tell_size(notes, data)
    return Written(data, notes.report())


FORMAT = Format(
    "Character Card V3",
    "application/json",
    "JSON text that most apps for characters read.",
    claims,
    read,
    write,
)
