"""What a report says about a card, in words."""

from collections.abc import Iterable, Mapping
from typing import Any

from engine.personas.cards.block import Block
from engine.personas.cards.card import Card
from engine.personas.cards.limits import FILE_BYTES, MIB
from engine.personas.cards.report import Notes

_CALLED = {
    "name": "Name",
    "description": "Role and topics",
    "scenario": "Setting",
    "personality": "Voice and tone",
    "system_prompt": "System prompt",
    "post_history_instructions": "Limits",
    "mes_example": "Sample interactions",
    "tags": "Tags",
    "talkativeness": "Talkativeness",
    "params.system": "System prompt",
    "meta.description": "Role",
    "meta.suggestion_prompts": "Questions to try",
    "meta.tags": "Tags",
}
_PARTS = {
    "first_mes": "greeting",
    "alternate_greetings": "other greetings",
    "group_only_greetings": "greetings for groups",
    "creator_notes": "notes of its maker",
    "creator_notes_multilingual": "notes in other languages",
    "character_book": "lorebook",
    "creator": "maker",
    "character_version": "version",
    "nickname": "nickname",
    "source": "sources",
    "assets": "assets",
}
_MOST_NAMED = 8


def tell_read(notes: Notes, block: Block | None) -> None:
    """Where the fields of a persona came from."""
    if block is None:
        notes.keep("Read as a card of another app: its texts became fields of the persona, by rule of thumb.")
    elif block.edited:
        edited = ", ".join(dict.fromkeys(_CALLED.get(name, name) for name in block.edited))
        notes.keep(f"Edited in another app, whose words were taken: {edited}.")
        notes.keep("All other fields are exactly as this studio wrote them.")
    else:
        notes.keep("Every field is exactly as this studio wrote it.")


def tell_foreign(notes: Notes, data: Mapping[str, Any], files: Mapping[str, bytes]) -> None:
    """What a card has that a persona has no place for. Of a lorebook that became topics something is said already."""
    told = any(line.startswith("Lorebook:") for line in (*notes.kept, *notes.dropped))
    found = [word for name, word in _PARTS.items() if data.get(name) and not (told and word == "lorebook")]
    extensions = data.get("extensions")
    if isinstance(extensions, Mapping):
        found += [f"“{_short(name)}”" for name in extensions if name != "talkativeness"]
    if files:
        found.append("one file" if len(files) == 1 else f"{len(files):,} files")
    if found:
        notes.keep(f"Kept for export, and not used here: {_listed(found)}.")


def tell_written(notes: Notes, card: Card, *, where: str, room_for_files: bool = False) -> None:
    """Where an export puts what a persona has."""
    notes.keep(where)
    notes.keep("All fields, exactly as they are, in a block that this studio reads back.")
    foreign = card.foreign
    if foreign is None:
        return
    notes.keep("What the imported card had for other apps goes along.")
    if foreign.files and not room_for_files:
        number = "One file" if len(foreign.files) == 1 else f"{len(foreign.files):,} files"
        notes.drop(f"{number} of the imported card: only CHARX has room for files.")


def tell_size(notes: Notes, data: bytes) -> None:
    """Say when a file is larger than what is read back."""
    if len(data) > FILE_BYTES:
        notes.drop(f"With {len(data) / MIB:.1f} MiB the file is larger than what the studio reads back.")


def _listed(words: Iterable[str]) -> str:
    named = list(words)
    more = len(named) - _MOST_NAMED
    return ", ".join(named[:_MOST_NAMED]) + (f" and {more:,} more" if more > 0 else "")


def _short(name: str) -> str:
    return " ".join(name.split())[:40]
