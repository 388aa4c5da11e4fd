"""What calls have shown of each model: how its tokens compare with our estimate, and how soon its first word comes."""

import logging
import threading
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from math import ceil

from db.models.metering import FIRST_BUCKET_MS
from db.session import Database
from engine.errors import DatabaseError

logger = logging.getLogger(__name__)

WINDOW = timedelta(days=30)
LASTS = timedelta(minutes=10)
DOUBT = 5_000
"""So many tokens of calls have to be seen before they weigh as much as the estimate itself."""
LEAST, MOST = 0.5, 3.0
"""However odd a provider counts, the estimate is not put right by more than this."""


@dataclass(frozen=True, slots=True)
class Shown:
    """Of one model: what its tokens are to the estimated ones, and the median time to its first word."""

    ratio: float = 1.0
    first_word_ms: int | None = None


class Observed:
    """Reads the sums of the last month, and keeps what they say for some minutes."""

    def __init__(self, database: Database, *, clock: Callable[[], datetime]) -> None:
        self._database = database
        self._clock = clock
        self._lock = threading.Lock()
        self._models: dict[tuple[str, str], Shown] = {}
        self._until: datetime | None = None

    def tokens(self, provider: str, model: str, estimated: int) -> int:
        """How many tokens the model will make of so many estimated ones."""
        return ceil(estimated * self.of(provider, model).ratio)

    def of(self, provider: str, model: str) -> Shown:
        """What is known of a model; of an unknown one, that our estimate is as good as any.

        A database that is away takes nothing from anybody: what was known before is told.
        """
        now = self._clock()
        with self._lock:
            due = self._until is None or not self._until - LASTS <= now < self._until
            if due:
                self._until = now + LASTS
        if due:
            try:
                self._models = self._read(now)
            except DatabaseError as problem:
                logger.warning("what calls have shown could not be read: %s", problem.message)
        return self._models.get((provider, model), Shown())

    def _read(self, now: datetime) -> dict[tuple[str, str], Shown]:
        with self._database.read() as unit:
            rows = unit.ledger.shown(now - WINDOW)
        found = {}
        for row in rows:
            guessed, counted, *times = [int(each) for each in list(row)[2:]]
            found[row.provider, row.model] = Shown(_ratio(guessed, counted), median_ms(times))
        return found


def median_ms(counts: Sequence[int]) -> int | None:
    """The median of a histogram whose buckets double from FIRST_BUCKET_MS up, about; None of nothing.

    Times are taken to be spread evenly within a bucket; of the last, open one its beginning is told.
    """
    before, half = 0, sum(counts) / 2
    for number, count in enumerate(counts):
        if count and before + count >= half:
            low = FIRST_BUCKET_MS << (number - 1) if number else 0
            high = low if number == len(counts) - 1 else FIRST_BUCKET_MS << number
            return round(low + (high - low) * (half - before) / count)
        before += count
    return None


def _ratio(guessed: int, counted: int) -> float:
    """Counted to guessed tokens; the fewer were seen, the nearer to one."""
    return min(MOST, max(LEAST, (counted + DOUBT) / (guessed + DOUBT)))
