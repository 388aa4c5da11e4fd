"""The portrait of a persona: its picture on a tile, or a face that is drawn from its key, and so the same for ever."""

import base64
import hashlib
import unicodedata
from html import escape

ACCENTS = {
    "violet": "#6D55F2",
    "green": "#1E8F6E",
    "orange": "#D9733A",
    "blue": "#3F7BE0",
    "red": "#D04F6B",
    "yellow": "#B58A17",
    "gray": "#7B7690",
}

EYES = (
    '<path d="M17 27q5 5 10 0M37 27q5 5 10 0"/>',
    '<path d="M17 29q5-6 10 0M37 29q5-6 10 0"/>',
    '<circle cx="22" cy="28" r="1.5"/><circle cx="42" cy="28" r="1.5"/>',
    '<circle cx="22" cy="29" r="1.2"/><circle cx="42" cy="29" r="1.2"/><path d="M17 22q4-4 9-2M38 20q5-2 9 2"/>',
    '<circle cx="22" cy="28" r="6"/><circle cx="42" cy="28" r="6"/><path d="M28 28h8"/>',
)

MOUTHS = (
    '<path d="M20 40q12 13 24 0"/>',
    '<path d="M24 43q10 1 16-5"/>',
    '<path d="M25 43h14"/>',
    '<path d="M24 40h16a8 7 0 0 1-16 0z" fill="#fff"/>',
    '<path d="M26 41q6 6 12 0"/>',
)

LIGHTS = ((14, 14), (50, 14), (14, 52), (50, 52))


def accent_of(key: str) -> str:
    """The name of the persona's colour, one of ACCENTS."""
    return tuple(ACCENTS)[_digest(key)[0] % len(ACCENTS)]


def light_of(key: str) -> tuple[int, int]:
    """Where light falls on the persona's tile."""
    return LIGHTS[_digest(key)[3] % len(LIGHTS)]


def features_of(key: str) -> str:
    """Eyes and mouth of a persona, as pieces of SVG."""
    _, eyes, mouth, _ = _digest(key)[:4]
    return EYES[eyes % len(EYES)] + MOUTHS[mouth % len(MOUTHS)]


def face(key: str, accent: str | None = None, *, emoji: str = "", picture: bytes = b"") -> str:
    """An SVG of 64 by 64: `picture` (WebP) on the persona's tile, or `emoji` when it is one, or the face of `key`."""
    x, y = light_of(key)
    drawn = _emoji(emoji) if is_emoji(emoji) else _features(features_of(key))
    tile = (
        f'<rect width="64" height="64" fill="{ACCENTS[accent or accent_of(key)]}"/>'
        f'<circle cx="{x}" cy="{y}" r="26" fill="#fff" opacity=".16"/>'
    )
    return (
        '<svg xmlns="http://www.w3.org/2000/svg" width="64" height="64" viewBox="0 0 64 64">'
        '<clipPath id="tile"><rect width="64" height="64" rx="17"/></clipPath><g clip-path="url(#tile)">'
        f"{tile}{_photograph(picture) if picture else ''}</g>{'' if picture else drawn}</svg>"
    )


def is_emoji(text: str) -> bool:
    """Whether the text is a picture in letters, short enough for a tile."""
    return 0 < len(text) <= 8 and not text.isascii() and any(unicodedata.category(sign) == "So" for sign in text)


def _digest(key: str) -> bytes:
    return hashlib.sha256(key.encode()).digest()


def _features(drawn: str) -> str:
    return f'<g fill="none" stroke="#fff" stroke-width="3" stroke-linecap="round">{drawn}</g>'


def _photograph(picture: bytes) -> str:
    inside = f"data:image/webp;base64,{base64.b64encode(picture).decode()}"
    return f'<image width="64" height="64" preserveAspectRatio="xMidYMid slice" href="{inside}"/>'


def _emoji(sign: str) -> str:
    return f'<text x="32" y="33" font-size="34" text-anchor="middle" dominant-baseline="central">{escape(sign)}</text>'
