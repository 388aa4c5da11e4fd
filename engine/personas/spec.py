"""What a persona is: one document whose fields describe themselves.

Forms, lint, cards and docs are drawn from the metadata below, so a new field is one line here
(and one in `prompt.py`, if the model shall read it). A field without such metadata is in no form.
"""

from enum import StrEnum
from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field, StringConstraints, field_validator

BuilderStep = Literal["role", "voice", "knows", "limits", "samples", "review"]
Widget = Literal["text", "area", "choice", "list", "limits", "samples", "slider", "toggle"]

SHORT, MEDIUM, LONG, MOST_ITEMS = 80, 400, 20_000, 40


class Modality(StrEnum):
    """The kind of persona."""

    CHARACTER = "character"
    DEPARTMENT = "department"
    DOMAIN = "domain"
    SPECIALIST = "specialist"


class Visibility(StrEnum):
    """Who may use a persona."""

    PRIVATE = "private"
    DEPARTMENT = "department"
    WORKSPACE = "workspace"


ShortLine = Annotated[str, StringConstraints(max_length=SHORT)]
Line = Annotated[str, StringConstraints(max_length=MEDIUM, min_length=1)]
Prose = Annotated[str, StringConstraints(max_length=LONG)]


def _shown(step: BuilderStep, widget: Widget, *, placeholder: str = "", height: int = 0, **more: Any) -> Any:
    return {"step": step, "widget": widget, "placeholder": placeholder, "height": height, **more}


