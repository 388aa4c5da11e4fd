"""Samples that keep the limits: the model believes what it is shown more than what it is told."""

import re
from collections.abc import Iterator
from functools import lru_cache

from engine.authoring.lint.finding import Around, Found
from engine.authoring.lint.reading import advice, meaning, pattern, plain_words, sentences, speaks_of
from engine.personas.spec import PersonaSpec

_NUMBERS = {"one": 1, "a single": 1, "two": 2, "three": 3, "four": 4, "five": 5, "six": 6, "ten": 10}
_BOUND = "more than|longer than|at most|within|under|in|only"
_MOST = re.compile(rf"(?:{_BOUND})\s+({'|'.join(_NUMBERS)}|\d+)\s+(sentence|word)s?\b", re.IGNORECASE)
_ITEM = re.compile(r"\s*(?:[-*•]|\d)")
FEWEST_SHARED = 2


def sample_breaks_limit(spec: PersonaSpec, _: Around) -> Iterator[Found]:
    """A sample that crosses a limit teaches to cross it."""
    for at, pair in enumerate(spec.sample_interactions):
        for limit in spec.constraints:
            if words := crossing(limit, pair.persona):
                said = f"“{limit}” and sample {at + 1} disagree: “{words}”."
                yield Found("sample_interactions", said, at=at)
                break


def crossing(limit: str, answer: str) -> str:
    """The words of an answer that cross a limit; empty when it keeps it, as far as one can tell from words."""
    if too_long := _too_long(limit, answer):
        return too_long
    if not limit.lower().startswith("never"):
        return ""
    for told in _telltales_of(limit):
        if found := _told(told, answer):
            return found
    forbidden = meaning(limit)
    if len(forbidden) < FEWEST_SHARED:
        return ""
    whole = (sentence for sentence, means in _affirmed(answer) if forbidden <= means)
    return next(whole, "").rstrip(".")


@lru_cache(maxsize=256)
def _telltales_of(limit: str) -> tuple[str, ...]:
    """How an answer looks that crosses this limit."""
    return tuple(told["breaks"] for told in advice()["telltales"] if speaks_of(limit, told["about"]))


@lru_cache(maxsize=1024)
def _told(breaks: str, answer: str) -> str:
    hits = (pattern(breaks).search(sentence) for sentence, _ in _affirmed(answer))
    return next((hit[0].strip() for hit in hits if hit), "")


@lru_cache(maxsize=256)
def _affirmed(answer: str) -> tuple[tuple[str, frozenset[str]], ...]:
    """The sentences of an answer that refuse nothing, and what they mean."""
    refusals = set(advice()["refusals"].split())
    parts = (part for line in answer.splitlines() for part in ([line] if _ITEM.match(line) else sentences(line)))
    return tuple((part, meaning(part)) for part in parts if refusals.isdisjoint(plain_words(part)))


def _too_long(limit: str, answer: str) -> str:
    found = _MOST.search(limit)
    if found is None or not answer.strip():
        return ""
    most = _NUMBERS.get(found[1].lower()) or int(found[1])
    unit = found[2].lower()
    there = len(sentences(answer)) if unit == "sentence" else len(answer.split())
    return f"{there} {unit}s" if there > most else ""
