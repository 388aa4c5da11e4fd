"""Two people changed one persona: whose change of a field is whose, and which fields both changed."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from engine.personas.spec import PersonaSpec

OWNERS = ("visibility", "prompt_open")
"""Fields that nobody but the owner decides about."""


@dataclass(frozen=True, slots=True)
class Conflict:
    """A field that both changed, each to something else. Values are as JSON has them."""

    name: str
    title: str
    theirs: Any
    mine: Any


@dataclass(frozen=True, slots=True)
class Merged:
    """The content with both sides' changes; `taken` are the names of the fields that only they changed."""

    content: dict[str, Any]
    taken: tuple[str, ...]
    conflicts: tuple[Conflict, ...]


def merge(base: PersonaSpec, mine: PersonaSpec, theirs: PersonaSpec, *, owner: bool) -> Merged:
    """Merge field by field: what only one side changed is theirs or mine, of what both changed mine is kept."""
    was, ours, now = (spec.model_dump(mode="json") for spec in (base, mine, theirs))
    content, taken, conflicts = dict(ours), list[str](), list[Conflict]()
    for name in ours:
        if ours[name] == now[name]:
            continue
        if ours[name] == was[name] or (name in OWNERS and not owner):
            content[name] = now[name]
            taken.append(name)
        elif now[name] != was[name]:
            conflicts.append(Conflict(name, title_of(name), now[name], ours[name]))
    return Merged(content, tuple(taken), tuple(conflicts))


def kept_by_owner(content: Mapping[str, Any], current: Mapping[str, Any]) -> dict[str, Any]:
    """The content with what the owner decides about as it is now."""
    defaults = PersonaSpec().model_dump(mode="json")
    return {**content, **{name: current.get(name, defaults[name]) for name in OWNERS}}


def title_of(name: str) -> str:
    """A field as people know it."""
    field = PersonaSpec.model_fields.get(name)
    return str(field.title) if field else name
