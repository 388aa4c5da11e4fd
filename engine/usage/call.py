"""What metering is told and what it answers: a call, the admission of it, its outcome."""

from dataclasses import dataclass, field
from datetime import date
from typing import Literal
from uuid import UUID

from db.repositories.metering import Take
from engine.llm.usage import Usage
from engine.usage.prices import Cost

Status = Literal["ok", "stopped", "failed", "unknown"]


@dataclass(frozen=True, slots=True)
class Call:
    """A call that asks to be let in.

    `units` is what it takes of a request limit (0 for a preview that costs nothing); `hold_nano` is the most it may
    cost in nano-USD, 0 for a free provider, None when the price is unknown. A call of a scene also takes from the
    scene's budget, `scene_cap_nano` (None: counted only). `body_hash` tells a repeated request
    from another one under the same `idempotency_key`.
    """

    surface: str
    mode: str
    provider: str
    model: str
    profile: str
    key_source: str
    tier: int
    persona_key: str | None = None
    persona_version: int | None = None
    idempotency_key: str | None = None
    body_hash: bytes | None = None
    units: int = 1
    hold_nano: int | None = None
    scene_id: str | None = None
    scene_cap_nano: int | None = None


@dataclass(frozen=True, slots=True)
class Admission:
    """The right to make one call, and what it holds until it is settled. `day` is the billing day it counts for."""

    id: UUID
    call: Call
    person_id: UUID
    department_id: UUID
    day: date
    takes: tuple[Take, ...]


@dataclass(frozen=True, slots=True)
class Outcome:
    """What came of a call.

    A call that is not `charged` gives everything back and costs nothing; `cost` None means that its price is
    unknown; `estimated` that the provider did not report the usage. `latency_ms` and `first_token_ms` are measured
    by the caller. `provider` and `model` are the ones that answered, when they differ from the admitted ones. `guessed`
    is our estimate of the prompt in tokens, where the provider's count of it tells how good that was.
    """

    status: Status
    charged: bool
    usage: Usage = field(default_factory=Usage)
    cost: Cost | None = None
    estimated: bool = False
    attempts: int = 1
    latency_ms: int | None = None
    first_token_ms: int | None = None
    error_code: str | None = None
    provider: str | None = None
    model: str | None = None
    guessed: int | None = None
