"""Character cards as JSON objects, V1 to V3: read with all that other apps have in them, and written back with it.

What a persona does not know stays where it was. A native field is written anew only when the persona says something
else there than the imported card did, so a card that nobody has edited is exported as it came.
"""

from collections.abc import Mapping
from copy import deepcopy
from dataclasses import dataclass
from typing import Any, Literal

from engine.personas.cards import block as blocks
from engine.personas.cards import icon as icons
from engine.personas.cards.block import Block
from engine.personas.cards.card import Card, Foreign, Found, Picture
from engine.personas.cards.fitting import plain_text
from engine.personas.cards.limits import check_entries, refused
from engine.personas.cards.mapping import book_topics, mapped, without_decorators
from engine.personas.cards.native import GROUPS, NATIVE, derived, of_card
from engine.personas.cards.report import Notes
from engine.personas.cards.told import tell_foreign, tell_read
from engine.personas.spec import PersonaSpec

Version = Literal[2, 3]
SPECS = {2: ("chara_card_v2", "2.0"), 3: ("chara_card_v3", "3.0")}
V1 = ("name", "description", "personality", "scenario", "first_mes", "mes_example")
TEXTS = (*V1, "creator_notes", "system_prompt", "post_history_instructions", "creator", "character_version")
V3_ONLY = (
    *("nickname", "creator_notes_multilingual", "source", "group_only_greetings", "creation_date", "modification_date"),
    "assets",
)
DATES = ("creation_date", "modification_date")
BACKFILL = "This is the V2 copy of a V3 card. An app that knows V3 shows more."


@dataclass(frozen=True, slots=True)
class Opened:
    """A card taken apart: the object without our block, its data, and what the block says."""

    card: dict[str, Any]
    data: dict[str, Any]
    block: Block | None
    notes: Notes


def is_character(value: object) -> bool:
    """Whether a JSON value is a character card of any version."""
    if not isinstance(value, dict):
        return False
    named = value.get("spec") in ("chara_card_v2", "chara_card_v3")
    return named or ("spec" not in value and sum(field in value for field in V1) >= 3 and "name" in value)


def opened(value: Mapping[str, Any]) -> Opened:
    """Take a card apart. Raises BadInput when there is no character in it, or too long a lorebook."""
    card, notes = deepcopy(dict(value)), Notes()
    if "spec" not in card:
        card = _raised(card)
    data = card.get("data")
    if not isinstance(data, dict):
        raise refused("The card has no data: there is nobody in it.")
    check_entries(data.get("character_book"))
    _warn_newer(card, notes)
    extensions = data.get("extensions")
    own = extensions.pop(blocks.NAME, None) if isinstance(extensions, dict) else None
    if "extensions" in data and not isinstance(extensions, dict):
        notes.drop("Extensions: they were no JSON object, and are not kept.")
        data["extensions"] = {}
    block = blocks.read_block(own, of_card(data), notes)
    if block is not None and block.newer and card.get("spec") == SPECS[2][0]:
        card["spec"], card["spec_version"] = SPECS[3]
        _take_back(data, block)
    return Opened(card, data, block, notes)


def found_in(card: Opened, *, pixels: Picture | None = None, files: Mapping[str, bytes] | None = None) -> Found:
    """The persona of a card. `pixels` is the picture that the card stands in, `files` what lies beside it."""
    data, block, notes = card.data, card.block, card.notes
    inside = files or {}
    tell_read(notes, block)
    if block is None:
        spec = mapped(data, notes)
        spec = spec.model_copy(update={"avatar": "" if pixels else icons.url_of(data)})
    else:
        spec = mapped(data, notes, onto=block.spec, names=block.edited) if block.edited else block.spec
    uri = (icons.main_icon(data) or {}).get("uri")
    picture = icons.chosen(spec, block, pixels or icons.picture_at(uri, inside, notes), notes)
    kept = {path: body for path, body in inside.items() if picture is None or body != picture.data}
    foreign = _foreign(card, kept)
    tell_foreign(notes, data if foreign else {}, kept)
    if foreign and "open_webui" in foreign.cards:
        notes.keep("What Open WebUI had in its model is kept for export.")
    changed = {"avatar": icons.avatar_of(spec, picture), "card_data": foreign.key if foreign else ""}
    note = plain_text(data.get("creator_notes"))
    return Found(spec.model_copy(update=changed), picture, foreign, notes.report(), note)


def written(card: Card, version: Version, *, icon: tuple[str, str] | None, **more: Any) -> dict[str, Any]:
    """A card of a version for a persona. `icon` says where its picture stands; `more` goes into our block."""
    base = deepcopy(dict(card.foreign.cards.get("character", {}))) if card.foreign else {}
    is_new = not base
    data = base.setdefault("data", {})
    before = dict(data)
    edited = _put_native(card.spec, data, is_new)
    _mirror(base, before, data)
    was = base.get("spec")
    if is_new and card.version:
        data["character_version"] = str(card.version)
    if was != SPECS[version][0]:
        base["spec"], base["spec_version"] = SPECS[version]
        _complete(data, version)
    if version == 3 and edited and card.created_at is not None and card.updated_at is not None:
        data.setdefault("creation_date", int(card.created_at.timestamp()))
        data["modification_date"] = int(card.updated_at.timestamp())
    if icon is not None:
        icons.show(card, data, *icon)
    newer = _lowered(data) if version == 2 and was == SPECS[3][0] else {}
    others = blocks.foreign_for("character", card.foreign)
    own = blocks.block_of(card, of_card(data), v3=newer, foreign=others, **more)
    data["extensions"][blocks.NAME] = own
    return {"spec": base.pop("spec"), "spec_version": base.pop("spec_version"), **base}


