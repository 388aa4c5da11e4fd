"""Casts and turns to choose from, without a database."""

import json

from engine.errors import ProviderError
from engine.llm import LLMRequest
from engine.theatre.choosing import Choice, Situation, allowed, commanded
from engine.theatre.scene import HOST, HOST_NAME, Member, SceneSpec, Turn
from engine.theatre.turn_taking import STRATEGIES

NAMES = ("Ada", "Trip planner", "Writer", "Operations")
MARK = "0f0f0f0f"


def member(name: str, **more: object) -> Member:
    key = name.casefold().replace(" ", "-")
    return Member(**{"persona": key, "id": key, "name": name, "accent": "violet"} | more)


def scene(*cast: Member, **more: object) -> SceneSpec:
    return SceneSpec(**{"cast": cast or tuple(map(member, NAMES)), "seed": 7} | more)


def said(*lines: tuple[str, str], spec: SceneSpec | None = None) -> list[Turn]:
    """Turns of (member's id, text); an empty id is the host."""
    names = {each.id: each.name for each in (spec or scene()).cast}
    return [
        Turn(number=at, speaker=who, name=names.get(who, HOST_NAME), text=text) for at, (who, text) in enumerate(lines)
    ]


def choose(
    spec: SceneSpec, turns: list[Turn], *, forced: str = "", nudged: bool = False, director: str | ProviderError = ""
) -> Choice | None:
    """What the stage does to find the next speaker."""

    def ask(request: LLMRequest) -> str:
        if isinstance(director, ProviderError):
            raise director
        return director

    told = commanded(spec, turns, forced)
    if told is not None:
        return told
    may = allowed(spec, turns)
    return STRATEGIES[spec.strategy].choose(Situation(spec, turns, may, nudged, MARK, ask)) if may else None


def spoken(spec: SceneSpec, turns: list[Turn], choice: Choice, text: str) -> Turn:
    """The turn that comes of a choice."""
    name = next(each.name for each in spec.cast if each.id == choice.member)
    number = turns[-1].number + 1 if turns else 0
    return Turn(number=number, speaker=choice.member, name=name, text=text, queue=choice.queue, reason=choice.reason)


def picks(number: object, reason: str = "") -> str:
    return json.dumps({"number": number, "reason": reason})


HOST_ASKS = (HOST, "Where are we?")
