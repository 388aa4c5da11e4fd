"""What a comparison comes to: its columns, and how models did over the last questions."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from statistics import median
from typing import Any
from uuid import UUID

from engine.llm import Usage
from engine.runs import State

CURRENT = -1
"""Stands for what is compared as it is now: the published version, or the draft."""


@dataclass(frozen=True, slots=True)
class Column:
    """Whom to ask: a model as it is picked (empty: the chain's own choice), and a version."""

    model: str = ""
    version: int = CURRENT


@dataclass(frozen=True, slots=True)
class Offer:
    """What asking comes to: calls, and about what they cost (None: unknown)."""

    calls: int
    cost_usd: Decimal | None
    free: bool


@dataclass(frozen=True, slots=True)
class Compared:
    """What one column said. `picked` is the model as it was picked; `held` None when no rule can say."""

    id: UUID
    version: int
    picked: str
    provider: str
    model: str
    profile: str
    state: State
    text: str
    error: dict[str, Any] | None
    usage: Usage | None
    cost_usd: Decimal | None
    latency_ms: int | None
    first_token_ms: int | None
    held: bool | None
    rating: int | None


@dataclass(frozen=True, slots=True)
class Comparison:
    """One question with its columns."""

    id: UUID
    question: str
    asked_at: datetime
    columns: tuple[Compared, ...]

    @property
    def over(self) -> bool:
        """Whether no column is being written."""
        return all(column.state != "writing" for column in self.columns)


@dataclass(frozen=True, slots=True)
class Standing:
    """How a model did over the last questions: votes, limits held of those judged, and what its answers took.

    The median time to the first word is in milliseconds; `cost_usd` is the mean, None when a price is unknown.
    """

    model: str
    answers: int
    liked: int
    disliked: int
    held: int
    judged: int
    first_token_ms: int | None
    cost_usd: Decimal | None


def standings_of(comparisons: Iterable[Comparison]) -> list[Standing]:
    """How each model did, the best liked first; only answers that came to their end count."""
    columns: dict[str, list[Compared]] = {}
    for comparison in comparisons:
        for column in comparison.columns:
            if column.state == "done" and column.usage is not None:
                columns.setdefault(column.model, []).append(column)
    found = [_standing(model, answers) for model, answers in columns.items()]
    return sorted(found, key=lambda each: (-each.liked, each.disliked, each.model))


def _standing(model: str, answers: list[Compared]) -> Standing:
    waits = [each.first_token_ms for each in answers if each.first_token_ms is not None]
    costs = [each.cost_usd for each in answers if each.cost_usd is not None]
    return Standing(
        model=model,
        answers=len(answers),
        liked=sum(each.rating == 1 for each in answers),
        disliked=sum(each.rating == -1 for each in answers),
        held=sum(each.held is True for each in answers),
        judged=sum(each.held is not None for each in answers),
        first_token_ms=round(median(waits)) if waits else None,
        cost_usd=sum(costs, Decimal()) / len(costs) if len(costs) == len(answers) else None,
    )
