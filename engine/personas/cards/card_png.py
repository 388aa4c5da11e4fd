"""A card inside its picture: text chunks of a PNG, `ccv3` with V3 and `chara` with V2. The pixels are not touched.

Each chunk holds base64 of UTF-8 JSON. Source: the V2 and V3 specifications, sections on embedding.
"""

import base64
import binascii

from engine.personas.cards import icon as icons
from engine.personas.cards.block import data_url
from engine.personas.cards.card import Card, File, Format, Found, Picture, Written
from engine.personas.cards.card_v3 import WHERE
from engine.personas.cards.character import BACKFILL, Opened, found_in, is_character, opened, written
from engine.personas.cards.limits import TEXT_BYTES, json_of, refused
from engine.personas.cards.report import Notes
from engine.personas.cards.texts import json_bytes, tell_text
from engine.personas.cards.told import tell_size, tell_written
from engine.personas.pictures.chunks import SIGNATURE, Chunk, chunks, joined, keyword_of, text_chunk
from engine.personas.pictures.files import look

V2, V3 = "chara", "ccv3"


def claims(file: File) -> bool:
    """Whether this is a PNG."""
    return file.data.startswith(SIGNATURE)


def read(file: File) -> Found:
    """The persona of the card in a picture. Raises BadInput when there is none, or when anything is too large."""
    look(file.data)
    parts = chunks(file.data)
    pixels = Picture(joined(part for part in parts if keyword_of(part) not in (V2, V3)))
    card = _card_in(parts)
    behind = len(file.data) - len(SIGNATURE) - sum(len(part.body) + 12 for part in parts)
    if behind:
        card.notes.drop(f"{behind:,} bytes after the end of the picture.")
    return found_in(card, pixels=pixels)


def write(card: Card) -> Written:
    """A picture with the card in it: the persona's own, or its drawn face."""
    notes = Notes()
    pixels, more = _pixels(card, notes)
    v3 = json_bytes(written(card, 3, icon=(icons.ITSELF, "png"), **more))
    if len(v3) > TEXT_BYTES and more.pop("picture", ""):
        notes.drop("Picture: its pixels as PNG; CHARX holds the file as it was brought.")
        v3 = json_bytes(written(card, 3, icon=(icons.ITSELF, "png"), **more))
    more.pop("picture", None)
    older = written(card, 2, icon=None, **more)
    older["data"]["creator_notes"] = older["data"].get("creator_notes") or BACKFILL
    texts = {V2: json_bytes(older), V3: v3}
    *body, end = (part for part in chunks(pixels) if keyword_of(part) not in texts)
    data = joined([*body, *(text_chunk(name, base64.b64encode(text)) for name, text in texts.items()), end])
    for text in texts.values():
        tell_text(notes, text)
    tell_written(notes, card, where=WHERE)
    tell_size(notes, data)
    return Written(data, notes.report())


def _pixels(card: Card, notes: Notes) -> tuple[bytes, dict[str, str]]:
    """The PNG to write into, and what the block says of it where it is not the persona's picture itself."""
    from engine.personas.pictures.drawing import as_png
    from engine.personas.pictures.portrait import portrait_of

    if card.picture is None:
        notes.keep("The picture is the drawn face.")
        drawn = portrait_of(card.slug)
        return drawn, {"drawn": Picture(drawn).digest}
    if card.picture.media_type == "image/png":
        notes.keep("Picture: as it was brought.")
        return card.picture.data, {}
    pixels = as_png(card.picture.data)
    return pixels, {"drawn": Picture(pixels).digest, "picture": data_url(card.picture)}


def _card_in(parts: list[Chunk]) -> Opened:
    """The V3 card; the V2 copy where an app that knows no V3 has edited it, or where it stands alone."""
    newer, older = _opened(parts, V3), _opened(parts, V2)
    if newer is None:
        if older is None:
            hint = "Pictures lose their card when a program saves them anew. As a portrait it fits into the builder."
            raise refused("There is no character card in this picture.", hint=hint)
        return older
    edited_elsewhere = older is not None and older.block is not None and older.block.edited
    if older is not None and edited_elsewhere and newer.block is not None and not newer.block.edited:
        return older
    return newer


def _opened(parts: list[Chunk], keyword: str) -> Opened | None:
    found = next((part for part in parts if keyword_of(part) == keyword), None)
    if found is None:
        return None
    text = bytes(found.body[len(keyword) + 1 :])
    try:
        card = json_of(base64.b64decode(b"".join(text.split()), validate=True), "The card in the picture")
    except binascii.Error:
        raise refused("The card in the picture is damaged: its text is not base64.") from None
    if not is_character(card):
        raise refused("What is written in the picture is no character card.")
    return opened(card)


FORMAT = Format(
    "Character Card V3 in a picture",
    "image/png",
    "One picture with everything in it, as such cards are passed around. Holds V2 for older apps too.",
    claims,
    read,
    write,
)
