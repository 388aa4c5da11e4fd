"""Card files: one module a format, one row here. A file belongs to the first format that claims it."""

from engine.errors import BadInput
from engine.personas.cards import card_png, card_v2, card_v3, charx, open_webui, own_yaml
from engine.personas.cards.card import Card, File, Format, Found, Written, unknown
from engine.personas.cards.limits import check_size, said_at_the_end

# By the ending of an exported file; the longest that fits counts.
FORMATS: dict[str, Format] = {
    ".png": card_png.FORMAT,
    ".json": card_v3.FORMAT,
    ".v2.json": card_v2.FORMAT,
    ".charx": charx.FORMAT,
    ".owui.json": open_webui.FORMAT,
    ".yaml": own_yaml.FORMAT,
}

__all__ = ["FORMATS", "Card", "File", "Format", "Found", "Written", "ending_of", "read"]


def read(name: str, data: bytes) -> Found:
    """What is in a file. Raises BadInput when it is no card, too large, damaged or suspicious."""
    check_size(data)
    file = File(name, data)
    try:
        claimed = next((each for each in FORMATS.values() if each.claims(file)), None)
        if claimed is None:
            raise unknown(file)
        return claimed.read(file)
    except BadInput as problem:
        raise said_at_the_end(problem) from None


def ending_of(filename: str) -> str:
    """The ending of a file name that says its format; empty when none does."""
    endings = [ending for ending in FORMATS if filename.lower().endswith(ending)]
    return max(endings, key=len, default="")
