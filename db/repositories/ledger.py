"""Reading what metering wrote: admissions, counters, the ledger and its sums."""

from collections.abc import Iterator
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, Row, Select, and_, case, delete, func, insert, literal_column, select

from db.models.base import Base, UtcDateTime, table_of
from db.models.metering import (
    FIRST_BUCKET_MS,
    FIRST_WORD_BUCKETS,
    LATENCY_BUCKETS,
    Admission,
    DailyUsage,
    HourlyHouse,
    UsageEvent,
)
from db.repositories.base import Repository


class Ledger(Repository):
    """Admissions, ledger lines and daily sums, for reading."""

    def admission_by_key(self, person_id: UUID, idempotency_key: str) -> Admission | None:
        """The admission that a person's idempotency key belongs to."""
        return self._session.scalar(
            select(Admission).where(Admission.person_id == person_id, Admission.idempotency_key == idempotency_key)
        )

    def admission(self, admission_id: UUID) -> Admission | None:
        """An admission by its id; inside a write nobody else changes what hangs on it until the end."""
        return self._session.get(Admission, admission_id, with_for_update=True)

    def lines_of(self, admission_id: UUID) -> list[UsageEvent]:
        """The lines of one call, oldest first."""
        lines = select(UsageEvent).where(UsageEvent.admission_id == admission_id).order_by(UsageEvent.id)
        return list(self._session.scalars(lines))

    def has_calls_of(self, person_id: UUID) -> bool:
        """Whether a person has ever been answered."""
        answered = select(Admission.id).where(
            Admission.person_id == person_id, Admission.state.in_(("settled", "settled_late"))
        )
        return self._session.scalar(answered.limit(1)) is not None

    def count_open(self, now: datetime) -> int:
        """How many admissions are open and within their lease."""
        alive = (Admission.state == "open", Admission.lease_until >= now)
        return self._session.scalar(select(func.count()).select_from(Admission).where(*alive)) or 0

    def overdue(self, now: datetime, *, most: int) -> list[Admission]:
        """Open admissions whose lease has run out, oldest first."""
        return list(
            self._session.scalars(
                select(Admission)
                .where(Admission.state == "open", Admission.lease_until < now)
                .order_by(Admission.lease_until)
                .limit(most)
            )
        )

    def events(self, since: datetime | None = None, *, newest: int | None = None) -> list[UsageEvent]:
        """Lines of the ledger, oldest first; with `newest` so many of the last ones."""
        query = select(UsageEvent).order_by(UsageEvent.at.desc(), UsageEvent.id.desc()).limit(newest)
        found = self._session.scalars(query if since is None else query.where(UsageEvent.at >= since))
        return list(found)[::-1]

    def last_own_key_uses(self, person_id: UUID) -> dict[str, datetime]:
        """When a person last called each provider with a key of their own."""
        rows = self._session.execute(
            select(UsageEvent.provider, func.max(UsageEvent.at))
            .where(UsageEvent.person_id == person_id, UsageEvent.key_source == "user")
            .group_by(UsageEvent.provider)
        )
        return {provider: at for provider, at in rows}

    def daily(self) -> list[DailyUsage]:
        """All daily sums, oldest first."""
        return list(
            self._session.scalars(
                select(DailyUsage).order_by(*(getattr(DailyUsage, name) for name in _key_of(DailyUsage)))
            )
        )

    def shown(self, since: datetime) -> list[Row[Any]]:
        """Of each provider and model: the tokens guessed and counted, and how many first words came in which time."""
        sums = [func.sum(getattr(HourlyHouse, name)) for name in ("guessed", "counted", *FIRST_WORD_BUCKETS)]
        shown = select(HourlyHouse.provider, HourlyHouse.model, *sums).where(HourlyHouse.hour >= since)
        return list(self._session.execute(shown.group_by(HourlyHouse.provider, HourlyHouse.model)))

    def disagreements(self) -> Iterator[tuple[dict[str, Any], dict[str, tuple[int, int]]]]:
        """Where sums are not those of the ledger: the row's key, and each column as (kept, true)."""
        for table in (DailyUsage, HourlyHouse):
            key, sums = _key_of(table), _sums_of(table)
            kept, true = (self._by_key(query, len(key)) for query in (_kept(table), self._true(table)))
            nothing = (0,) * len(sums)
            for values in sorted(kept.keys() | true.keys(), key=str):
                pairs = zip(sums, kept.get(values, nothing), true.get(values, nothing), strict=True)
                wrong = {name: (ours, theirs) for name, ours, theirs in pairs if ours != theirs}
                if wrong:
                    yield dict(zip(key, values, strict=True)), wrong

    def add_up(self) -> None:
        """Make both rollups anew from the ledger."""
        for table in (DailyUsage, HourlyHouse):
            self._session.execute(delete(table))
            columns = [*_key_of(table), *_sums_of(table)]
            self._session.execute(insert(table).from_select(columns, self._true(table)))

    def _true(self, table: type[Base]) -> Select[Any]:
        """What the sums should be, told by the ledger alone."""
        keys = [self._hour() if name == "hour" else getattr(UsageEvent, name) for name in _key_of(table)]
        return select(*keys, *map(_summed, _sums_of(table))).group_by(*keys)

    def _hour(self) -> ColumnElement[datetime]:
        """The hour of an event, in the form in which the database keeps it."""
        if self._session.get_bind().dialect.name == "postgresql":
            return func.date_trunc(_quoted("hour"), UsageEvent.at, _quoted("UTC"), type_=UtcDateTime)
        return func.strftime(_quoted("%Y-%m-%d %H:00:00.000000"), UsageEvent.at, type_=UtcDateTime)

    def _by_key(self, query: Select[Any], cut: int) -> dict[tuple[Any, ...], tuple[int, ...]]:
        return {tuple(row[:cut]): tuple(map(int, row[cut:])) for row in self._session.execute(query)}


