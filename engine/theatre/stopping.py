"""What ends a scene by itself: one function a condition, one row in the table, the first that is met counts."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from engine.theatre.scene import HOST, MOST_TURNS, Said, SceneSpec, Turn

MANUAL = Said("manual", "You stopped it.", "Nothing is lost; play it on whenever you like.")
BUDGET = "usd"


@dataclass(frozen=True, slots=True)
class Standing:
    """How far a scene is. `turns` are all of it; those from the number `since` on count for what is said.

    `spent_nano` is what its calls have cost.
    """

    spec: SceneSpec
    turns: Sequence[Turn]
    since: int
    spent_nano: int

    @property
    def spoken(self) -> list[Turn]:
        """The turns of the cast."""
        return [turn for turn in self.turns if turn.speaker != HOST]


Condition = Callable[[Standing], str | None]
"""Says in a sentence why the scene ends; None while it goes on."""


def _turns(standing: Standing) -> str | None:
    most = min(standing.spec.stop.turns or MOST_TURNS, MOST_TURNS)
    return f"All {most} turns are played." if len(standing.spoken) >= most else None


def _usd(standing: Standing) -> str | None:
    cap = standing.spec.stop.cap_nano
    return "The scene has spent its budget." if cap and standing.spent_nano >= cap else None


def _minutes(standing: Standing) -> str | None:
    most = standing.spec.stop.minutes
    played = sum(turn.took_ms for turn in standing.turns) / 60_000
    return f"The scene has played for {most:g} minutes." if most and played >= most else None


def _phrase(standing: Standing) -> str | None:
    wanted = standing.spec.stop.phrase.casefold()
    said = (turn for turn in standing.turns if wanted and turn.number >= standing.since)
    who = next((turn.name for turn in said if wanted in turn.text.casefold()), None)
    return None if who is None else f"{who} said “{standing.spec.stop.phrase}”."


def _silence(standing: Standing) -> str | None:
    most = standing.spec.stop.silence
    last = [turn for turn in standing.spoken if turn.number >= standing.since][-(most or 1) :]
    silent = most is not None and len(last) == most and not any(_has_words(turn.text) for turn in last)
    return "Nobody has anything more to say." if silent else None


CONDITIONS: dict[str, Condition] = {
    "turns": _turns,
    BUDGET: _usd,
    "minutes": _minutes,
    "phrase": _phrase,
    "silence": _silence,
}


def met(standing: Standing) -> Said | None:
    """Why the scene ends here; None when it goes on."""
    for name, condition in CONDITIONS.items():
        if (why := condition(standing)) is not None:
            return Said(name, why)
    return None


def _has_words(text: str) -> bool:
    return any(sign.isalnum() for sign in text)
