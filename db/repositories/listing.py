"""What the catalogue keeps of a persona beside its content, so that finding one reads no document."""

import unicodedata
from collections.abc import Mapping
from typing import Any

BLURB = 80
SORTED_BY = 80
"""How much of a name decides about its place in a list."""


def folded(text: str) -> str:
    """A text as it is searched: without case and accents, and without what PostgreSQL cannot store."""
    parts = unicodedata.normalize("NFKD", text.casefold())
    kept = (sign for sign in parts if sign != "\0" and unicodedata.category(sign) not in ("Mn", "Cs"))
    return unicodedata.normalize("NFKC", "".join(kept)).casefold()


def listing(key: str, content: Mapping[str, Any]) -> dict[str, Any]:
    """The columns of a persona that follow from its key and its content."""
    name, role, tags = _text(content, "name"), _text(content, "role"), _texts(content, "tags")
    return {
        "name": name,
        "name_key": folded(name)[:SORTED_BY],
        "role": role,
        "avatar": _text(content, "avatar"),
        "modality": _text(content, "modality") or "character",
        "tags": tags,
        "blurb": _start(_text(content, "system_prompt") or _text(content, "context")),
        "sample": _start(next(iter(_texts(content, "sample_queries")), "")),
        "prompt_open": content.get("prompt_open") is True,
        "search": folded(" ".join([name, role, key, *tags])),
    }


def _text(content: Mapping[str, Any], name: str) -> str:
    found = content.get(name)
    return found if isinstance(found, str) else ""


def _texts(content: Mapping[str, Any], name: str) -> list[str]:
    found = content.get(name)
    return [each for each in found if isinstance(each, str)] if isinstance(found, list) else []


def _start(text: str) -> str:
    line = " ".join(text.split())
    return line if len(line) <= BLURB else line[: BLURB - 1].rstrip() + "…"
