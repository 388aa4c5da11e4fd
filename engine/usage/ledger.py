"""Reading what metering wrote: what is left for a person, the lines of the ledger, and whether the sums agree."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, datetime, tzinfo
from decimal import Decimal
from uuid import UUID

from db.models.base import NOBODY
from db.models.metering import LATENCY_BUCKETS, DailyUsage, UsageEvent
from db.session import Database
from engine.accounts.actor import Actor
from engine.accounts.rights import RIGHTS, Right, needs
from engine.llm.usage import Usage
from engine.usage.limits import Moment, Scope, Unit, shown_to
from engine.usage.policy import billing_day, read_policy
from engine.usage.prices import NANO


@dataclass(frozen=True, slots=True)
class Meter:
    """The reading of one limit: used and held so far, of how much (None: counted only), until when."""

    meter: str
    scope: Scope
    label: str
    used: int
    limit: int | None
    unit: Unit
    resets_at: datetime | None


@dataclass(frozen=True, slots=True)
class Subject:
    """Whose call it was, by what, for what. `person_id` None is the operator."""

    person_id: UUID | None
    department_id: UUID | None
    provider: str
    model: str
    surface: str
    mode: str
    tier: int
    key_source: str
    persona_key: str


@dataclass(frozen=True, slots=True)
class Entry:
    """One line of the ledger. `kind` is "call", "expired" or "late"; `cost_usd` None means an unknown price."""

    id: UUID
    admission_id: UUID
    kind: str
    at: datetime
    day: date
    subject: Subject
    profile: str
    persona_version: int | None
    calls: int
    status: str
    error_code: str | None
    charged: bool
    estimated: bool
    usage: Usage
    cost_usd: Decimal | None
    unit_prices: dict[str, str]
    attempts: int
    latency_ms: int | None
    first_token_ms: int | None


@dataclass(frozen=True, slots=True)
class DaySum:
    """The sums of one day for one subject. `latency` counts calls by doubling buckets from 125 ms up."""

    day: date
    subject: Subject
    calls: int
    errors: int
    unknown_price: int
    usage: Usage
    cost_usd: Decimal
    latency: tuple[int, ...]


class Ledger:
    """Reports on what was used. `billing_zone` says when a day begins."""

    def __init__(self, database: Database, *, clock: Callable[[], datetime], billing_zone: tzinfo) -> None:
        self._database = database
        self._clock = clock
        self._zone = billing_zone

    @needs(Right.USE)
    def allowance(self, actor: Actor) -> list[Meter]:
        """What the actor has used of each limit, the tightest first; admins see the house's budget too."""
        now, admin = self._clock(), Right.SEE_HOUSE_USAGE in RIGHTS[actor.role]
        with self._database.read() as unit:
            policy = read_policy(unit, actor, now, everything=False)
            moment = Moment(now, billing_day(policy.newest_day, now.astimezone(self._zone).date()), self._zone)
            return [
                Meter(
                    limit.meter,
                    limit.scope,
                    limit.label,
                    unit.metering.reading(limit.take(0, moment)),
                    limit.cap,
                    limit.unit,
                    limit.resets_at(moment),
                )
                for limit in shown_to(actor, policy, admin=admin)
                if limit.cap is not None or limit.meter == "own_key_requests"
            ]

    @needs(Right.SEE_HOUSE_USAGE)
    def events(self, actor: Actor, since: datetime | None = None, *, newest: int | None = None) -> list[Entry]:
        """The lines of the ledger from an instant on, oldest first; with `newest` so many of the last ones."""
        with self._database.read() as unit:
            return [_entry(row) for row in unit.ledger.events(since, newest=newest)]

    @needs(Right.SEE_HOUSE_USAGE)
    def daily(self, actor: Actor) -> list[DaySum]:
        """The daily sums, oldest first."""
        with self._database.read() as unit:
            return [_day_sum(row) for row in unit.ledger.daily()]

    @needs(Right.SEE_HOUSE_USAGE)
    def verify(self, actor: Actor) -> list[str]:
        """Where the daily or hourly sums differ from the ledger, one sentence each; empty when they agree."""
        with self._database.read() as unit:
            return [
                f"{key.get('day') or key['hour']} {key['provider']}:{key['model']}: {name} is {kept}, "
                f"the ledger says {true}"
                for key, wrong in unit.ledger.disagreements()
                for name, (kept, true) in wrong.items()
            ]


def _subject(row: UsageEvent | DailyUsage) -> Subject:
    return Subject(
        person_id=None if row.person_id == NOBODY else row.person_id,
        department_id=None if row.department_id == NOBODY else row.department_id,
        provider=row.provider,
        model=row.model,
        surface=row.surface,
        mode=row.mode,
        tier=row.tier,
        key_source=row.key_source,
        persona_key=row.persona_key,
    )


def _usage(row: UsageEvent | DailyUsage) -> Usage:
    return Usage(row.input, row.cache_read, row.cache_write, row.output, row.reasoning)


def _entry(row: UsageEvent) -> Entry:
    return Entry(
        id=row.id,
        admission_id=row.admission_id,
        kind=row.kind,
        at=row.at,
        day=row.day,
        subject=_subject(row),
        profile=row.profile,
        persona_version=row.persona_version,
        calls=row.calls,
        status=row.status,
        error_code=row.error_code,
        charged=row.charged,
        estimated=row.estimated,
        usage=_usage(row),
        cost_usd=None if row.cost_nano is None else Decimal(row.cost_nano) / NANO,
        unit_prices=row.unit_prices,
        attempts=row.attempts,
        latency_ms=row.latency_ms,
        first_token_ms=row.first_token_ms,
    )


def _day_sum(row: DailyUsage) -> DaySum:
    return DaySum(
        day=row.day,
        subject=_subject(row),
        calls=row.calls,
        errors=row.errors,
        unknown_price=row.unknown_price,
        usage=_usage(row),
        cost_usd=Decimal(row.cost_nano) / NANO,
        latency=tuple(getattr(row, name) for name in LATENCY_BUCKETS),
    )
