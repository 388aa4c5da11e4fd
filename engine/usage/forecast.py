"""What a month will cost: how it may go on, told from the days that were. Pure."""

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal
from math import sqrt
from statistics import fmean

WINDOW = timedelta(weeks=8)
LEAST_DAYS = 3
_WHOLE_WEEKS = 14
_Z = 1.2816
"""Four in five of a normal distribution lie within so many standard deviations of its middle."""


@dataclass(frozen=True, slots=True)
class DayAhead:
    """What a day may cost, and between which sums four in five such days lie."""

    day: date
    usd: float
    low: float
    high: float


@dataclass(frozen=True, slots=True)
class Outlook:
    """What the period will have cost at its end: `usd`, four times in five between `low` and `high`."""

    usd: Decimal
    low: Decimal
    high: Decimal
    days: tuple[DayAhead, ...]
    spent: Decimal

    def reached_on(self, sum_usd: Decimal) -> date | None:
        """The day on which a sum will be reached if nothing changes; None when it is behind us or beyond the end."""
        if self.spent >= sum_usd:
            return None
        running = float(self.spent)
        for ahead in self.days:
            running += ahead.usd
            if running >= float(sum_usd):
                return ahead.day
        return None


def outlook(history: Mapping[date, Decimal], spent: Decimal, today: date, until: date) -> Outlook | None:
    """How a period that costs `spent` so far, today included, goes on until the day before `until`.

    A day to come costs as much as the mean of the same weekday over the last eight weeks of `history` (days without an
    entry after its first one cost nothing); with less than two weeks the mean of all days is taken. The range is the
    prediction interval of that mean: the deviation of the past days from theirs, plus the uncertainty of the means
    themselves; days are taken as independent. What is left of today is its mean less what it has cost. None when there
    are fewer than three whole days to tell from.

    (R. Hyndman, G. Athanasopoulos, "Forecasting: Principles and Practice", third edition: 5.2 the mean method, here by
    weekday; 5.5 prediction intervals, with sigma * sqrt(1 + 1/T) for a mean of T days.)
    """
    past = _past(history, today)
    if len(past) < LEAST_DAYS:
        return None
    group = _weekday if len(past) >= _WHOLE_WEEKS else _any_day
    groups: dict[int, list[float]] = {}
    for day, usd in past.items():
        groups.setdefault(group(day), []).append(usd)
    means = {key: fmean(values) for key, values in groups.items()}
    squares = sum((usd - means[group(day)]) ** 2 for day, usd in past.items())
    sigma = sqrt(squares / max(1, len(past) - len(groups)))

    ahead = [today + timedelta(days=number) for number in range(max(0, (until - today).days))]
    so_far = float(history.get(today, Decimal()))
    days = [_ahead(day, means[group(day)], sigma, len(groups[group(day)]), so_far * (day == today)) for day in ahead]
    left = sum(each.usd for each in days)
    counts = Counter(group(day) for day in ahead)
    spread = _Z * sigma * sqrt(len(ahead) + sum(count**2 / len(groups[key]) for key, count in counts.items()))
    return Outlook(
        usd=spent + _usd(left),
        low=spent + _usd(max(0.0, left - spread)),
        high=spent + _usd(left + spread),
        days=tuple(days),
        spent=spent,
    )


def _past(history: Mapping[date, Decimal], today: date) -> dict[date, float]:
    """The whole days before today within the window, from the first one with an entry on."""
    known = [day for day in history if today - WINDOW <= day < today]
    if not known:
        return {}
    first = min(known)
    days = (first + timedelta(days=number) for number in range((today - first).days))
    return {day: float(history.get(day, Decimal())) for day in days}


def _ahead(day: date, mean: float, sigma: float, count: int, so_far: float) -> DayAhead:
    """What is still to come of a day."""
    spread = _Z * sigma * sqrt(1 + 1 / count)
    return DayAhead(day, max(0.0, mean - so_far), max(0.0, mean - spread - so_far), max(0.0, mean + spread - so_far))


def _weekday(day: date) -> int:
    return day.weekday()


def _any_day(_: date) -> int:
    return 0


def _usd(number: float) -> Decimal:
    return Decimal(str(round(number, 9)))
