"""The usage page in parts, each a question of its own, so that a page can draw one before it asks the next."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta, tzinfo
from decimal import Decimal
from typing import Any

from db.models.metering import LATENCY_BUCKETS
from db.repositories.usage import UsageFilter
from db.session import Database
from db.unit import Unit
from engine.accounts.actor import Actor
from engine.accounts.rights import Right, needs
from engine.usage.forecast import WINDOW, Outlook, outlook
from engine.usage.naming import Names, names_of
from engine.usage.policy import billing_day
from engine.usage.reports import Line, dearest, lines
from engine.usage.sums import EMPTY, Histogram, Sums, added, histogram, quantile, total
from engine.usage.view import FILTERS, Span, View, text_of

MOST_BARS = 7
_OF_BARS = {"model": ("model", "provider")}
_TOGETHER = (
    ("provider", "model", "profile", "surface", "mode", "tier", "key_source"),
    ("person", "department"),
    ("persona",),
)
"""The filters, so that each look at the rollup has few values to tell apart."""

DEMO = "demo"
"""The setting of a house whose people and calls were invented."""


@dataclass(frozen=True, slots=True)
class Period:
    """The days of a view, those it is compared with, and the zone in which a day begins. `demo`: all is invented."""

    now: Span
    before: Span
    today: date
    zone: str
    demo: bool


@dataclass(frozen=True, slots=True)
class Headline:
    """The sums of a view, of the period before (None when it is not compared), and day by day.

    `first_word` is the histogram of the time to the first word, None when the filters are not those of the hourly sums.
    """

    now: Sums
    before: Sums | None
    days: dict[date, Sums]
    first_word: Histogram | None
    first_word_before: Histogram | None
    first_word_days: dict[date, Histogram]


@dataclass(frozen=True, slots=True)
class Pace:
    """How calls went in one hour or on one day: the beginning of it, how many there were, how many failed, how long
    they took (`answer`) and how long their first word (`first_word`, None where that is not known)."""

    at: datetime | date
    calls: int
    errors: int
    answer: Histogram
    first_word: Histogram | None


@dataclass(frozen=True, slots=True)
class Choice:
    """A value that a filter may take, as a View has it, and what it is called."""

    value: str
    name: str


class Dashboard:
    """What everyone used, from the rollups. `billing_zone` says when a day begins."""

    def __init__(self, database: Database, *, clock: Callable[[], datetime], billing_zone: tzinfo) -> None:
        self._database = database
        self._clock = clock
        self._zone = billing_zone

    @needs(Right.SEE_HOUSE_USAGE)
    def period(self, actor: Actor, view: View) -> Period:
        """Which days the view is about."""
        today = self._today()
        with self._database.read() as unit:
            demo = unit.house.get(DEMO) is not None
        return Period(view.span(today), view.before(today), today, str(self._zone), demo)

    @needs(Right.SEE_HOUSE_USAGE)
    def choices(self, actor: Actor, view: View) -> dict[str, list[Choice]]:
        """What each filter can be set to: the values met in the period, and those that are set."""
        span = view.span(self._today())
        wanted, only = UsageFilter(span.since, span.until), view.filter(span).only
        with self._database.read() as unit:
            values = {name: each for some in _TOGETHER for name, each in unit.usage.values(some, wanted).items()}
            found = {name: values[name] | set(only.get(name, ())) for name in FILTERS}
            return {name: _choices(names_of(unit, name, each), each) for name, each in found.items()}

    @needs(Right.SEE_HOUSE_USAGE)
    def headline(self, actor: Actor, view: View) -> Headline:
        """The figures at the top."""
        today = self._today()
        span, before = view.span(today), view.before(today)
        with self._database.read() as unit:
            days = {date.fromisoformat(line.values["day"]): line.sums for line in _by(unit, "day", view, span)}
            then = total(line.sums for line in _by(unit, "", view, before)) if view.against else None
            first, first_then = {}, None
            if view.fits_hours:
                first = self._first_words(unit, view, span)
                first_then = _together(self._first_words(unit, view, before).values()) if view.against else None
        return Headline(
            now=total(days.values()),
            before=then,
            days={day: days.get(day, Sums()) for day in span.days},
            first_word=_together(first.values()) if view.fits_hours else None,
            first_word_before=first_then,
            first_word_days={day: first.get(day, EMPTY) for day in span.days} if view.fits_hours else {},
        )

    @needs(Right.SEE_HOUSE_USAGE)
    def by_day(self, actor: Actor, view: View) -> list[Line]:
        """Each day's sums by what the view splits days by, in the order of the days, then the dearest first."""
        with self._database.read() as unit:
            found = lines(unit, ("day", view.split), view.filter(view.span(self._today())))
        return sorted(dearest(found), key=lambda line: line.values["day"])

    @needs(Right.SEE_HOUSE_USAGE)
    def by_hour(self, actor: Actor, view: View) -> list[tuple[datetime, str, int, int]]:
        """Calls and failed calls by the hour, in the billing zone, and by provider.

        Empty when the filters are not those of the hourly sums.
        """
        if not view.fits_hours:
            return []
        with self._database.read() as unit:
            rows = unit.usage.hours(("hour", "provider"), *self._instants(view.span(self._today())), dict(view.only))
        return sorted((row.hour.astimezone(self._zone), row.provider, int(row.calls), int(row.errors)) for row in rows)

    @needs(Right.SEE_HOUSE_USAGE)
    def outlook(self, actor: Actor, view: View | None = None) -> Outlook | None:
        """What the house will have paid at the end of this month, of what the view's filters let through."""
        today = self._today()
        seen = view or View()
        month = Span(today.replace(day=1), (today.replace(day=1) + timedelta(days=32)).replace(day=1))
        past = Span(min(month.since, today - WINDOW), today + timedelta(days=1))
        with self._database.read() as unit:
            found = _by(unit, "day", seen, past)
        history = {date.fromisoformat(line.values["day"]): line.sums.house_usd for line in found}
        spent = sum((usd for day, usd in history.items() if day >= month.since), start=Decimal())
        return outlook(history, spent, today, month.until)

    @needs(Right.SEE_HOUSE_USAGE)
    def top(self, actor: Actor, view: View, by: str) -> list[Line]:
        """The dearest values of a dimension; those beyond MOST_BARS together under the last name.

        A model comes with its provider.
        """
        with self._database.read() as unit:
            found = lines(unit, _OF_BARS.get(by, (by,)), view.filter(view.span(self._today())), latency=True)
        return shortened(dearest(found))

    @needs(Right.SEE_HOUSE_USAGE)
    def breakdown(self, actor: Actor, view: View, by: str) -> list[Line]:
        """All values of a dimension with their sums and histograms, the dearest first."""
        with self._database.read() as unit:
            found = lines(unit, (by,), view.filter(view.span(self._today())), latency=True)
        return dearest(found)

    @needs(Right.SEE_HOUSE_USAGE)
    def pace(self, actor: Actor, view: View) -> list[Pace]:
        """How calls went over time: by the hour in periods of at most two days, else by the day."""
        span = view.span(self._today())
        with self._database.read() as unit:
            if not view.fits_hours:
                return _daily_pace(_by(unit, "day", view, span, latency=True))
            rows = unit.usage.hours(("hour",), *self._instants(span), dict(view.only))
        parts: dict[datetime | date, Pace] = {}
        for row in sorted(rows, key=lambda row: row.hour):
            here = row.hour.astimezone(self._zone)
            at = here if len(span.days) <= 2 else here.date()
            before = parts.get(at, Pace(at, 0, 0, EMPTY, EMPTY))
            parts[at] = _joined(before, row)
        return list(parts.values())

    @needs(Right.SEE_HOUSE_USAGE)
    def first_words(self, actor: Actor, view: View) -> dict[tuple[str, str], Histogram]:
        """How long the first word took by provider and model; empty when the filters are not those of the hourly
        sums."""
        if not view.fits_hours:
            return {}
        with self._database.read() as unit:
            rows = unit.usage.hours(("provider", "model"), *self._instants(view.span(self._today())), dict(view.only))
        return {(row.provider, row.model): histogram(row) for row in rows}

    def _today(self) -> date:
        with self._database.read() as unit:
            return billing_today(unit, self._clock(), self._zone)

    def _first_words(self, unit: Unit, view: View, span: Span) -> dict[date, Histogram]:
        found: dict[date, Histogram] = {}
        for row in unit.usage.hours(("hour",), *self._instants(span), dict(view.only)):
            day = row.hour.astimezone(self._zone).date()
            found[day] = added(found.get(day, EMPTY), histogram(row))
        return found

    def _instants(self, span: Span) -> tuple[datetime, datetime]:
        """When the days begin and end. Hours are kept in UTC: where a day begins within one, that hour is of the day
        in which it began."""
        since, until = (datetime.combine(day, time(), self._zone).astimezone(UTC) for day in (span.since, span.until))
        return since, until


