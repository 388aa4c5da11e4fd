"""A persona in the words of character cards: the fields that any app reads, derived from ours. Pure.

Specification: Character Card V2 (2023) and V3 (2024). `talkativeness` stands in `extensions`, where apps look for it.
"""

import hashlib
import json
from collections.abc import Collection, Mapping
from typing import Any

from engine.personas.spec import PersonaSpec, SampleInteraction

GROUPS: tuple[tuple[str, ...], ...] = (
    ("name",),
    ("description", "scenario"),
    ("personality",),
    ("system_prompt",),
    ("post_history_instructions",),
    ("mes_example",),
    ("tags",),
    ("talkativeness",),
)
"""The derived fields. Those of a group hold the same words between them, so they are replaced together."""

NATIVE = tuple(name for group in GROUPS for name in group)
KNOWS, KNOWS_NOT, PUSHED = "Knows well:", "Does not know, and says so:", "When someone pushes against these rules:"
START, USER, CHAR, ORIGINAL = "<START>", "{{user}}:", "{{char}}:", "{{original}}"


def derived(spec: PersonaSpec, *, in_book: Collection[str] = ()) -> dict[str, Any]:
    """The fields of a card that follow from a persona. Topics that the card's lorebook has are not said again."""
    knows = [topic for topic in spec.knowledge if topic not in in_book]
    return {
        "name": spec.name,
        "description": _paragraphs(spec.role, bulleted(KNOWS, knows), bulleted(KNOWS_NOT, spec.unknowns)),
        "scenario": spec.context,
        "personality": spec.voice,
        "system_prompt": spec.system_prompt,
        "post_history_instructions": _rules(spec),
        "mes_example": "\n".join(_example(pair) for pair in spec.sample_interactions if pair.user or pair.persona),
        "tags": list(spec.tags),
        "talkativeness": spec.talkativeness,
    }


def of_card(data: Mapping[str, Any]) -> dict[str, Any]:
    """The same fields as they stand in the data of a card; what is not there is not in it.

    JavaScript writes 1.0 as 1, which is no edit.
    """
    found = {name: data[name] for name in NATIVE if name in data and name != "talkativeness"}
    extensions = data.get("extensions")
    if isinstance(extensions, Mapping) and "talkativeness" in extensions:
        said = extensions["talkativeness"]
        found["talkativeness"] = float(said) if isinstance(said, int) and abs(said) < 10 else said
    return found


def digest(value: Any) -> str:
    """A short fingerprint of a JSON value, whatever the order of its keys."""
    text = json.dumps(value, sort_keys=True, separators=(",", ":"))
    return hashlib.sha256(text.encode()).hexdigest()


def bulleted(heading: str, items: Collection[str]) -> str:
    """A heading and its items, one a line; nothing without items."""
    return "\n".join([heading, *(f"- {' '.join(item.split())}" for item in items)]) if items else ""


def _rules(spec: PersonaSpec) -> str:
    said = _paragraphs(
        "\n".join(f"- {' '.join(rule.split())}" for rule in spec.constraints),
        f"{PUSHED} {spec.when_pushed}" if spec.when_pushed else "",
    )
    return f"{ORIGINAL}\n{said}" if said else ""


def _example(pair: SampleInteraction) -> str:
    lines = [f"{USER} {pair.user}" if pair.user else "", f"{CHAR} {pair.persona}" if pair.persona else ""]
    return "\n".join([START, *filter(None, lines)])


def _paragraphs(*parts: str) -> str:
    return "\n\n".join(part for part in parts if part)
