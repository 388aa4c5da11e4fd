"""What must never happen: said at all, and not both ways."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from engine.authoring.lint.finding import Around, Found
from engine.authoring.lint.reading import advice, meaning, plain_words, speaks_of
from engine.personas.spec import PersonaSpec

MOST_APART = 2


@dataclass(frozen=True, slots=True)
class SuggestedLimit:
    """A limit to offer, with the few words of its chip."""

    label: str
    limit: str


def suggested_limits(spec: PersonaSpec) -> list[SuggestedLimit]:
    """Limits that suit this kind of persona and that it does not have yet."""
    return [SuggestedLimit(row["label"], row["limit"]) for row in advice()["limits"] if _offered(spec, row)]


def missing_boundary(spec: PersonaSpec, _: Around) -> Iterator[Found]:
    """Somebody will push; the persona should know where it ends."""
    offered = [row for row in advice()["limits"] if _offered(spec, row)]
    needed = [row for row in offered if spec.modality in row.get("needed_for", ())]
    if spec.constraints and not needed:
        return
    row = (needed or offered)[0]
    said = (
        row["lacking"]
        if spec.constraints
        else "Nothing says what must never happen, so only the model's own manners apply."
    )
    limit, label = row["limit"], row["label"]
    yield Found("constraints", said, {"constraints": [*spec.constraints, limit]}, f"Add “{label}”")


def contradicting_limits(spec: PersonaSpec, _: Around) -> Iterator[Found]:
    """Never and always the same thing."""
    limits = spec.constraints
    for at, later in enumerate(limits):
        for earlier in limits[:at]:
            if _contradict(earlier, later):
                said = f"“{earlier}” and “{later}” cannot both hold."
                kept = [limit for n, limit in enumerate(limits) if n != at]
                yield Found("constraints", said, {"constraints": kept}, "Keep the first", at)
                return


def known_and_unknown(spec: PersonaSpec, _: Around) -> Iterator[Found]:
    """A topic that they know and do not know."""
    known = {meaning(line): line for line in spec.knowledge if meaning(line)}
    both = [line for line in spec.unknowns if meaning(line) in known]
    if both:
        kept = [line for line in spec.unknowns if line not in both]
        said = f"“{both[0]}” stands under what they know and under what they do not know."
        yield Found("unknowns", said, {"unknowns": kept}, "They know it", spec.unknowns.index(both[0]))


def _offered(spec: PersonaSpec, row: dict[str, Any]) -> bool:
    said = " ".join([*spec.constraints, *spec.unknowns])
    return spec.modality in row["for"] and row["limit"] not in spec.constraints and not speaks_of(said, row["covers"])


def _contradict(one: str, other: str) -> bool:
    kinds = {text.split(maxsplit=1)[0].lower() for text in (one, other) if text.split()}
    if kinds != {"never", "always"} or any(_conditional(text) for text in (one, other)):
        return False
    small, large = sorted((meaning(one), meaning(other)), key=len)
    return bool(small) and small <= large and len(large) - len(small) <= MOST_APART


def _conditional(limit: str) -> bool:
    return not set(advice()["conditions"].split()).isdisjoint(plain_words(limit))
