"""Tables of what helps a writer: checks, rehearsals with their cells, and comparisons of models and versions."""

from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import ForeignKey, Index, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column

from db.models.base import Base, Big, Identified, Json

_RUNNING = text("state = 'writing'")


class PersonaCheck(Base):
    """A check that a writer changed, removed or added. Those that follow from the persona as it is have no row."""

    __tablename__ = "persona_checks"

    persona_id: Mapped[UUID] = mapped_column(ForeignKey("personas.id", ondelete="CASCADE"), primary_key=True)
    key: Mapped[str] = mapped_column(primary_key=True)
    kind: Mapped[str]
    title: Mapped[str]
    question: Mapped[str]
    expected: Mapped[str]
    must: Mapped[list[Any]] = mapped_column(Json)
    must_not: Mapped[list[Any]] = mapped_column(Json)
    removed: Mapped[bool]
    updated_at: Mapped[datetime]


class Rehearsal(Identified, Base):
    """One run of checks over versions and models (0 stands for the draft of `person_id`).

    `checks` are the keys of those that it is about; empty for all. `total` is how many cells it is to fill. While
    `state` is "writing", `saved_at` moves every second; when it stands still, the process is gone. `turn` counts how
    often it was begun or gone on with: a worker of an earlier turn is not listened to any more. At most one is being
    written for a persona.
    """

    __tablename__ = "rehearsals"
    __table_args__ = (
        Index("uq_rehearsals_running", "persona_id", unique=True, sqlite_where=_RUNNING, postgresql_where=_RUNNING),
        Index(None, "persona_id", "id"),
    )

    persona_id: Mapped[UUID] = mapped_column(ForeignKey("personas.id", ondelete="CASCADE"))
    person_id: Mapped[UUID | None] = mapped_column(ForeignKey("people.id", ondelete="SET NULL"), index=True)
    state: Mapped[str]
    turn: Mapped[int]
    versions: Mapped[list[Any]]
    models: Mapped[list[Any]]
    checks: Mapped[list[Any]]
    judge: Mapped[str]
    total: Mapped[int]
    calls: Mapped[int]
    cost_nano: Mapped[Big]
    unknown_price: Mapped[int]
    error: Mapped[dict[str, Any] | None]
    started_at: Mapped[datetime]
    saved_at: Mapped[datetime]


class RehearsalCell(Identified, Base):
    """One check on one prompt by one model, and what came of it: "passed", "failed", "unjudged" or "error".

    "waiting" and "asking" are on their way. `picked` is how the model was asked for. A prompt is known by its digest,
    so versions with the same words share their results. `check_digest` tells results of a check as it was from those
    of the check as it is.
    """

    __tablename__ = "rehearsal_cells"
    __table_args__ = (UniqueConstraint("persona_id", "prompt_digest", "model", "check_key"),)

    persona_id: Mapped[UUID] = mapped_column(ForeignKey("personas.id", ondelete="CASCADE"))
    rehearsal_id: Mapped[UUID] = mapped_column(ForeignKey("rehearsals.id", ondelete="CASCADE"), index=True)
    turn: Mapped[int]
    place: Mapped[int]
    version: Mapped[int]
    prompt_digest: Mapped[str]
    model: Mapped[str]
    picked: Mapped[str]
    check_key: Mapped[str]
    check_digest: Mapped[str]
    state: Mapped[str]
    question: Mapped[str]
    answer: Mapped[str]
    judged_by: Mapped[str]
    reason: Mapped[str]
    cost_nano: Mapped[Big | None]
    saved_at: Mapped[datetime]


class RehearsalRate(Base):
    """How many checks of the whole set a published version passed on a model when it was last rehearsed to the end."""

    __tablename__ = "rehearsal_rates"

    persona_id: Mapped[UUID] = mapped_column(ForeignKey("personas.id", ondelete="CASCADE"), primary_key=True)
    version: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    model: Mapped[str] = mapped_column(primary_key=True)
    passed: Mapped[int]
    total: Mapped[int]
    at: Mapped[datetime]


class Comparison(Identified, Base):
    """One question of one person, put to several models or versions.

    `about` is the persona, or the draft of one that is not published yet.
    """

    __tablename__ = "comparisons"
    __table_args__ = (Index(None, "person_id", "about"),)

    person_id: Mapped[UUID] = mapped_column(ForeignKey("people.id", ondelete="CASCADE"))
    about: Mapped[UUID]
    question: Mapped[str]
    created_at: Mapped[datetime]


class ComparisonAnswer(Identified, Base):
    """One column of a comparison: who was asked (a model as it was picked, a version; 0 is the draft) and what came.

    `saved_at` moves every second while `state` is "writing". `held` says whether the limits that a rule can judge held.
    """

    __tablename__ = "comparison_answers"

    comparison_id: Mapped[UUID] = mapped_column(ForeignKey("comparisons.id", ondelete="CASCADE"), index=True)
    place: Mapped[int]
    version: Mapped[int]
    picked: Mapped[str]
    provider: Mapped[str]
    model: Mapped[str]
    profile: Mapped[str]
    state: Mapped[str]
    text: Mapped[str]
    error: Mapped[dict[str, Any] | None]
    usage: Mapped[dict[str, Any] | None]
    cost_nano: Mapped[Big | None]
    latency_ms: Mapped[int | None]
    first_token_ms: Mapped[int | None]
    held: Mapped[bool | None]
    rating: Mapped[int | None]
    saved_at: Mapped[datetime]
