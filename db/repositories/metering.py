"""The statements on the path of every call: take, move, record. Built once per database, run without the mapper.

Correct under any number of processes because each decision is one statement: PostgreSQL locks the counter's row and
looks at its newest version, SQLite has one writer.
"""

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import cache
from typing import Any
from uuid import UUID

from sqlalchemy import (
    BigInteger,
    Connection,
    Executable,
    Table,
    Text,
    bindparam,
    cast,
    insert,
    literal_column,
    select,
    tuple_,
    update,
)

from db.models.base import table_of
from db.models.metering import (
    FIRST_BUCKET_MS,
    FIRST_WORD_BUCKETS,
    LATENCY_BUCKETS,
    Admission,
    Counter,
    DailyUsage,
    HourlyHouse,
    UsageEvent,
)
from db.repositories.dialects import insert_into

UNCAPPED = 2**62

_ADMISSIONS, _COUNTERS, _EVENTS, _DAILY, _HOURLY = map(
    table_of, (Admission, Counter, UsageEvent, DailyUsage, HourlyHouse)
)
_COUNTER_KEY = [column.name for column in _COUNTERS.primary_key]
_DAILY_KEY = [column.name for column in _DAILY.primary_key]
_SUMMED = ("calls", "input", "cache_read", "cache_write", "output", "reasoning", "saved_nano")


@dataclass(frozen=True, slots=True)
class Take:
    """An amount of one meter in one period, and the cap it has to stay under (None: counted, never refused)."""

    scope: str
    scope_id: str
    meter: str
    period: str
    amount: int
    cap: int | None = None

    @property
    def key(self) -> dict[str, str]:
        """Which counter it is."""
        return {"scope": self.scope, "scope_id": self.scope_id, "meter": self.meter, "period": self.period}


@dataclass(frozen=True, slots=True)
class Move:
    """What closing a call does to one counter."""

    take: Take
    held: int
    used: int


class Metering:
    """Admissions, counters and the ledger, for writing."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection
        self._dialect = connection.dialect.name

    def open(self, admission: Mapping[str, Any]) -> bool:
        """Insert an admission (its columns by name); False when the person's idempotency key is known."""
        return self._connection.execute(_open(self._dialect), admission).first() is not None

    def take(self, take: Take) -> bool:
        """Hold an amount; False, and nothing changed, when used and held would pass the cap."""
        cap = UNCAPPED if take.cap is None else take.cap
        values = take.key | {"amount": take.amount, "cap": cap}
        return self._connection.execute(_take(self._dialect), values).first() is not None

    def hold(self, takes: Sequence[Take]) -> list[int]:
        """Hold all amounts, whatever the caps say; what is then used and held of each counter.

        One statement, which locks the counters in the order of the takes and reads their newest versions: whoever
        finds one beyond its cap rolls all of it back.
        """
        if not takes:
            return []
        rows = [take.key | {"used": 0, "held": take.amount} for take in takes]
        found = {tuple(row[:-1]): row[-1] for row in self._connection.execute(_hold(self._dialect), rows)}
        return [found[tuple(take.key.values())] for take in takes]

    def reading(self, take: Take) -> int:
        """What is used and held of a take's counter."""
        return self._connection.scalar(_READING, {f"in_{name}": value for name, value in take.key.items()}) or 0

    def used(self, take: Take) -> int:
        """What is used of a take's counter."""
        return self.used_of([take])[0]

    def used_of(self, takes: Sequence[Take]) -> list[int]:
        """What is used of each take's counter."""
        if not takes:
            return []
        keys = [tuple(take.key.values()) for take in takes]
        found = {tuple(row[:-1]): row[-1] for row in self._connection.execute(_USED, {"keys": keys})}
        return [found.get(key, 0) for key in keys]

    def renew(self, admission_ids: Collection[UUID], until: datetime) -> set[UUID]:
        """Lengthen leases; the admissions that are still open."""
        return set(self._connection.scalars(_RENEW, {"admission_ids": list(admission_ids), "until": until}))

    def expire(self, admission_id: UUID, now: datetime) -> bool:
        """Close an admission whose lease has run out; False when it was closed or renewed meanwhile."""
        return self._connection.execute(_EXPIRE, {"admission_id": admission_id, "now": now}).first() is not None

    def was_credited(self, admission_id: UUID) -> bool:
        """Whether the sample of this call was given back."""
        return self._connection.execute(_CREDITED, {"admission_id": admission_id}).first() is not None

    def close(self, admission_id: UUID, *, was: str, becomes: str, at: datetime) -> bool:
        """Change an admission's state; False when it was in another one, so that only one caller closes it."""
        values = {"admission_id": admission_id, "was": was, "becomes": becomes, "at": at}
        return self._connection.execute(_CLOSE, values).first() is not None

    def free_key(self, admission_id: UUID) -> None:
        """Give an idempotency key back, for a call that cost nothing and may be tried again."""
        self._connection.execute(_FREE_KEY, {"admission_id": admission_id})

    def move(self, moves: Iterable[Move]) -> None:
        """Change what counters hold and have used, by the given differences."""
        rows = [
            {f"in_{name}": value for name, value in move.take.key.items()}
            | {"held_change": move.held, "used_change": move.used}
            for move in moves
        ]
        if rows:
            self._connection.execute(_MOVE, rows)

    def record(self, event: Mapping[str, Any]) -> None:
        """Append to the ledger (its columns by name) and add the same to the sums of its day and of its hour."""
        self._connection.execute(_RECORD, event)
        for table, sums in ((_DAILY, _sums(event)), (_HOURLY, _hour_sums(event))):
            self._connection.execute(_add_up(self._dialect, table, tuple(sums)), sums)


