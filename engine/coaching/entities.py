"""What coaching makes: typed, so that it can be drawn as a card, kept and carried elsewhere.

The bounds in the schema are advice to the model; an answer that is longer is kept as it is.
"""

from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field


def _text(about: str, most: int) -> object:
    return Field(description=about, json_schema_extra={"maxLength": most})


Line = Annotated[str, _text("A short line.", 90)]
Sentence = Annotated[str, _text("One sentence.", 220)]


def _few(most: int) -> object:
    return Field(json_schema_extra={"minItems": 1, "maxItems": most})


class Entity(BaseModel):
    """The base of all; every one has a title."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    title: Line


class _Part(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class Day(_Part):
    """One day of a trip."""

    place: Line
    plan: Sentence


class TripPlan(Entity):
    """A trip, day by day."""

    summary: Sentence
    days: Annotated[list[Day], _few(10)]
    book_early: Annotated[list[Line], _few(5)]
    risks: Annotated[list[Line], _few(5)]


class Idea(_Part):
    """One idea and how to test it."""

    name: Line
    why: Sentence
    first_step: Sentence


class IdeaSet(Entity):
    """A few different ideas."""

    ideas: Annotated[list[Idea], _few(5)]


class Session(_Part):
    """One sitting of study."""

    aim: Sentence
    do: Sentence
    check: Sentence


class StudyGuide(Entity):
    """Sessions in their order."""

    sessions: Annotated[list[Session], _few(8)]


class ConceptCard(Entity):
    """One concept."""

    definition: Sentence
    why_it_matters: Sentence
    example: Sentence
    counter_example: Sentence
    mistaken_for: Line


class Step(_Part):
    """One step and the sign that it is done."""

    do: Sentence
    done_when: Sentence


class CoachingPlan(Entity):
    """From where somebody is to where they want to be."""

    goal: Sentence
    obstacle: Sentence
    steps: Annotated[list[Step], _few(7)]


ENTITIES: dict[str, type[Entity]] = {
    "trip_plan": TripPlan,
    "idea_set": IdeaSet,
    "study_guide": StudyGuide,
    "concept_card": ConceptCard,
    "coaching_plan": CoachingPlan,
}


def as_markdown(entity: Entity) -> str:
    """An entity as a document: a heading, then its fields, lists as lists."""
    lines = [f"# {entity.title}", ""]
    for name, value in entity:
        if name == "title":
            continue
        if isinstance(value, str):
            lines += [f"**{label(name)}.** {value}", ""]
            continue
        lines += [f"## {label(name)}", ""]
        lines += [f"{number}. {_item(item)}" for number, item in enumerate(value, 1)]
        lines.append("")
    return "\n".join(lines)


def label(name: str) -> str:
    """The name of a field as people read it."""
    return name.replace("_", " ").capitalize()


def _item(item: object) -> str:
    if isinstance(item, BaseModel):
        first, *rest = [str(value) for _, value in item]
        return " · ".join([f"**{first}**", *rest])
    return str(item)
