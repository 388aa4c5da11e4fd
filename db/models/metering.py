"""Tables of metering: admissions, counters, the append-only ledger and its daily sums."""

from datetime import date, datetime
from typing import Any
from uuid import UUID

from sqlalchemy import BigInteger, CheckConstraint, Index, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column

from db.models.base import NOBODY, Base, Big, Identified

LATENCY_BUCKETS = tuple(f"lat_{number:02}" for number in range(16))
"""Columns of the latency histogram: under 125 ms, under 250 ms, and so on, doubling; the last one is open."""

FIRST_WORD_BUCKETS = tuple(f"fst_{number:02}" for number in range(16))
"""The same for the time to the first word."""

FIRST_BUCKET_MS = 125


class CallFacts:
    """What is known of a call before it is made. The same columns in an admission and in its ledger row."""

    day: Mapped[date]
    person_id: Mapped[UUID] = mapped_column(default=NOBODY)
    department_id: Mapped[UUID] = mapped_column(default=NOBODY)
    provider: Mapped[str]
    model: Mapped[str]
    profile: Mapped[str]
    surface: Mapped[str]
    mode: Mapped[str]
    tier: Mapped[int]
    key_source: Mapped[str]
    persona_key: Mapped[str] = mapped_column(default="")
    persona_version: Mapped[int | None]


FACTS = tuple(CallFacts.__annotations__)


class Admission(Identified, CallFacts, Base):
    """A call that was let in. Open until settled, released, or its lease runs out.

    `takes` lists what it holds as [scope, scope_id, meter, period, amount], so that whoever closes it moves
    exactly that, also after midnight or a change of plan.
    """

    __tablename__ = "admissions"
    __table_args__ = (
        UniqueConstraint("person_id", "idempotency_key"),
        CheckConstraint("state IN ('open', 'settled', 'released', 'expired', 'settled_late')", name="state"),
        Index(
            "ix_admissions_open_lease",
            "lease_until",
            sqlite_where=text("state = 'open'"),
            postgresql_where=text("state = 'open'"),
        ),
    )

    idempotency_key: Mapped[str | None]
    body_hash: Mapped[bytes | None]
    state: Mapped[str] = mapped_column(default="open")
    takes: Mapped[list[Any]]
    hold_nano: Mapped[Big | None]
    lease_until: Mapped[datetime]
    created_at: Mapped[datetime]
    closed_at: Mapped[datetime | None]


class Counter(Base):
    """How much of one meter is used and held in one period. The checks are trip-wires for a double release."""

    __tablename__ = "counters"
    __table_args__ = (
        CheckConstraint("used >= 0", name="used"),
        CheckConstraint("held >= 0", name="held"),
    )

    scope: Mapped[str] = mapped_column(primary_key=True)
    scope_id: Mapped[str] = mapped_column(primary_key=True)
    meter: Mapped[str] = mapped_column(primary_key=True)
    period: Mapped[str] = mapped_column(primary_key=True)
    used: Mapped[Big]
    held: Mapped[Big]


class UsageEvent(Identified, CallFacts, Base):
    """One line of the ledger; a trigger refuses to change or delete it.

    `kind` is "call", "expired" (nobody reported the outcome), "late" (the correction when somebody did after all),
    "credit" (a sample given back), or "correction-…" and "given-back-…" by an administrator. Those after the first two
    count no call and cost the difference. `cost_nano` is None when the price is unknown. `guessed` is our estimate of
    the prompt, where the provider's count can be compared with it. `saved_nano` is what the provider's prompt cache
    took off the cost; below zero when writing to it cost more than reading saved.
    """

    __tablename__ = "usage_events"
    __table_args__ = (
        UniqueConstraint("admission_id", "kind"),
        Index(None, "at", postgresql_using="brin"),
    )

    admission_id: Mapped[UUID]
    kind: Mapped[str]
    at: Mapped[datetime]
    calls: Mapped[int]
    status: Mapped[str]
    error_code: Mapped[str | None]
    charged: Mapped[bool]
    estimated: Mapped[bool]
    input: Mapped[int]
    cache_read: Mapped[int]
    cache_write: Mapped[int]
    output: Mapped[int]
    reasoning: Mapped[int]
    cost_nano: Mapped[Big | None]
    unit_prices: Mapped[dict[str, Any]]
    attempts: Mapped[int]
    latency_ms: Mapped[int | None]
    first_token_ms: Mapped[int | None]
    guessed: Mapped[int | None]
    saved_nano: Mapped[Big] = mapped_column(default=0, server_default="0")


class DailyUsage(Base):
    """Sums of the ledger by day and by whatever a report may ask for."""

    __tablename__ = "ai_daily_usage"
    __table_args__ = (Index(None, "person_id", "day"), Index(None, "persona_key", "day"))

    day: Mapped[date] = mapped_column(primary_key=True)
    person_id: Mapped[UUID] = mapped_column(primary_key=True)
    department_id: Mapped[UUID] = mapped_column(primary_key=True)
    provider: Mapped[str] = mapped_column(primary_key=True)
    model: Mapped[str] = mapped_column(primary_key=True)
    profile: Mapped[str] = mapped_column(primary_key=True)
    persona_key: Mapped[str] = mapped_column(primary_key=True)
    surface: Mapped[str] = mapped_column(primary_key=True)
    mode: Mapped[str] = mapped_column(primary_key=True)
    tier: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    key_source: Mapped[str] = mapped_column(primary_key=True)
    calls: Mapped[Big]
    errors: Mapped[Big]
    unknown_price: Mapped[Big]
    input: Mapped[Big]
    cache_read: Mapped[Big]
    cache_write: Mapped[Big]
    output: Mapped[Big]
    reasoning: Mapped[Big]
    cost_nano: Mapped[Big]
    saved_nano: Mapped[Big]


class HourlyHouse(Base):
    """Calls of the whole house by the hour, for views of errors and waiting times. `hour` is when it began, in UTC.

    `guessed` and `counted` are the tokens of the same prompts, as we estimated them and as the provider counted them.
    """

    __tablename__ = "ai_hourly_house"

    hour: Mapped[datetime] = mapped_column(primary_key=True)
    provider: Mapped[str] = mapped_column(primary_key=True)
    model: Mapped[str] = mapped_column(primary_key=True)
    status: Mapped[str] = mapped_column(primary_key=True)
    calls: Mapped[Big]
    guessed: Mapped[Big] = mapped_column(server_default="0")
    counted: Mapped[Big] = mapped_column(server_default="0")


for _name in LATENCY_BUCKETS:
    for _sums in (DailyUsage, HourlyHouse):
        setattr(_sums, _name, mapped_column(_name, BigInteger, nullable=False))

for _name in FIRST_WORD_BUCKETS:
    setattr(HourlyHouse, _name, mapped_column(_name, BigInteger, nullable=False, server_default="0"))
