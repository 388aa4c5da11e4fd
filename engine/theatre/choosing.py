"""Who speaks next: what all strategies share. Pure, and decided by the seed and the turns alone."""

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from random import Random
from typing import TypeVar

from engine.llm import LLMRequest
from engine.theatre.scene import HOST, HOST_NAME, Member, SceneSpec, Turn

T = TypeVar("T")
_WORD = re.compile(r"\w+")


@dataclass(frozen=True, slots=True)
class Choice:
    """Who speaks and why, and who follows in the same round, each with the reason."""

    member: str
    reason: str
    queue: tuple[tuple[str, str], ...] = ()


class Lot:
    """Chance that can be repeated: the same seed at the same place of a scene draws the same.

    Only `Random.random` is used, because Python promises that its numbers stay the same.
    """

    def __init__(self, seed: int, place: int) -> None:
        self._random = Random(f"{seed}/{place}")  # noqa: S311  nothing is kept secret by it

    def roll(self) -> float:
        """A number from 0 to below 1."""
        return self._random.random()

    def one(self, among: Sequence[T]) -> T:
        """One of them."""
        return among[int(self.roll() * len(among))]

    def shuffled(self, among: Sequence[T]) -> list[T]:
        """All of them in some order."""
        return sorted(among, key=lambda _: self.roll())


@dataclass(frozen=True, slots=True)
class Situation:
    """What a strategy knows. `allowed` is never empty; `nudged` says that a person asked for just one turn.

    `mark` is that of the scene in prompts. `ask` has the director's model answer, and raises what the call raises.
    """

    spec: SceneSpec
    turns: Sequence[Turn]
    allowed: tuple[Member, ...]
    nudged: bool
    mark: str
    ask: Callable[[LLMRequest], str]

    @property
    def last(self) -> Turn | None:
        """What was said last."""
        return self.turns[-1] if self.turns else None

    @property
    def heard_from(self) -> str:
        """Who said it, as a reason names them."""
        return "you" if self.last is None or self.last.speaker == HOST else self.last.name

    def lot(self) -> Lot:
        """Chance at this place of the scene."""
        return Lot(self.spec.seed, len(self.turns))

    def named(self) -> list[Member]:
        """The allowed members who were named in what was said last, in the order of the text."""
        return named_in(self.last.text, self.allowed) if self.last else []

    def longest_silent(self) -> Member:
        """The allowed member who has not spoken for the longest time; the first of them in the cast."""
        latest = {turn.speaker: place for place, turn in enumerate(self.turns)}
        return min(self.allowed, key=lambda member: latest.get(member.id, -1))

    def after_host(self) -> set[str]:
        """Who has spoken since the host last did."""
        spoken: set[str] = set()
        for turn in reversed(self.turns):
            if turn.speaker == HOST:
                break
            spoken.add(turn.speaker)
        return spoken


Strategy = Callable[[Situation], Choice | None]


def allowed(spec: SceneSpec, turns: Sequence[Turn]) -> tuple[Member, ...]:
    """Who may speak next without being told to: not muted, and not barred by the transitions."""
    audible = tuple(member for member in spec.cast if not member.mute)
    if not turns or turns[-1].speaker == HOST:
        return audible
    before = turns[-1].speaker
    followers = {to for who, to in spec.transitions.pairs if who == before}
    return tuple(
        member
        for member in audible
        if (spec.transitions.repeat or member.id != before) and (not followers or member.id in followers)
    )


def commanded(spec: SceneSpec, turns: Sequence[Turn], forced: str) -> Choice | None:
    """Whom a person has told to speak, whatever the strategy, mute and transitions say."""
    if spec.member(forced):
        return Choice(forced, "chosen by you")
    if turns and turns[-1].speaker == HOST and spec.member(turns[-1].addressed):
        return Choice(turns[-1].addressed, "asked by you")
    return None


def named_in(text: str, cast: Sequence[Member]) -> list[Member]:
    """Members of whom a word of the name stands as a whole word in the text, in the order of the text."""
    words = {member.id: set(_words(member.name)) for member in cast}
    found = [member for word in _words(text) for member in cast if word in words[member.id]]
    return list({member.id: member for member in found}.values())


def tagged_in(text: str, cast: Sequence[Member]) -> str:
    """The id of the member whom a text speaks to with `@Name` or `@id`, the longest name first; else empty."""
    folded = text.casefold()
    calls = [(name.casefold(), member.id) for member in cast for name in (member.name, member.id)]
    for name, member_id in sorted(calls, key=lambda call: -len(call[0])):
        if re.search(rf"(?<!\w)@{re.escape(name)}(?!\w)", folded):
            return member_id
    return ""


def why_nobody(spec: SceneSpec, turns: Sequence[Turn]) -> tuple[str, str]:
    """What to say, and what to do, when nobody is allowed to speak."""
    if not spec.cast:
        return "The stage is empty.", "Choose a cast."
    if all(member.mute for member in spec.cast):
        return "Everybody is muted.", "Unmute somebody, or choose who speaks next."
    before = turns[-1].name if turns else HOST_NAME
    return f"Nobody may speak after {before}.", "Allow more transitions in the settings, or choose who speaks next."


def _words(text: str) -> list[str]:
    return _WORD.findall(text.casefold())
