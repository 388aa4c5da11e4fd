"""Reading usage: sums of the two rollups by whatever is asked for, and for single calls the ledger itself."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time, timedelta
from typing import Any, Literal, get_args
from uuid import UUID

from sqlalchemy import ColumnElement, Row, Select, case, func, or_, select

from db.models.metering import FIRST_WORD_BUCKETS, LATENCY_BUCKETS, DailyUsage, HourlyHouse, UsageEvent
from db.models.people import Person
from db.models.personas import Persona
from db.repositories.base import Repository

Dimension = Literal[
    "day", "person", "department", "provider", "model", "profile", "persona", "surface", "mode", "tier", "key_source"
]
HourlyDimension = Literal["hour", "provider", "model", "status"]
_COLUMNS = {name: name for name in get_args(Dimension)} | {
    "person": "person_id",
    "department": "department_id",
    "persona": "persona_key",
}
_TOKENS = ("input", "cache_read", "cache_write", "output", "reasoning")
_PLAIN = ("calls", "errors", "unknown_price", *_TOKENS, "cost_nano", "saved_nano")

# A call is settled at most hours after the day it counts for; corrections by administrators may come much later.
_BEFORE, _LATEST = timedelta(days=2), timedelta(days=400)


@dataclass(frozen=True, slots=True)
class UsageFilter:
    """Which usage: billing days from `since` up to and without `until`, and the wanted values by dimension."""

    since: date | None = None
    until: date | None = None
    only: Mapping[str, Sequence[Any]] = field(default_factory=dict)


class UsageSums(Repository):
    """Sums, and the calls behind them."""

    def sums(self, by: Sequence[str], wanted: UsageFilter, *, latency: bool = False) -> list[Row[Any]]:
        """Sums of the daily rollup by dimensions; `own_nano` is what people paid themselves.

        With `latency` the columns of the histogram too.
        """
        return list(self._session.execute(_sums_of(DailyUsage, by, wanted, latency=latency)))

    def hours(
        self,
        by: Sequence[HourlyDimension],
        since: datetime,
        until: datetime,
        only: Mapping[str, Sequence[str]],
    ) -> list[Row[Any]]:
        """Sums of the hourly rollup over hours that begin from `since` up to and without `until`."""
        hourly = HourlyHouse
        keys = [getattr(hourly, name) for name in by]
        histogram = [func.sum(getattr(hourly, name)).label(name) for name in (*LATENCY_BUCKETS, *FIRST_WORD_BUCKETS)]
        failed = func.sum(case((hourly.status == "failed", hourly.calls), else_=0)).label("errors")
        sums = select(*keys, func.sum(hourly.calls).label("calls"), failed, *histogram).group_by(*keys)
        sums = sums.where(hourly.hour >= since, hourly.hour < until)
        return list(
            self._session.execute(sums.where(*(getattr(hourly, name).in_(values) for name, values in only.items())))
        )

    def values(self, names: Sequence[str], wanted: UsageFilter) -> dict[str, set[Any]]:
        """The values that each of these dimensions has."""
        columns = [getattr(DailyUsage, _COLUMNS[name]) for name in names]
        rows = self._session.execute(select(*columns).distinct().where(*_where(DailyUsage, wanted))).all()
        return {name: {row[place] for row in rows} for place, name in enumerate(names)}

    def last_days(self, name: Dimension, wanted: UsageFilter) -> dict[Any, date]:
        """The newest day on which each value of a dimension was met."""
        column = getattr(DailyUsage, _COLUMNS[name])
        newest = select(column, func.max(DailyUsage.day)).where(*_where(DailyUsage, wanted)).group_by(column)
        return {value: day for value, day in self._session.execute(newest)}

    def count_lines(self, wanted: UsageFilter, *, failed: bool = False) -> int:
        """How many lines of the ledger there are."""
        found = select(func.count()).select_from(UsageEvent).where(*_of_ledger(wanted, failed=failed))
        return self._session.scalar(found) or 0

    def lines(self, wanted: UsageFilter, *, failed: bool = False, skip: int, most: int) -> list[UsageEvent]:
        """Lines of the ledger, newest first."""
        found = select(UsageEvent).where(*_of_ledger(wanted, failed=failed))
        newest = found.order_by(UsageEvent.at.desc(), UsageEvent.id.desc())
        return list(self._session.scalars(newest.offset(skip).limit(most)))

    def count_longer(self, wanted: UsageFilter, most_tokens: int) -> int:
        """How many calls had more tokens, prompt and answer together."""
        event = UsageEvent
        tokens = sum((getattr(event, name) for name in _TOKENS[1:]), start=event.input)
        longer = select(func.coalesce(func.sum(event.calls), 0)).where(*_of_ledger(wanted), tokens > most_tokens)
        return int(self._session.scalar(longer) or 0)

    def uncertain(self, wanted: UsageFilter) -> Row[Any]:
        """What of the ledger may be otherwise on a bill: calls and cost that were estimated, that nobody reported, that
        were corrected by administrators; and failed calls, which cost nothing here."""
        event = UsageEvent
        cost = func.coalesce(event.cost_nano, 0)
        by_admins = or_(event.kind.startswith("correction"), event.kind.startswith("given-back"))
        kinds = {
            "estimated": event.estimated & (event.kind == "call"),
            "expired": event.kind.in_(("expired", "late")),
            "corrected": by_admins,
            "failed": (event.status == "failed") & ~event.charged,
        }
        parts = [
            part
            for name, condition in kinds.items()
            for part in (
                func.coalesce(func.sum(case((condition, 1), else_=0)), 0).label(f"{name}_calls"),
                func.coalesce(func.sum(case((condition, cost), else_=0)), 0).label(f"{name}_nano"),
            )
        ]
        return self._session.execute(select(*parts).where(*_of_ledger(wanted))).one()

    def persona_names(self, keys: Iterable[str]) -> dict[str, str]:
        """What personas are called by the keys in the ledger; one's own, `user:ada`, only where they are the same for
        everybody who has one of that key."""
        bare = {key: key.removeprefix("user:").rpartition("/")[2] for key in keys}
        found = select(Persona.owner_id, Person.handle, Persona.key, Persona.name).join(
            Person, Person.id == Persona.owner_id, isouter=True
        )
        names: dict[str, set[str]] = {}
        for owner_id, handle, key, name in self._session.execute(found.where(Persona.key.in_(set(bare.values())))):
            for ledgered in (key,) if owner_id is None else (f"user:{key}", f"team:{handle}/{key}"):
                names.setdefault(ledgered, set()).add(name)
        return {key: only for key in bare if len(named := names.get(key, ())) == 1 and (only := next(iter(named)))}

    def accounts(self, ids: Iterable[UUID]) -> list[Row[Any]]:
        """The id, the plan and the department of people; whoever is gone is left out."""
        found = select(Person.id, Person.plan, Person.department_id).where(Person.id.in_(list(ids)))
        return list(self._session.execute(found))

    def raw_sums(self, by: Sequence[str], wanted: UsageFilter) -> list[Row[Any]]:
        """The same as `sums`, added up from the ledger itself: for checks and measurements only."""
        return list(self._session.execute(_sums_of(UsageEvent, by, wanted, latency=False)))


def _sums_of(
    table: type[DailyUsage] | type[UsageEvent], by: Sequence[str], wanted: UsageFilter, *, latency: bool
) -> Select[Any]:
    keys = [getattr(table, _COLUMNS[name]).label(name) for name in by]
    own = case((table.key_source == "user", func.coalesce(table.cost_nano, 0)), else_=0)
    sums = [_plain(table, name).label(name) for name in _PLAIN]
    histogram = [func.sum(getattr(table, name)).label(name) for name in LATENCY_BUCKETS] if latency else []
    found = select(*keys, *sums, func.sum(own).label("own_nano"), *histogram)
    conditions = _of_ledger(wanted) if table is UsageEvent else _where(table, wanted)
    return found.where(*conditions).group_by(*keys)


def _plain(table: type[DailyUsage] | type[UsageEvent], name: str) -> ColumnElement[Any]:
    if table is UsageEvent and name == "errors":
        return func.sum(case((UsageEvent.status == "failed", 1), else_=0))
    if table is UsageEvent and name == "unknown_price":
        return func.sum(case((UsageEvent.cost_nano.is_(None), UsageEvent.calls), else_=0))
    if table is UsageEvent and name == "cost_nano":
        return func.sum(func.coalesce(UsageEvent.cost_nano, 0))
    return func.sum(getattr(table, name))


def _where(table: type[DailyUsage] | type[UsageEvent], wanted: UsageFilter) -> list[ColumnElement[bool]]:
    found = [getattr(table, _COLUMNS[name]).in_(values) for name, values in wanted.only.items()]
    if wanted.since is not None:
        found.append(table.day >= wanted.since)
    if wanted.until is not None:
        found.append(table.day < wanted.until)
    return found


def _of_ledger(wanted: UsageFilter, *, failed: bool = False) -> list[ColumnElement[bool]]:
    """The same for the ledger, which is kept by the instant: a day is found through the instants that it may have."""
    found = _where(UsageEvent, wanted)
    if wanted.since is not None:
        found.append(UsageEvent.at >= _midnight(wanted.since) - _BEFORE)
    if wanted.until is not None:
        found.append(UsageEvent.at < _midnight(wanted.until) + _LATEST)
    if failed:
        found.append(UsageEvent.status == "failed")
    return found


def _midnight(day: date) -> datetime:
    return datetime.combine(day, time(), UTC)