def _quoted(constant: str) -> ColumnElement[str]:
    """A constant in the text of the statement: PostgreSQL takes two parameters for two things, also when grouping."""
    return literal_column(f"'{constant}'")


def _key_of(table: type[Base]) -> list[str]:
    return [column.name for column in table_of(table).primary_key]


def _sums_of(table: type[Base]) -> list[str]:
    return [column.name for column in table_of(table).columns if not column.primary_key]


def _kept(table: type[Base]) -> Select[Any]:
    return select(*(getattr(table, name) for name in (*_key_of(table), *_sums_of(table))))


def _summed(name: str) -> ColumnElement[Any]:
    """One column of sums over the ledger."""
    event = UsageEvent
    if name == "errors":
        return func.sum(case((event.status == "failed", 1), else_=0))
    if name in LATENCY_BUCKETS:
        return func.sum(case((_in_bucket(event.latency_ms, LATENCY_BUCKETS.index(name)), 1), else_=0))
    if name in FIRST_WORD_BUCKETS:
        return func.sum(case((_in_bucket(event.first_token_ms, FIRST_WORD_BUCKETS.index(name)), 1), else_=0))
    if name == "counted":
        counted = event.input + event.cache_read + event.cache_write
        return func.sum(case((event.guessed.is_not(None), counted), else_=0))
    if name == "unknown_price":
        return func.sum(case((event.cost_nano.is_(None), event.calls), else_=0))
    return func.sum(func.coalesce(getattr(event, name), 0))


def _in_bucket(milliseconds: Any, number: int) -> ColumnElement[bool]:
    low = FIRST_BUCKET_MS << (number - 1) if number else 0
    above: ColumnElement[bool] = milliseconds >= low
    if number == len(LATENCY_BUCKETS) - 1:
        return above
    return and_(above, milliseconds < FIRST_BUCKET_MS << number)
