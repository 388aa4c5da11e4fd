"""Writing many calls at once into an empty database, for demo data and measurements. Nothing else may come this way:
a call of a running house goes through its counters one by one."""

from collections.abc import Iterable, Mapping
from itertools import islice
from typing import Any

from sqlalchemy import Connection, insert, select

from db.models.base import Base, table_of
from db.models.metering import Admission, Counter, UsageEvent
from db.models.people import Person

_AT_ONCE = 5_000


class History:
    """Calls of the past, by the columns of their tables."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def is_empty(self) -> bool:
        """Whether there is neither a person nor a call."""
        first = (select(table_of(table).c.id).limit(1) for table in (Person, UsageEvent))
        return all(self._connection.scalar(query) is None for query in first)

    def add_admissions(self, rows: Iterable[Mapping[str, Any]]) -> None:
        """Calls that were let in."""
        self._add(Admission, rows)

    def add_lines(self, rows: Iterable[Mapping[str, Any]]) -> None:
        """Lines of the ledger. The rollups do not know them before `Ledger.add_up`."""
        self._add(UsageEvent, rows)

    def add_counters(self, rows: Iterable[Mapping[str, Any]]) -> None:
        """What the calls have used of each meter."""
        self._add(Counter, rows)

    def _add(self, table: type[Base], rows: Iterable[Mapping[str, Any]]) -> None:
        left = iter(rows)
        while some := [dict(row) for row in islice(left, _AT_ONCE)]:
            self._connection.execute(insert(table_of(table)), some)
