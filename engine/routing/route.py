"""The outcome of routing: who answers, who pays, and why."""

from dataclasses import dataclass, field
from typing import Literal

from engine.llm.credential import Credential, KeySource
from engine.llm.refs import ModelRef

StepName = Literal["user", "mode", "persona", "surface", "default", "tier", "fallback"]
StepOutcome = Literal["won", "passed", "lost", "not reached"]


@dataclass(frozen=True, slots=True)
class Length:
    """The tokens of a prompt, as counted or, where that is 0, as we estimate; and how many its answer may have."""

    counted: int = 0
    estimated: int = 0
    answer: int = 0


@dataclass(frozen=True, slots=True)
class Step:
    """One step of the chain: what it proposed, and what became of it."""

    name: StepName
    label: str
    proposal: str | None
    outcome: StepOutcome
    reason: str


@dataclass(frozen=True, slots=True)
class Route:
    """Provider, model and payer of a call, with the steps that led there."""

    provider: str
    model: str
    profile: str
    key_source: KeySource
    tier: int
    free: bool
    steps: tuple[Step, ...]

    @property
    def ref(self) -> ModelRef:
        """Provider and model as one name."""
        return ModelRef(self.provider, self.model)


@dataclass(frozen=True, slots=True)
class Resolved:
    """A route with what the call needs beside it: the key, and who is asked when the model is not found.

    `others` may go on when the provider cannot answer, where administrators allowed that for the profile.
    """

    route: Route
    credential: Credential = field(repr=False)
    candidates: tuple[str, ...]
    others: tuple["Resolved", ...] = ()
