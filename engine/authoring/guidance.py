"""What helps to write each step of a persona: tips, and examples to begin with."""

from dataclasses import dataclass
from functools import cache
from pathlib import Path

import yaml

from engine.authoring.lint.reading import advice
from engine.personas.spec import BuilderStep

_FILE = Path(__file__).with_name("guidance.yaml")


@dataclass(frozen=True, slots=True)
class Example:
    """A text for a field, with a few words that say what it is. The text of a list has one item a line."""

    field: str
    name: str
    text: str


@dataclass(frozen=True, slots=True)
class Guidance:
    """What stands beside a step."""

    tips: tuple[str, ...]
    examples: tuple[Example, ...]


def guidance(step: BuilderStep) -> Guidance:
    """The guidance of a step; nothing for the review."""
    return _read().get(step, Guidance((), ()))


def voices() -> dict[str, str]:
    """Ways to begin a voice, by a word for each."""
    begun: dict[str, str] = advice()["voices"]
    return begun


@cache
def _read() -> dict[str, Guidance]:
    rows = yaml.safe_load(_FILE.read_text("utf-8"))
    return {
        step: Guidance(tuple(row["tips"]), tuple(Example(**example) for example in row["examples"]))
        for step, row in rows.items()
    }
