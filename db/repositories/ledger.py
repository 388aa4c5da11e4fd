"""Reading what metering wrote: admissions, counters, the ledger and its sums."""

from collections.abc import Iterator
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, Select, and_, case, func, select

from db.models.metering import FIRST_BUCKET_MS, LATENCY_BUCKETS, Admission, DailyUsage, UsageEvent
from db.repositories.base import Repository

_KEY = tuple(column.name for column in DailyUsage.__table__.primary_key)
_SUMS = tuple(column.name for column in DailyUsage.__table__.columns if not column.primary_key)


class Ledger(Repository):
    """Admissions, ledger lines and daily sums, for reading."""

    def admission_by_key(self, person_id: UUID, idempotency_key: str) -> Admission | None:
        """The admission that a person's idempotency key belongs to."""
        return self._session.scalar(
            select(Admission).where(Admission.person_id == person_id, Admission.idempotency_key == idempotency_key)
        )

    def has_calls_of(self, person_id: UUID) -> bool:
        """Whether a person has ever been answered."""
        answered = select(Admission.id).where(
            Admission.person_id == person_id, Admission.state.in_(("settled", "settled_late"))
        )
        return self._session.scalar(answered.limit(1)) is not None

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

    def events(self, since: datetime | None = None) -> list[UsageEvent]:
        """Lines of the ledger, oldest first."""
        query = select(UsageEvent).order_by(UsageEvent.at, UsageEvent.id)
        return list(self._session.scalars(query if since is None else query.where(UsageEvent.at >= since)))

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
        return list(self._session.scalars(select(DailyUsage).order_by(*_columns(_KEY))))

    def disagreements(self) -> Iterator[tuple[dict[str, Any], dict[str, tuple[int, int]]]]:
        """Where the daily sums are not the sums of the ledger: the row's key, and each column as (kept, true)."""
        kept, true = (self._by_key(query) for query in (select(*_columns(_KEY + _SUMS)), _summed_events()))
        nothing = (0,) * len(_SUMS)
        for key in sorted(kept.keys() | true.keys(), key=str):
            pairs = zip(_SUMS, kept.get(key, nothing), true.get(key, nothing), strict=True)
            wrong = {name: (ours, theirs) for name, ours, theirs in pairs if ours != theirs}
            if wrong:
                yield dict(zip(_KEY, key, strict=True)), wrong

    def _by_key(self, query: Select[Any]) -> dict[tuple[Any, ...], tuple[int, ...]]:
        cut = len(_KEY)
        return {tuple(row[:cut]): tuple(map(int, row[cut:])) for row in self._session.execute(query)}


def _columns(names: tuple[str, ...]) -> list[Any]:
    return [getattr(DailyUsage, name) for name in names]


def _summed_events() -> Select[Any]:
    """What the daily sums should be, told by the ledger alone."""
    event = UsageEvent
    one_if = {
        "errors": event.status == "failed",
        **{name: _in_bucket(number) for number, name in enumerate(LATENCY_BUCKETS)},
    }
    sums: list[ColumnElement[Any]] = []
    for name in _SUMS:
        if name in one_if:
            sums.append(func.sum(case((one_if[name], 1), else_=0)))
        elif name == "unknown_price":
            sums.append(func.sum(case((event.cost_nano.is_(None), event.calls), else_=0)))
        else:
            sums.append(func.sum(func.coalesce(getattr(event, name), 0)))
    keys = [getattr(event, name) for name in _KEY]
    return select(*keys, *sums).group_by(*keys)


def _in_bucket(number: int) -> ColumnElement[bool]:
    latency = UsageEvent.latency_ms
    low = FIRST_BUCKET_MS << (number - 1) if number else 0
    if number == len(LATENCY_BUCKETS) - 1:
        return latency >= low
    return and_(latency >= low, latency < FIRST_BUCKET_MS << number)
