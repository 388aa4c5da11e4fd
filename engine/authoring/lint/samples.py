"""Samples that keep the limits: the model believes what it is shown more than what it is told."""

import re
from collections.abc import Iterator

from engine.authoring.lint.finding import Around, Found
from engine.authoring.lint.reading import advice, meaning, pattern, plain_words, sentences, speaks_of
from engine.personas.spec import PersonaSpec

_NUMBERS = {"one": 1, "a single": 1, "two": 2, "three": 3, "four": 4, "five": 5, "six": 6, "ten": 10}
_BOUND = "more than|longer than|at most|within|under|in|only"
_MOST = re.compile(rf"(?:{_BOUND})\s+({'|'.join(_NUMBERS)}|\d+)\s+(sentence|word)s?\b", re.IGNORECASE)
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
    for told in advice()["telltales"]:
        if speaks_of(limit, told["about"]):
            for sentence in _affirmed(answer):
                if found := pattern(told["breaks"]).search(sentence):
                    return found[0].strip()
    forbidden = meaning(limit)
    whole = [
        sentence for sentence in _affirmed(answer) if len(forbidden) >= FEWEST_SHARED and forbidden <= meaning(sentence)
    ]
    return whole[0].rstrip(".") if whole else ""


def _affirmed(answer: str) -> list[str]:
    """The sentences of an answer that refuse nothing."""
    refusals = set(advice()["refusals"].split())
    lines = [
        part for line in answer.splitlines() for part in ([line] if re.match(r"\s*[-*•\d]", line) else sentences(line))
    ]
    return [sentence for sentence in lines if refusals.isdisjoint(plain_words(sentence))]


def _too_long(limit: str, answer: str) -> str:
    found = _MOST.search(limit)
    if found is None or not answer.strip():
        return ""
    most = _NUMBERS.get(found[1].lower()) or int(found[1])
    unit = found[2].lower()
    there = len(sentences(answer)) if unit == "sentence" else len(answer.split())
    return f"{there} {unit}s" if there > most else ""
