"""The ways to decide who speaks next: one module a strategy, one row here."""

from dataclasses import dataclass

from engine.errors import BadInput
from engine.theatre.choosing import Strategy
from engine.theatre.turn_taking import addressed, director, drawn, manual, natural, pooled, round_robin


@dataclass(frozen=True, slots=True)
class TurnTaking:
    """A strategy as people choose it."""

    title: str
    choose: Strategy
    help: str


STRATEGIES = {
    "natural": TurnTaking("Natural", natural.choose, natural.HELP),
    "addressed": TurnTaking("Addressed", addressed.choose, addressed.HELP),
    "round_robin": TurnTaking("Round robin", round_robin.choose, round_robin.HELP),
    "director": TurnTaking("Director", director.choose, director.HELP),
    "pooled": TurnTaking("Pooled", pooled.choose, pooled.HELP),
    "random": TurnTaking("Random", drawn.choose, drawn.HELP),
    "manual": TurnTaking("Manual", manual.choose, manual.HELP),
}


def strategy(key: str) -> TurnTaking:
    """A strategy by key. Raises BadInput that lists the known ones."""
    if key not in STRATEGIES:
        known = ", ".join(STRATEGIES)
        raise BadInput(f"There is no strategy {key!r}.", field="Strategy", hint=f"Known: {known}.")
    return STRATEGIES[key]