class SampleInteraction(BaseModel):
    """One exchange that shows how the persona speaks."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    user: Annotated[str, StringConstraints(max_length=4_000)] = ""
    persona: Annotated[str, StringConstraints(max_length=4_000)] = ""


class PersonaSpec(BaseModel):
    """The content of a persona, without key, owner and version, which belong to its row."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    name: ShortLine = Field(
        default="",
        title="Name",
        description="What people call them.",
        json_schema_extra=_shown("role", "text", placeholder="Ada"),
    )
    role: Annotated[str, StringConstraints(max_length=160)] = Field(
        default="",
        title="Role",
        description="In a few words, as on a business card.",
        json_schema_extra=_shown("role", "text", placeholder="Sceptical engineer"),
    )
    avatar: Annotated[str, StringConstraints(max_length=500)] = Field(
        default="",
        title="Portrait",
        description="One emoji, or a picture of yours. Without it, a face is drawn from the key.",
        json_schema_extra=_shown("role", "text", placeholder="Emoji"),
    )
    system_prompt: Prose = Field(
        default="",
        title="System prompt",
        description="Speak to the persona as “you”. Two to five sentences work best.",
        json_schema_extra=_shown(
            "role",
            "area",
            height=112,
            placeholder="You are Ada, a staff engineer with twenty years of on-call behind you. You test claims…",
        ),
    )
    context: Prose = Field(
        default="",
        title="Setting",
        description="Where they are, and what their world is like: place, time, people, rules.",
        json_schema_extra=_shown(
            "role", "area", height=88, placeholder="A small team ships a web product every week. Reviews are short…"
        ),
    )
    modality: Modality = Field(
        default=Modality.CHARACTER,
        title="Modality",
        description="A character, a department's voice, an expert in a field, or a specialist for one task.",
        json_schema_extra=_shown("role", "choice"),
    )
    tags: tuple[ShortLine, ...] = Field(
        default=(),
        max_length=MOST_ITEMS,
        title="Tags",
        description="Words to find them by.",
        json_schema_extra=_shown("role", "list", placeholder="performance", options=[]),
    )
    voice: Prose = Field(
        default="",
        title="Voice and tone",
        description="Length, rhythm, warmth, favourite words, and the words they never use.",
        json_schema_extra=_shown(
            "voice", "area", height=150, placeholder="Short sentences. Dry humour. Asks for numbers before opinions."
        ),
    )
    knowledge: tuple[Line, ...] = Field(
        default=(),
        max_length=MOST_ITEMS,
        title="Knows well",
        description="One topic a line: what they can speak about with authority.",
        json_schema_extra=_shown("knows", "list", placeholder="Latency percentiles and how they mislead"),
    )
    unknowns: tuple[Line, ...] = Field(
        default=(),
        max_length=MOST_ITEMS,
        title="Does not know",
        description="One topic a line: where they say that they do not know.",
        json_schema_extra=_shown("knows", "list", placeholder="Anything about payroll"),
    )
    tools: tuple[ShortLine, ...] = Field(
        default=(),
        max_length=MOST_ITEMS,
        title="Allowed tools",
        description="What they may use besides words.",
        json_schema_extra=_shown(
            "knows", "list", options=["document-search", "trip-planner", "maps", "calculator", "clock"]
        ),
    )
    constraints: tuple[Line, ...] = Field(
        default=(),
        max_length=MOST_ITEMS,
        title="Limits",
        description="Each begins with Never or Always. They hold whoever asks.",
        json_schema_extra=_shown("limits", "limits", placeholder="Never give a date that nobody has agreed to"),
    )
    when_pushed: Annotated[str, StringConstraints(max_length=2_000)] = Field(
        default="",
        title="When someone pushes",
        description="What they do when a person insists on crossing a limit.",
        json_schema_extra=_shown(
            "limits", "area", height=88, placeholder="Says once, kindly, what they cannot do, and offers the next best."
        ),
    )
    sample_queries: tuple[Line, ...] = Field(
        default=(),
        max_length=MOST_ITEMS,
        title="Questions to try",
        description="One a line. They become the suggestions beside the preview.",
        json_schema_extra=_shown(
            "samples", "list", placeholder="Our new release is much faster now. What do you think?"
        ),
    )
    sample_interactions: tuple[SampleInteraction, ...] = Field(
        default=(),
        max_length=20,
        title="Sample interactions",
        description="Three short exchanges teach more than a page of adjectives.",
        json_schema_extra=_shown("samples", "samples"),
    )
    rehearse_on_save: bool = Field(
        default=False,
        title="Test these limits with three trick questions on every save",
        description="Asked by itself where the answer is free, else offered with its price.",
        json_schema_extra=_shown("limits", "toggle"),
    )
    preferred_profile: Literal["", "frontier", "balanced", "fast", "cheap"] = Field(
        default="",
        title="Preferred profile",
        description="What kind of model answers as them, unless somebody picks another.",
        json_schema_extra=_shown("review", "choice"),
    )
    talkativeness: float = Field(
        default=0.5,
        ge=0,
        le=1,
        title="Talkativeness",
        description="On stage: how readily they take the floor.",
        json_schema_extra=_shown("review", "slider"),
    )
    visibility: Visibility = Field(
        default=Visibility.PRIVATE,
        title="Who can use them",
        description="Only you, your department, or everyone in the workspace.",
        json_schema_extra=_shown("review", "choice"),
    )
    prompt_open: bool = Field(
        default=False,
        title="Anyone who can use them may read the prompt",
        description="They may also write a copy of their own, and export the card.",
        json_schema_extra=_shown("review", "toggle"),
    )
    card_data: Annotated[str, StringConstraints(max_length=80)] = Field(
        default="",
        title="Card data",
        description="Names what an imported card had for other apps; it goes along when the card is exported again.",
    )

    @field_validator("*", mode="before")
    @classmethod
    def _storable(cls, value: Any) -> Any:
        """Refuse what one of the two databases cannot store: NUL and lone surrogates."""
        for text in _texts(value):
            if "\x00" in text:
                raise ValueError("has an invisible NUL character; remove it and paste the text again")
            try:
                text.encode()
            except UnicodeEncodeError:
                raise ValueError("has a broken character (half of a pair); type it again") from None
        return value


def _texts(value: Any) -> list[str]:
    if isinstance(value, str):
        return [value]
    if isinstance(value, (list, tuple)):
        return [text for item in value for text in _texts(item)]
    if isinstance(value, dict):
        return [text for item in value.values() for text in _texts(item)]
    return []


def asked_for() -> dict[str, dict[str, Any]]:
    """The fields that forms ask for, each with how it is shown, in their order."""
    about = {name: field.json_schema_extra for name, field in PersonaSpec.model_fields.items()}
    return {name: shown for name, shown in about.items() if isinstance(shown, dict)}


def fields_of(step: BuilderStep) -> list[str]:
    """The names of the fields that a step of the builder asks for, in their order."""
    return [name for name, shown in asked_for().items() if shown["step"] == step]
