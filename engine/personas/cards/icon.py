"""The picture of a card: where its `assets` say that it is, and which one the persona gets."""

from collections.abc import Mapping
from typing import Any

from engine.errors import BadInput
from engine.personas.cards.block import Block, data_url, picture_in
from engine.personas.cards.card import Card, Picture
from engine.personas.cards.report import Notes
from engine.personas.pictures import is_picture
from engine.personas.pictures.files import look
from engine.personas.spec import PersonaSpec

ITSELF = "ccdefault:"
EMBEDDED = ("embeded://", "embedded://")
"""How the specification spells it, and how everybody else does."""

_LONGEST_URL = 500


def main_icon(data: Mapping[str, Any]) -> dict[str, Any] | None:
    """The asset that shows the character: the icon called main, or the only one."""
    assets = data.get("assets")
    listed = assets if isinstance(assets, list) else []
    icons = [asset for asset in listed if isinstance(asset, dict) and asset.get("type") == "icon"]
    named = [asset for asset in icons if asset.get("name") == "main"]
    return named[0] if named else icons[0] if len(icons) == 1 else None


def picture_at(uri: object, files: Mapping[str, bytes], notes: Notes) -> Picture | None:
    """The picture that an address inside a card means. Nothing is ever fetched."""
    if not isinstance(uri, str):
        return None
    path = next((uri.removeprefix(head) for head in EMBEDDED if uri.lower().startswith(head)), "")
    if not path:
        return picture_in(uri, notes)
    if path not in files:
        return None
    try:
        look(files[path])
    except BadInput as problem:
        notes.drop(f"Picture: {problem.message}")
        return None
    return Picture(files[path])


def url_of(data: Mapping[str, Any]) -> str:
    """The web address of the icon, which is kept as text."""
    uri = (main_icon(data) or {}).get("uri")
    is_web = isinstance(uri, str) and uri.lower().startswith(("http://", "https://")) and len(uri) <= _LONGEST_URL
    return str(uri) if is_web else ""


def with_icon(data: dict[str, Any], uri: str, ending: str) -> None:
    """Have the main icon of a card stand at an address."""
    icon = main_icon(data)
    if icon is not None:
        icon |= {"uri": uri, "ext": ending}
        return
    assets = data.get("assets")
    entry = {"type": "icon", "uri": uri, "name": "main", "ext": ending}
    data["assets"] = [*(assets if isinstance(assets, list) else []), entry]


def show(card: Card, data: dict[str, Any], uri: str, ending: str) -> None:
    """Have the icon of a card be the persona's picture, or its web address; what shows it already stays as it is."""
    icon, files = main_icon(data), card.foreign.files if card.foreign else {}
    if card.picture is None:
        if card.spec.avatar.startswith(("http://", "https://")) and url_of(data) != card.spec.avatar:
            with_icon(data, card.spec.avatar, "unknown")
        return
    shown = picture_at(icon.get("uri"), files, Notes()) if icon else None
    if uri == ITSELF:
        if icon is not None and icon.get("uri") != ITSELF:
            with_icon(data, ITSELF, "png")
    elif shown is None or shown.data != card.picture.data:
        with_icon(data, uri, ending)


def inline(picture: Picture) -> tuple[str, str]:
    """Address and ending of a picture that stands inside the text of a card."""
    return data_url(picture), look(picture.data).ending


def chosen(spec: PersonaSpec, block: Block | None, found: Picture | None, notes: Notes) -> Picture | None:
    """The picture that a persona gets: its own, or the one that another app has put in its place."""
    if block is None:
        return found
    if not is_picture(spec.avatar):
        return _theirs(found, notes) if found and found.digest != block.drawn else None
    for picture in (block.picture, found):
        if picture is not None and picture.key == spec.avatar:
            return picture
    if found is None:
        notes.drop("Picture: it is not in this file.")
        return None
    if found.digest == block.drawn:
        notes.drop("Picture: this file holds only a copy of it, in another size or kind.")
        return found
    return _theirs(found, notes)


def avatar_of(spec: PersonaSpec, picture: Picture | None) -> str:
    """What the persona says of its portrait."""
    if picture is not None:
        return picture.key
    return "" if is_picture(spec.avatar) else spec.avatar


def _theirs(found: Picture, notes: Notes) -> Picture:
    notes.keep("Picture: changed in another app; theirs was taken.")
    return found
