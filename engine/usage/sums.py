"""Sums of usage, and what a histogram of waiting times says."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any

from db.models.metering import FIRST_BUCKET_MS, FIRST_WORD_BUCKETS, LATENCY_BUCKETS
from engine.llm.usage import Usage
from engine.usage.prices import NANO

Histogram = tuple[int, ...]
"""Counts by doubling buckets: under 125 ms, under 250 ms, and so on; the last one has no end."""

EMPTY: Histogram = (0,) * len(LATENCY_BUCKETS)


@dataclass(frozen=True, slots=True)
class Sums:
    """What was used: calls, of them failed and of unknown price, tokens, money. `own_usd` is what people paid on keys
    of their own, `saved_usd` what prompt caches took off. Unknown prices count as nothing in the money."""

    calls: int = 0
    errors: int = 0
    unknown_price: int = 0
    usage: Usage = field(default_factory=Usage)
    cost_usd: Decimal = Decimal()
    own_usd: Decimal = Decimal()
    saved_usd: Decimal = Decimal()
    latency: Histogram = EMPTY

    @classmethod
    def of(cls, row: Any) -> "Sums":
        """The sums of a row of the rollup; nothing where nothing was used."""
        return cls(
            calls=int(row.calls or 0),
            errors=int(row.errors or 0),
            unknown_price=int(row.unknown_price or 0),
            usage=Usage(*(int(getattr(row, name) or 0) for name in Usage().as_dict())),
            cost_usd=usd(row.cost_nano),
            own_usd=usd(row.own_nano),
            saved_usd=usd(row.saved_nano),
            latency=histogram(row, LATENCY_BUCKETS) if hasattr(row, LATENCY_BUCKETS[0]) else EMPTY,
        )

    @property
    def house_usd(self) -> Decimal:
        """What the house paid."""
        return self.cost_usd - self.own_usd

    @property
    def failed_share(self) -> float:
        """How many of the calls failed, from 0 to 1."""
        return self.errors / self.calls if self.calls else 0.0

    def waited_ms(self, share: float) -> int | None:
        """How long this share of the calls took at most, about."""
        return quantile(self.latency, share)

    def __add__(self, other: "Sums") -> "Sums":
        return Sums(
            calls=self.calls + other.calls,
            errors=self.errors + other.errors,
            unknown_price=self.unknown_price + other.unknown_price,
            usage=self.usage + other.usage,
            cost_usd=self.cost_usd + other.cost_usd,
            own_usd=self.own_usd + other.own_usd,
            saved_usd=self.saved_usd + other.saved_usd,
            latency=added(self.latency, other.latency),
        )


def total(parts: Iterable[Sums]) -> Sums:
    """All of them together."""
    return sum(parts, start=Sums())


def usd(nano: Any) -> Decimal:
    """Nano-USD as USD, exactly."""
    return Decimal(int(nano or 0)) / NANO


def histogram(row: Any, names: Sequence[str] = FIRST_WORD_BUCKETS) -> Histogram:
    """The histogram in the named columns of a row."""
    return tuple(int(getattr(row, name) or 0) for name in names)


def added(one: Histogram, other: Histogram) -> Histogram:
    """Two histograms as one."""
    return tuple(a + b for a, b in zip(one, other, strict=True))


def quantile(counts: Histogram, share: float) -> int | None:
    """About how many milliseconds the given share of all counted calls stayed under; None without any.

    Within its bucket a time is taken to grow exponentially, as the buckets do, and in the first one, which begins at
    nought, evenly; the last bucket has no end, so it answers with its beginning. Buckets double: the answer is right
    within a factor of two. (Prometheus, "Native Histograms", section on quantiles: exponential interpolation.)
    """
    wanted = share * sum(counts)
    if not wanted:
        return None
    below = 0
    for number, count in enumerate(counts):
        if count and below + count >= wanted:
            part = (wanted - below) / count
            if number == 0:
                return round(FIRST_BUCKET_MS * part)
            low = FIRST_BUCKET_MS << (number - 1)
            return low if number == len(counts) - 1 else round(low * 2**part)
        below += count
    return None
