"""A ledger of a stated shape, and the dashboard's questions asked of its sums and of its lines."""

from collections.abc import Iterator
from datetime import UTC, date, datetime, time, timedelta
from time import perf_counter
from typing import Any
from uuid import UUID

from uuid_utils.compat import uuid7

from db.migrate import migrate
from db.repositories.usage import UsageFilter
from db.session import Database
from engine.llm.usage import Usage
from engine.opening import connect
from engine.settings import load_settings
from engine.usage.call import Admission, Call, Outcome
from engine.usage.lines import report
from engine.usage.prices import PriceBook

DAYS, MODELS, A_CELL = 180, 2, 55
"""Every person asks A_CELL times on each day of each of so many models, with one persona on one surface a model."""

SHOWN = timedelta(days=30)
LAST = date(2026, 11, 22)
VIEWS = (("day",), ("day", "provider"), ("persona",), ("model",), ("person",))
"""What the page groups by: the figures at the top, the cost by day, the two rows of bars, the table of people."""

_ASKED = (
    Call("assistant", "general", "openai", "gpt-5.5", "frontier", "env", 2, "maestro", 1),
    Call("theatre", "general", "anthropic", "claude-sonnet-5", "balanced", "env", 2, "writer", 1),
)


class Books:
    """Works on the database that its environment names."""

    def __init__(self) -> None:
        self._database: Database = connect(load_settings())
        migrate(self._database)
        self._costs = [PriceBook().cost(call.provider, call.model, Usage(900, 400, 0, 250, 0)) for call in _ASKED]

    def fill(self, person: int) -> int:
        """Write all lines of one person; returns how many."""
        with self._database.write() as unit:
            unit.history.add_lines(self._lines(UUID(int=person + 1)))
        return DAYS * MODELS * A_CELL

    def add_up(self) -> list[int]:
        """Make the sums; how many rows ledger and sums have. Raises RuntimeError when they differ by a nano-dollar."""
        with self._database.write() as unit:
            if self._database.dialect == "postgresql":
                unit.connection.exec_driver_sql("SET LOCAL statement_timeout = 0")
            unit.ledger.add_up()
            if self._database.dialect == "postgresql":
                unit.connection.exec_driver_sql("ANALYZE")
        wanted = UsageFilter()
        with self._database.read() as unit:
            both = (found((), wanted)[0] for found in (unit.usage.sums, unit.usage.raw_sums))
            kept, true = ([int(each or 0) for each in row] for row in both)
            if kept != true:
                raise RuntimeError(f"the sums are {kept}, the ledger says {true}")
            tables = ("usage_events", "ai_daily_usage")
            return [unit.connection.exec_driver_sql(f"SELECT COUNT(*) FROM {name}").scalar() or 0 for name in tables]  # noqa: S608

    def screen(self, raw: bool, count: int) -> list[float]:
        """How many seconds the questions of one screen take, again and again."""
        wanted = UsageFilter(LAST + timedelta(days=1) - SHOWN, LAST + timedelta(days=1))
        taken = []
        for _ in range(count):
            began = perf_counter()
            for by in VIEWS:
                with self._database.read() as unit:
                    (unit.usage.raw_sums if raw else unit.usage.sums)(by, wanted)
            taken.append(perf_counter() - began)
        return taken

    def close(self) -> None:
        """Close the database."""
        self._database.close()

    def _lines(self, person_id: UUID) -> Iterator[dict[str, Any]]:
        for number in range(DAYS):
            day = LAST - timedelta(days=number)
            noon = datetime.combine(day, time(6), UTC)
            for model, call in enumerate(_ASKED):
                for turn in range(A_CELL):
                    at = noon + timedelta(minutes=10 * turn + model, seconds=person_id.int % 60)
                    outcome = Outcome(
                        "ok" if turn % 50 else "failed",
                        charged=True,
                        usage=Usage(900, 400, 0, 250, 0),
                        cost=self._costs[model],
                        latency_ms=400 + 150 * turn,
                        first_token_ms=200 + 20 * turn,
                    )
                    yield report(Admission(uuid7(), call, person_id, UUID(int=0), day, ()), outcome, at)


def work() -> Any:
    """The worker."""
    return Books()
