"""What a scene is: one document whose fields describe themselves, and what has been said in it."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Annotated, Any, Literal, Self
from uuid import UUID

from pydantic import BaseModel, ConfigDict, Field, StringConstraints, ValidationError, field_validator

from engine.errors import BadInput
from engine.llm.usage import Usage
from engine.runs import State

Stage = Literal["ready", "playing", "paused", "ended"]

HOST = ""
"""The speaker of a turn that no member of the cast has spoken."""
HOST_NAME = "Host"
MOST_TURNS = 500
MOST_CAST = 12
TURN_TOKENS = 220
UNNAMED = "Untitled scene"

Name = Annotated[str, StringConstraints(max_length=120, strip_whitespace=True)]
Text = Annotated[str, StringConstraints(max_length=4_000, strip_whitespace=True)]
Key = Annotated[str, StringConstraints(min_length=1, max_length=200, strip_whitespace=True)]


class _Document(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)

    @field_validator("*", mode="before")
    @classmethod
    def _storable(cls, value: Any) -> Any:
        """Refuse what a database cannot store."""
        if isinstance(value, str) and ("\x00" in value or value != value.encode(errors="replace").decode()):
            raise ValueError("has an invisible or broken character; type it again")
        return value


class StopConditions(_Document):
    """What ends a scene by itself: whichever comes first; None asks nothing. A person can always stop it by hand."""

    turns: int | None = Field(default=12, ge=1, le=MOST_TURNS, title="Turns")
    usd: Decimal | None = Field(default=Decimal("0.25"), ge=0, le=1000, title="Money")
    minutes: float | None = Field(default=10.0, gt=0, le=1440, title="Minutes")
    phrase: Annotated[str, StringConstraints(max_length=120, strip_whitespace=True)] = Field(default="", title="Phrase")
    silence: int | None = Field(default=None, ge=1, le=20, title="Silent turns")

    @property
    def cap_nano(self) -> int | None:
        """The budget in nano-USD."""
        return None if self.usd is None else int(self.usd * 10**9)


class Transitions(_Document):
    """Who may follow whom. `pairs` names members by id; a member without a pair may be followed by anybody.

    It is about members who speak one right after the other: after the host, anybody may speak.
    """

    repeat: bool = Field(default=False, title="May speak twice in a row")
    pairs: tuple[tuple[Key, Key], ...] = Field(default=(), max_length=MOST_CAST * MOST_CAST, title="Allowed pairs")


class Part(_Document):
    """A part in the cast, as somebody writes it down: a persona's key, and what is special about it here."""

    persona: Key = Field(title="Persona")
    model: Annotated[str, StringConstraints(max_length=200, strip_whitespace=True)] = Field(default="", title="Model")
    talkativeness: float | None = Field(default=None, ge=0, le=1, title="Talkativeness")
    mute: bool = Field(default=False, title="Mute")
    accent: Literal["", "violet", "green", "orange", "blue", "red", "yellow", "gray"] = Field(
        default="", title="Accent"
    )


class Member(Part):
    """A member of the cast. `id` and `name` are unique in it; `name`, `role` and `avatar` are the persona's."""

    id: Key
    name: Name
    role: str = ""
    avatar: str = ""
    talkativeness: float = Field(default=0.5, ge=0, le=1, title="Talkativeness")


class Settings(_Document):
    """What a scene and a scene file share."""

    title: Name = Field(default=UNNAMED, title="Title", min_length=1)
    place: Annotated[str, StringConstraints(max_length=300, strip_whitespace=True)] = Field(default="", title="Place")
    premise: Text = Field(default="", title="Premise")
    strategy: str = Field(default="natural", title="Who speaks next")
    director_model: Annotated[str, StringConstraints(max_length=200)] = Field(default="", title="Director's model")
    stop: StopConditions = Field(default_factory=StopConditions, title="Stop")
    transitions: Transitions = Field(default_factory=Transitions, title="Transitions")
    seed: int = Field(default=0, ge=0, le=2**31 - 1, title="Seed")
    opening: Text = Field(default="", title="Opening")
    turn_tokens: int = Field(default=TURN_TOKENS, ge=8, le=2_000, title="Longest turn, in tokens")

    @field_validator("stop", "transitions", mode="before")
    @classmethod
    def _left_empty(cls, value: Any) -> Any:
        """In a file, a name with nothing behind it asks for what is usual."""
        return {} if value is None else value


class SceneFile(Settings):
    """A scene as a file."""

    cast: tuple[Part, ...] = Field(default=(), max_length=MOST_CAST, title="Cast")


class SceneSpec(Settings):
    """A scene as it is kept."""

    cast: tuple[Member, ...] = Field(default=(), max_length=MOST_CAST, title="Cast")

    def member(self, member_id: str) -> Member | None:
        """A member by id."""
        return next((each for each in self.cast if each.id == member_id), None)

    def with_member(self, member: Member) -> Self:
        """The same with another member in the place of the one with that id."""
        return self.model_copy(update={"cast": tuple(member if each.id == member.id else each for each in self.cast)})


@dataclass(frozen=True, slots=True)
class Said:
    """Why a scene stands still. `by` is a stop condition's name, or the code of what happened."""

    by: str
    message: str
    hint: str = ""


@dataclass(frozen=True, slots=True)
class Scene:
    """A scene. `mine` is False for one that a colleague shares: it can be read and nothing else."""

    id: UUID
    spec: SceneSpec
    state: Stage
    said: Said | None
    forced: str
    shared: bool
    mine: bool
    owner: str
    thread_id: UUID | None
    created_at: datetime
    updated_at: datetime


@dataclass(frozen=True, slots=True)
class Turn:
    """What was said at one moment. `queue` names who follows in the same round, each with the reason.

    `cost_usd` is None when nobody knows the price, and while there is no `usage`.
    """

    number: int
    speaker: str
    name: str
    text: str
    id: UUID | None = None
    state: State = "done"
    addressed: str = ""
    accent: str = ""
    avatar: str = ""
    persona_key: str = ""
    persona_version: int | None = None
    strategy: str = ""
    reason: str = ""
    queue: tuple[tuple[str, str], ...] = ()
    model: str = ""
    route: Mapping[str, Any] | None = None
    usage: Usage | None = None
    cost_usd: Decimal | None = None
    pick_usd: Decimal | None = None
    took_ms: int = 0
    first_token_ms: int | None = None
    error: Mapping[str, Any] | None = None
    created_at: datetime | None = None


Document = SceneSpec | SceneFile


def checked(kind: type[SceneSpec] | type[SceneFile], content: Mapping[str, Any]) -> Any:
    """A document of that kind. Raises BadInput that names the first field that is refused."""
    try:
        return kind.model_validate(content)
    except ValidationError as problem:
        first = problem.errors(include_input=False, include_url=False)[0]
        where = " ".join(str(part + 1 if isinstance(part, int) else part) for part in first["loc"])
        said = first["msg"].removeprefix("Value error, ")
        raise BadInput(
            f"The scene's {where or 'document'}: {said[:1].lower()}{said[1:]}.",
            field=where or "Scene",
            hint="Correct it and try again; nothing was changed.",
        ) from None