def shortened(found: list[Line], most: int = MOST_BARS) -> list[Line]:
    """The first so many rows, and the others as one."""
    if len(found) <= most + 1:
        return found
    rest = total(line.sums for line in found[most:])
    return [*found[:most], Line({name: f"{len(found) - most} others" for name in found[0].of}, {}, rest)]


def p95(counts: Histogram | None) -> int | None:
    """How long nineteen calls of twenty took at most, about."""
    return quantile(counts, 0.95) if counts else None


def billing_today(unit: Unit, now: datetime, zone: tzinfo) -> date:
    """The day that a call would count for at this moment."""
    return billing_day(unit.policy.newest_day(), now.astimezone(zone).date())


def _by(unit: Unit, name: str, view: View, span: Span, *, latency: bool = True) -> list[Line]:
    return lines(unit, (name,) if name else (), view.filter(span), latency=latency)


def _together(parts: Iterable[Histogram]) -> Histogram:
    found = EMPTY
    for part in parts:
        found = added(found, part)
    return found


def _daily_pace(found: list[Line]) -> list[Pace]:
    days = {date.fromisoformat(line.values["day"]): line.sums for line in found}
    return [Pace(day, sums.calls, sums.errors, sums.latency, None) for day, sums in sorted(days.items())]


def _joined(before: Pace, row: Any) -> Pace:
    first = added(before.first_word or EMPTY, histogram(row))
    answer = added(before.answer, histogram(row, LATENCY_BUCKETS))
    return Pace(before.at, before.calls + int(row.calls), before.errors + int(row.errors), answer, first)


def _choices(named: Names, values: Iterable[Any]) -> list[Choice]:
    found = {text_of(value): named[value] for value in values}
    return sorted((Choice(value, name) for value, name in found.items()), key=lambda each: each.name.lower())