def _raised(flat: dict[str, Any]) -> dict[str, Any]:
    """A V1 card, whose fields stand at the top, as a V2 card."""
    data = {name: flat.pop(name, "") for name in V1} | {"extensions": {}}
    return {"spec": SPECS[2][0], "spec_version": SPECS[2][1], "data": data, **flat}


def _warn_newer(card: Mapping[str, Any], notes: Notes) -> None:
    try:
        is_newer = float(card.get("spec_version") or 0) > 3.0
    except (TypeError, ValueError):
        is_newer = False
    if is_newer:
        notes.keep("The card is of a version that came after V3: what the studio does not know is kept for export.")


def _put_native(spec: PersonaSpec, data: dict[str, Any], is_new: bool) -> bool:
    """Write the derived fields whose words are no longer those of the imported card; whether there was any."""
    extensions = data.setdefault("extensions", {})
    in_book = book_topics(data, Notes())
    now = derived(spec, in_book=in_book)
    then = {} if is_new else derived(mapped(data, Notes()), in_book=in_book)
    edited = False
    for group in GROUPS:
        if is_new or any(now[name] != then[name] for name in group):
            edited = True
            for name in group:
                (extensions if name == "talkativeness" else data)[name] = now[name]
    return edited


def _mirror(base: dict[str, Any], before: Mapping[str, Any], data: Mapping[str, Any]) -> None:
    """Copies of V1 fields at the top, which some apps write, follow the fields that they are copies of."""
    for name in V1:
        if name in base and name in before and base[name] == before[name]:
            base[name] = data[name]


def _complete(data: dict[str, Any], version: Version) -> None:
    """Add what a version asks every card for."""
    for name in TEXTS:
        data.setdefault(name, "")
    data.setdefault("alternate_greetings", [])
    data.setdefault("tags", [])
    if version == 2:
        return
    data.setdefault("group_only_greetings", [])
    book = data.get("character_book")
    entries = book.get("entries") if isinstance(book, dict) else None
    for entry in entries if isinstance(entries, list) else ():
        if isinstance(entry, dict):
            entry.setdefault("use_regex", False)


def _lowered(data: dict[str, Any]) -> dict[str, Any]:
    """Take out what V2 does not know and return it, for our block."""
    newer = {name: data.pop(name) for name in V3_ONLY if name in data}
    book = data.get("character_book")
    entries = book.get("entries") if isinstance(book, dict) else None
    listed = entries if isinstance(entries, list) else []
    decorated = [
        entry for entry in listed
        if isinstance(entry, dict) and isinstance(entry.get("content"), str) and entry["content"].startswith("@@")
    ]  # fmt: skip
    if decorated:
        newer["character_book"] = deepcopy(book)
        for entry in decorated:
            entry["content"] = without_decorators(entry["content"])
    return newer if newer != {"group_only_greetings": []} else {}


def _take_back(data: dict[str, Any], block: Block) -> None:
    """Put back what `_lowered` took out; a lorebook only when nobody has edited its V2 copy."""
    newer = deepcopy(dict(block.newer))
    book = newer.pop("character_book", None)
    if isinstance(book, dict):
        check_entries(book)
        copy = {"character_book": deepcopy(book)}
        _lowered(copy)
        if copy["character_book"] == data.get("character_book"):
            data["character_book"] = book
    for name in V3_ONLY:
        if name in newer:
            data.setdefault(name, newer[name])


def _foreign(card: Opened, files: Mapping[str, bytes]) -> Foreign | None:
    """What of a card is not ours, and the cards of other families that our block carried."""
    cards: dict[Any, Any] = dict(card.block.others) if card.block else {}
    if card.block is None or files or _has_more(card):
        cards["character"] = card.card
    return Foreign(cards, files) if cards else None


def _has_more(card: Opened) -> bool:
    """Whether anything stands in a card of ours that we have not written there."""
    data, version = card.data, card.block.version if card.block else 0
    if data.get("creator_notes") == BACKFILL:
        data["creator_notes"] = ""
    blank: dict[str, tuple[object, ...]] = {name: ("",) for name in TEXTS}
    blank |= {"alternate_greetings": ([],), "group_only_greetings": ([],), "character_version": ("", str(version))}
    for name, value in data.items():
        if name in NATIVE or name in DATES:
            continue
        if name == "extensions":
            if value.keys() - {"talkativeness"}:
                return True
        elif name == "assets":
            if value != [icons.main_icon(data)]:
                return True
        elif value not in blank.get(name, ()):
            return True
    return bool(card.card.keys() - {"spec", "spec_version", "data"})
