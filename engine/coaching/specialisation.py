"""What coaching is about in a place, and the pipeline that goes with it."""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import yaml

from engine.coaching.entities import ENTITIES, Entity

FILE = Path(__file__).with_name("specialisations.yaml")
PIPELINE = ("orchestration", "content")


@dataclass(frozen=True, slots=True)
class Specialisation:
    """Instructions for the prompt, the kind of entity that is made, and the steps in their order."""

    key: str
    title: str
    instructions: str
    kind: str
    pipeline: tuple[str, ...] = PIPELINE

    @property
    def entity(self) -> type[Entity]:
        """The type of what is made."""
        return ENTITIES[self.kind]


def resolve_coaching_specialization(surface: str, context: Mapping[str, Any] | None = None) -> Specialisation:
    """The specialisation of a surface; that of all coaching where the surface has none of its own.

    `context` may name another one under "specialisation", such as the `ideas` of a coaching request in the assistant.
    """
    known = _known()
    named = str((context or {}).get("specialisation", ""))
    return known.get(named) or known.get(surface) or known["default"]


def specialisations() -> dict[str, Specialisation]:
    """All of them by key."""
    return dict(_known())


@cache
def _known() -> dict[str, Specialisation]:
    rows = yaml.safe_load(FILE.read_text("utf-8"))
    return {
        key: Specialisation(key, row["title"], " ".join(row["instructions"].split()), row["entity"])
        for key, row in rows.items()
    }
