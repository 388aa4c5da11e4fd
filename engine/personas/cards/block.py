"""Our block inside a card: the whole persona, and by which fields one sees whether another app has edited the card.

It stands in `extensions`, which every app must keep, under a name that never changes. It is as untrusted as the rest.
"""

import base64
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from pydantic import ValidationError

from engine.errors import BadInput
from engine.personas.cards.card import Card, Foreign, Picture
from engine.personas.cards.native import digest
from engine.personas.cards.report import Notes
from engine.personas.pictures.files import look
from engine.personas.spec import PersonaSpec

NAME, SCHEMA = "persona_studio", 1
FAMILIES = ("character", "open_webui")


@dataclass(frozen=True, slots=True)
class Block:
    """What a block says. `edited` are the native fields that are no longer as we wrote them."""

    spec: PersonaSpec
    edited: tuple[str, ...] = ()
    version: int = 0
    picture: Picture | None = None
    drawn: str = ""
    newer: Mapping[str, Any] = field(default_factory=dict)
    others: Mapping[str, Any] = field(default_factory=dict)


def block_of(card: Card, native: Mapping[str, Any], **more: Any) -> dict[str, Any]:
    """The block for a card whose native fields are these. `more` that is empty is left out."""
    content = card.spec.model_dump(mode="json", exclude_defaults=True, exclude={"card_data"})
    block = {
        "schema": SCHEMA,
        "persona": content,
        "version": card.version,
        "native_hash": digest(native),
        "native_fields": {name: digest(value)[:16] for name, value in native.items()},
    }
    return block | {name: value for name, value in more.items() if value}


def read_block(block: object, native: Mapping[str, Any], notes: Notes) -> Block | None:
    """What is in a block; None when it is none of ours."""
    if not isinstance(block, Mapping) or not isinstance(block.get("persona"), Mapping):
        return None
    if isinstance(block.get("schema"), int) and block["schema"] > SCHEMA:
        notes.drop("This card was written by a newer studio: what this one does not know was left out.")
    spec = persona_in(block["persona"], notes)
    version, others = block.get("version"), block.get("foreign")
    drawn, newer = block.get("drawn"), block.get("v3")
    return Block(
        spec,
        _edited(block, native),
        version if isinstance(version, int) else 0,
        picture_in(block.get("picture")),
        drawn if isinstance(drawn, str) else "",
        newer if isinstance(newer, Mapping) else {},
        {name: each for name, each in others.items() if name in FAMILIES and isinstance(each, Mapping)}
        if isinstance(others, Mapping)
        else {},
    )


def foreign_for(family: str, foreign: Foreign | None) -> dict[str, Any]:
    """The cards of other families, which travel inside the block."""
    return {name: card for name, card in foreign.cards.items() if name != family} if foreign else {}


def data_url(picture: Picture) -> str:
    """A picture as a `data:` address."""
    return f"data:{picture.media_type};base64,{base64.b64encode(picture.data).decode()}"


def picture_in(address: object, notes: Notes | None = None) -> Picture | None:
    """The picture in a `data:` address; None when there is none, or one that does not fit, which is noted."""
    if not isinstance(address, str) or not address.startswith("data:image/"):
        return None
    head, _, body = address.partition(",")
    if not head.endswith(";base64"):
        return None
    try:
        data = base64.b64decode(body, validate=True)
        look(data)
    except ValueError:  # no base64
        return None
    except BadInput as problem:
        if notes is not None:
            notes.drop(f"Picture: {problem.message}")
        return None
    return Picture(data)


def _edited(block: Mapping[str, Any], native: Mapping[str, Any]) -> tuple[str, ...]:
    """The native fields that have changed since the block was written."""
    if block.get("native_hash") == digest(native):
        return ()
    known = block.get("native_fields")
    prints = known if isinstance(known, Mapping) else {}
    return tuple(name for name in native if prints.get(name) != digest(native[name])[:16])


def persona_in(content: Mapping[str, Any], notes: Notes) -> PersonaSpec:
    """The persona of a block. Fields that this studio does not know or accept are left out and said."""
    known = {name: content[name] for name in PersonaSpec.model_fields if name in content and name != "card_data"}
    if strange := sorted(str(name)[:40] for name in content.keys() - known.keys() - {"card_data"}):
        notes.drop(f"Fields that this studio does not know were left out: {', '.join(strange[:10])}.")
    try:
        return PersonaSpec.model_validate(known)
    except ValidationError as problem:
        refused = {str(error["loc"][0]) for error in problem.errors(include_input=False, include_url=False)}
        titles = sorted(str(PersonaSpec.model_fields[name].title) for name in refused)
        notes.drop(f"What is not acceptable was left out: {', '.join(titles)}.")
        return PersonaSpec.model_validate({name: value for name, value in known.items() if name not in refused})
