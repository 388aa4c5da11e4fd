"""The forms in which a model proposes: strict, so that an answer either fits whole or is not used at all.

The bounds in a schema are advice to the model; what a persona cannot hold is left out by name.
"""

from collections.abc import Mapping
from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from engine.personas.spec import PersonaSpec


def _text(about: str, most: int) -> object:
    return Field(description=about, json_schema_extra={"maxLength": most})


def _few(most: int) -> object:
    return Field(json_schema_extra={"minItems": 1, "maxItems": most})


Line = Annotated[str, _text("A few words.", 90)]
Sentence = Annotated[str, _text("One sentence.", 200)]
Prose = Annotated[str, _text("Two to five sentences.", 400)]


class _Form(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class Exchange(_Form):
    """One question and its answer."""

    user: Sentence
    persona: Sentence


class PersonaForm(_Form):
    """A whole persona, by the names that `PersonaSpec` has for its fields."""

    name: Line
    role: Line
    modality: Literal["character", "department", "domain", "specialist"]
    tags: Annotated[list[Line], _few(4)]
    system_prompt: Prose
    context: Sentence
    voice: Sentence
    knowledge: Annotated[list[Line], _few(5)]
    unknowns: Annotated[list[Line], _few(3)]
    constraints: Annotated[list[Sentence], _few(4)]
    when_pushed: Sentence
    sample_queries: Annotated[list[Sentence], _few(3)]
    sample_interactions: Annotated[list[Exchange], _few(3)]


class ItemsForm(_Form):
    """The items of a list."""

    items: Annotated[list[Sentence], _few(8)]


class ExchangesForm(_Form):
    """Sample interactions."""

    items: Annotated[list[Exchange], _few(5)]


Reviewed = Literal[
    "name", "role", "system_prompt", "context", "voice", "knowledge", "unknowns", "tools", "constraints", "when_pushed",
    "sample_queries", "sample_interactions",
]  # fmt: skip


class Remark(_Form):
    """One thing that a reviewer would change, and why."""

    field: Reviewed
    problem: Sentence
    reason: Sentence
    instead: Sentence


class ReviewForm(_Form):
    """What a reviewer says."""

    verdict: Sentence
    remarks: Annotated[list[Remark], Field(json_schema_extra={"maxItems": 5})]


def fitting(values: Mapping[str, Any]) -> tuple[dict[str, Any], tuple[str, ...]]:
    """Which of the proposed values a persona can hold, as stored; and the titles of the fields left out."""
    kept: dict[str, Any] = {}
    left_out = []
    for name, value in values.items():
        try:
            stored = PersonaSpec.model_validate({name: value}).model_dump(mode="json")[name]
        except ValidationError:
            left_out.append(PersonaSpec.model_fields[name].title or name)
        else:
            if stored:
                kept[name] = stored
    return kept, tuple(left_out)
