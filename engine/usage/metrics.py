"""Metrics of the house for Prometheus, from the rollups. No name of a person or of a persona is in them.

(Prometheus, "Exposition formats", text format 0.0.4.)
"""

import threading
import time
from collections.abc import Callable, Iterable, Iterator, Mapping
from datetime import UTC, datetime
from decimal import Decimal
from itertools import accumulate
from typing import Any

from db.models.metering import FIRST_BUCKET_MS, FIRST_WORD_BUCKETS, LATENCY_BUCKETS
from db.repositories.usage import UsageFilter
from db.session import Database
from engine.accounts.actor import Actor
from engine.accounts.rights import Right, needs
from engine.usage.allowances import Allowances
from engine.usage.sums import EMPTY, Histogram, Sums, added, histogram

CONTENT_TYPE = "text/plain; version=0.0.4; charset=utf-8"
FRESH_S = 10.0
"""How long the sums are kept: a scrape more often than this is answered from memory."""

_EVER = (datetime(2000, 1, 1, tzinfo=UTC), datetime(9000, 1, 1, tzinfo=UTC))
Labels = Mapping[str, str]
Sample = tuple[str, Labels, int | float | Decimal]


class Metrics:
    """Counters since the beginning of the ledger, and what is so at this moment."""

    def __init__(self, database: Database, allowances: Allowances, *, clock: Callable[[], datetime]) -> None:
        self._database = database
        self._allowances = allowances
        self._clock = clock
        self._lock = threading.Lock()
        self._kept: tuple[float, str] | None = None

    @needs(Right.SEE_HOUSE_USAGE)
    def text(self, actor: Actor) -> str:
        """All metrics in Prometheus' text format."""
        with self._lock:
            if self._kept is None or time.monotonic() - self._kept[0] > FRESH_S:
                self._kept = (time.monotonic(), "".join(self._lines(actor)))
            return self._kept[1]

    def _lines(self, actor: Actor) -> Iterator[str]:
        now = self._clock()
        with self._database.read() as unit:
            daily = unit.usage.sums(("provider", "model", "key_source"), UsageFilter())
            hourly = unit.usage.hours(("provider", "status"), *_EVER, {})
            open_calls, stops = unit.ledger.count_open(now), len(unit.policy.switches(now))
        yield from _counter("studio_calls", "Calls to models.", _calls(hourly))
        yield from _counter("studio_tokens", "Tokens by kind; the kinds do not overlap.", _tokens(daily))
        yield from _counter("studio_cost_usd", "Cost in US dollars of calls whose price is known.", _money(daily))
        yield from _counter("studio_unknown_price_calls", "Calls whose price nobody knew.", _unknown(daily))
        yield from _seconds("studio_answer_seconds", "How long answers took.", hourly, LATENCY_BUCKETS)
        yield from _seconds("studio_first_word_seconds", "How long first words took.", hourly, FIRST_WORD_BUCKETS)
        yield from _gauge("studio_open_calls", "Calls being answered now.", [("", {}, open_calls)])
        yield from _gauge("studio_stops_in_force", "Stops in force now.", [("", {}, stops)])
        house = next(budget for budget in self._allowances.budgets(actor) if budget.scope == "house")
        yield from _gauge("studio_month_spent_usd", "Spent by the house this month.", [("", {}, house.used_usd)])
        if house.month_usd is not None:
            yield from _gauge("studio_month_budget_usd", "The house's budget.", [("", {}, house.month_usd)])


def _calls(hourly: Iterable[Any]) -> Iterator[Sample]:
    for row in hourly:
        yield "", {"provider": row.provider, "status": row.status}, int(row.calls)


def _tokens(daily: Iterable[Any]) -> Iterator[Sample]:
    for labels, sums in _labelled(daily):
        for kind, count in sums.usage.as_dict().items():
            yield "", {**labels, "kind": kind}, count


def _money(daily: Iterable[Any]) -> Iterator[Sample]:
    return (("", labels, sums.cost_usd) for labels, sums in _labelled(daily))


def _unknown(daily: Iterable[Any]) -> Iterator[Sample]:
    return (("", labels, sums.unknown_price) for labels, sums in _labelled(daily))


def _labelled(daily: Iterable[Any]) -> Iterator[tuple[Labels, Sums]]:
    for row in daily:
        yield {"provider": row.provider, "model": row.model, "key_source": row.key_source}, Sums.of(row)


def _seconds(name: str, told: str, hourly: Iterable[Any], columns: tuple[str, ...]) -> Iterator[str]:
    """A histogram by provider. It has no sum: the rollup keeps only how many calls took how long."""
    providers: dict[str, Histogram] = {}
    for row in hourly:
        providers[row.provider] = added(providers.get(row.provider, EMPTY), histogram(row, columns))
    samples: list[Sample] = []
    for provider, counts in sorted(providers.items()):
        below = list(accumulate(counts))
        ends = [str(FIRST_BUCKET_MS * 2**number / 1000) for number in range(len(counts) - 1)]
        samples += [
            ("_bucket", {"provider": provider, "le": end}, count)
            for end, count in zip([*ends, "+Inf"], below, strict=True)
        ]
        samples.append(("_count", {"provider": provider}, below[-1]))
    return _family(name, "histogram", told, samples)


def _counter(name: str, told: str, samples: Iterable[Sample]) -> Iterator[str]:
    return _family(f"{name}_total", "counter", told, samples)


def _gauge(name: str, told: str, samples: Iterable[Sample]) -> Iterator[str]:
    return _family(name, "gauge", told, samples)


def _family(name: str, kind: str, told: str, samples: Iterable[Sample]) -> Iterator[str]:
    yield f"# HELP {name} {told}\n# TYPE {name} {kind}\n"
    for ending, labels, value in samples:
        named = ",".join(f'{label}="{_escaped(text)}"' for label, text in labels.items())
        figure = f"{value:f}" if isinstance(value, Decimal) else str(value)
        yield f"{name}{ending}{f'{{{named}}}' if named else ''} {figure}\n"


def _escaped(text: str) -> str:
    return text.replace("\\", "\\\\").replace("\n", "\\n").replace('"', '\\"')