def _sums(event: Mapping[str, Any]) -> dict[str, Any]:
    """What one ledger line adds to its row of daily sums; `ledger.py` says the same in SQL."""
    sums = {name: event[name] for name in (*_DAILY_KEY, *_SUMMED)} | dict.fromkeys(LATENCY_BUCKETS, 0)
    sums["errors"] = int(event["status"] == "failed")
    sums["unknown_price"] = event["calls"] if event["cost_nano"] is None else 0
    sums["cost_nano"] = event["cost_nano"] or 0
    return sums | _latency(event)


def _hour_sums(event: Mapping[str, Any]) -> dict[str, Any]:
    """The same for the row of its hour."""
    hour = event["at"].astimezone(UTC).replace(minute=0, second=0, microsecond=0)
    facts = {name: event[name] for name in ("provider", "model", "status", "calls")}
    sums = {"hour": hour} | facts | dict.fromkeys(LATENCY_BUCKETS, 0) | _latency(event)
    if event["first_token_ms"] is not None:
        sums[FIRST_WORD_BUCKETS[_bucket(event["first_token_ms"])]] = 1
    if event["guessed"] is not None:
        sums["guessed"] = event["guessed"]
        sums["counted"] = event["input"] + event["cache_read"] + event["cache_write"]
    return sums


def _latency(event: Mapping[str, Any]) -> dict[str, int]:
    return {} if event["latency_ms"] is None else {LATENCY_BUCKETS[_bucket(event["latency_ms"])]: 1}


def _bucket(milliseconds: int) -> int:
    doublings = (milliseconds // FIRST_BUCKET_MS).bit_length()
    return min(doublings, len(LATENCY_BUCKETS) - 1)


def _same_counter() -> list[Any]:
    return [_COUNTERS.c[name] == bindparam(f"in_{name}") for name in _COUNTER_KEY]


_KEY = [_COUNTERS.c[name] for name in _COUNTER_KEY]

_USED = select(*_KEY, _COUNTERS.c.used).where(tuple_(*_KEY).in_(bindparam("keys", expanding=True)))

_READING = select(_COUNTERS.c.used + _COUNTERS.c.held).where(*_same_counter())

_MOVE = (
    update(_COUNTERS)
    .where(*_same_counter())
    .values(held=_COUNTERS.c.held + bindparam("held_change"), used=_COUNTERS.c.used + bindparam("used_change"))
)

_CLOSE = (
    update(_ADMISSIONS)
    .where(_ADMISSIONS.c.id == bindparam("admission_id"), _ADMISSIONS.c.state == bindparam("was"))
    .values(state=bindparam("becomes"), closed_at=bindparam("at"))
    .returning(_ADMISSIONS.c.id)
)

_RENEW = (
    update(_ADMISSIONS)
    .where(_ADMISSIONS.c.id.in_(bindparam("admission_ids", expanding=True)), _ADMISSIONS.c.state == "open")
    .values(lease_until=bindparam("until"))
    .returning(_ADMISSIONS.c.id)
)

_EXPIRE = (
    update(_ADMISSIONS)
    .where(
        _ADMISSIONS.c.id == bindparam("admission_id"),
        _ADMISSIONS.c.state == "open",
        _ADMISSIONS.c.lease_until < bindparam("now"),
    )
    .values(state="expired", closed_at=bindparam("now"))
    .returning(_ADMISSIONS.c.id)
)

_CREDITED = select(_EVENTS.c.id).where(_EVENTS.c.admission_id == bindparam("admission_id"), _EVENTS.c.kind == "credit")

_FREE_KEY = update(_ADMISSIONS).where(_ADMISSIONS.c.id == bindparam("admission_id")).values(idempotency_key=None)

_RECORD = insert(_EVENTS)


@cache
def _open(dialect: str) -> Executable:
    known = ["person_id", "idempotency_key"]
    return insert_into(dialect, _ADMISSIONS).on_conflict_do_nothing(index_elements=known).returning(_ADMISSIONS.c.id)


@cache
def _take(dialect: str) -> Executable:
    """The conditional upsert: reading the counter, deciding and writing are one statement."""
    amount, cap = (cast(bindparam(name), BigInteger) for name in ("amount", "cap"))
    key = [cast(bindparam(name), Text) for name in _COUNTER_KEY]
    first = select(*key, literal_column("0"), amount).where(amount <= cap)
    upsert = insert_into(dialect, _COUNTERS).from_select([*_COUNTER_KEY, "used", "held"], first)
    held = _COUNTERS.c.held + upsert.excluded.held
    return upsert.on_conflict_do_update(
        index_elements=_COUNTER_KEY, set_={"held": held}, where=_COUNTERS.c.used + held <= cap
    ).returning(_COUNTERS.c.held)


@cache
def _hold(dialect: str) -> Executable:
    upsert = insert_into(dialect, _COUNTERS)
    held = _COUNTERS.c.held + upsert.excluded.held
    kept = upsert.on_conflict_do_update(index_elements=_COUNTER_KEY, set_={"held": held})
    return kept.returning(*_KEY, _COUNTERS.c.used + _COUNTERS.c.held)


@cache
def _add_up(dialect: str, table: Table, names: tuple[str, ...]) -> Executable:
    """Add to the columns of these names; the others stay, and are nought in a new row."""
    upsert = insert_into(dialect, table)
    key = [column.name for column in table.primary_key]
    added = {name: table.c[name] + upsert.excluded[name] for name in names if name not in key}
    return upsert.on_conflict_do_update(index_elements=key, set_=added)
