"""Reading a persona as text: its advice file, its words, and every text it is made of."""

import re
from collections.abc import Callable, Collection, Iterator
from functools import cache, lru_cache
from pathlib import Path
from typing import Any

import yaml

from engine.personas.spec import PersonaSpec, asked_for

_FILE = Path(__file__).with_name("advice.yaml")
_WORD = re.compile(r"[^\W\d_]+(?:['’][^\W\d_]+)?")
_SENTENCE = re.compile(r"[^.!?;\n]+[.!?;]*")
_ENDINGS = ("ing", "ies", "ed", "es", "s")
SHORTEST_STEM = 3


@cache
def advice() -> dict[str, Any]:
    """The advice file."""
    content: dict[str, Any] = yaml.safe_load(_FILE.read_text("utf-8"))
    return content


@cache
def pattern(text: str, *, whole_words: bool = True) -> re.Pattern[str]:
    """A pattern of the advice file."""
    return re.compile(rf"(?<!\w)(?:{text})(?!\w)" if whole_words else text, re.IGNORECASE | re.MULTILINE)


def plain_words(text: str) -> list[str]:
    """The words of a text in lower case."""
    return [word.lower().replace("’", "'") for word in _WORD.findall(text)]


def stem(word: str) -> str:
    """A word without its ending: enough to tell that two words are the same."""
    for ending in _ENDINGS:
        if word.endswith(ending) and len(word) - len(ending) >= SHORTEST_STEM and not word.endswith("ss"):
            return word.removesuffix(ending)
    return word.removesuffix("e") if len(word) > SHORTEST_STEM else word


@lru_cache(maxsize=4096)
def meaning(text: str) -> frozenset[str]:
    """The stems of the words that mean something."""
    return frozenset(_stems(word for word in plain_words(text) if word not in _without_meaning()))


def speaks_of(text: str, words: Collection[str]) -> bool:
    """Whether a text has one of these words, in whatever form."""
    return not set(_stems(words)).isdisjoint(_stems(plain_words(text)))


def sentences(text: str) -> list[str]:
    """The sentences of a text."""
    return [found.strip() for found in _SENTENCE.findall(text) if found.strip()]


def texts_of(spec: PersonaSpec) -> Iterator[tuple[str, int | None, str]]:
    """Every text of a persona that a person wrote: field, item, text."""
    for field, value in spec.model_dump(mode="json", include=set(asked_for())).items():
        for at, text in _texts(value):
            yield field, at, text


def rewritten(spec: PersonaSpec, field: str, change: Callable[[str], str]) -> dict[str, Any]:
    """The field with every text of it changed; items that lose their text are gone."""
    return {field: _changed(spec.model_dump(mode="json")[field], change)}


@cache
def _without_meaning() -> frozenset[str]:
    return frozenset(advice()["without_meaning"].split())


def _stems(words: Any) -> list[str]:
    return [stem(stem(word)) for word in words]


def _texts(value: Any) -> Iterator[tuple[int | None, str]]:
    if isinstance(value, str):
        yield None, value
    elif isinstance(value, list):
        for at, item in enumerate(value):
            parts = item.values() if isinstance(item, dict) else [item]
            yield from ((at, part) for part in parts)


def _changed(value: Any, change: Callable[[str], str]) -> Any:
    if isinstance(value, str):
        return change(value)
    if isinstance(value, dict):
        return {name: change(part) for name, part in value.items()}
    pairs = [(item, _changed(item, change)) for item in value]
    return [after for before, after in pairs if not _emptied(before, after)]


def _emptied(before: Any, after: Any) -> bool:
    """Whether a text of an item has gone: an exchange without its question or its answer is none."""
    if isinstance(before, dict):
        return any(before[name] and not after[name] for name in before)
    return not after
