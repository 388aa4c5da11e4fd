"""CHARX: an archive with `card.json` (V3) and the files that belong to it. Source: the V3 specification."""

from engine.personas.cards import icon as icons
from engine.personas.cards.archive import archive_of, files_of
from engine.personas.cards.card import Card, File, Format, Found, Written
from engine.personas.cards.card_v3 import WHERE
from engine.personas.cards.character import found_in, is_character, opened, written
from engine.personas.cards.limits import json_of, refused
from engine.personas.cards.report import Notes
from engine.personas.cards.texts import json_bytes, tell_text
from engine.personas.cards.told import tell_size, tell_written
from engine.personas.pictures.files import look

CARD = "card.json"


def claims(file: File) -> bool:
    """Whether this is an archive; some begin with a program that unpacks them."""
    return file.data.startswith(b"PK\x03\x04") or file.name.lower().endswith(".charx")


def read(file: File) -> Found:
    """The persona of an archive. Raises BadInput."""
    files = files_of(file.data)
    if CARD not in files:
        raise refused(f"There is no {CARD} in the archive.", hint="A CHARX file has one at its top.")
    card = json_of(files.pop(CARD), CARD)
    if not is_character(card):
        raise refused(f"{CARD} is no character card.")
    return found_in(opened(card), files=files)


def write(card: Card) -> Written:
    """A persona as an archive, with its picture and with the files of the imported card."""
    notes, files = Notes(), dict(card.foreign.files) if card.foreign else {}
    icon = _place(card, files)
    text = json_bytes(written(card, 3, icon=icon), indent=2)
    if card.picture is not None:
        path = icon[0].partition("://")[2]
        files.setdefault(path, card.picture.data)
        notes.keep("Picture: as it was brought.")
    data = archive_of({CARD: text} | files)
    tell_text(notes, text)
    tell_written(notes, card, where=WHERE, room_for_files=True)
    tell_size(notes, data)
    return Written(data, notes.report())


def _place(card: Card, files: dict[str, bytes]) -> tuple[str, str]:
    """Where the picture stands: where the imported card had it, if that place is free, else at a place of ours."""
    if card.picture is None:
        return "", ""
    data = card.foreign.cards.get("character", {}).get("data", {}) if card.foreign else {}
    icon = icons.main_icon(data) or {}
    uri, ending = icon.get("uri"), icon.get("ext")
    if isinstance(uri, str) and isinstance(ending, str) and uri.lower().startswith(icons.EMBEDDED):
        path = uri.partition("://")[2]
        if path and files.get(path, card.picture.data) == card.picture.data:
            return uri, ending
    ending = look(card.picture.data).ending
    path, number = f"assets/icon/images/main.{ending}", 2
    while files.get(path, card.picture.data) != card.picture.data:
        path, number = f"assets/icon/images/main-{number}.{ending}", number + 1
    return f"{icons.EMBEDDED[0]}{path}", ending


FORMAT = Format(
    "CHARX archive",
    "application/zip",
    "Card, picture and all files of a card in one archive.",
    claims,
    read,
    write,
)
