"""What of the usage somebody looks at: a period, filters, and how it is broken down. It fits into an address."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, timedelta
from typing import Any, get_args
from uuid import UUID

from db.models.base import NOBODY
from db.repositories.usage import Dimension, UsageFilter
from engine.errors import BadInput

DIMENSIONS: tuple[str, ...] = get_args(Dimension)
FILTERS = tuple(name for name in DIMENSIONS if name != "day")
BY_THE_HOUR = frozenset({"provider", "model"})
"""What the hourly sums can be filtered by."""

PERIODS = ("today", "7-days", "month", "last-month", "90-days")
SPLITS = ("provider", "profile", "surface")
NONE = "none"
_DAYS = {"today": 1, "7-days": 7, "90-days": 90}
_LONGEST = timedelta(days=3660)
_LONGEST_NAME = 300
Query = Mapping[str, str | Sequence[str]]


@dataclass(frozen=True, slots=True)
class Span:
    """Billing days from `since` up to and without `until`."""

    since: date
    until: date

    @property
    def days(self) -> list[date]:
        """Each day."""
        return [self.since + timedelta(days=number) for number in range((self.until - self.since).days)]

    @property
    def last(self) -> date:
        """The last day."""
        return self.until - timedelta(days=1)


@dataclass(frozen=True, slots=True)
class View:
    """One view of the usage. `period` is one of PERIODS; `since` and `until`, the last day, take its place.

    `only` holds the wanted values of each filter as texts: ids of people and departments, "none" for the operator, for
    no department and for no persona. `split` breaks the days down and `by` the table; `picked` is the row of the
    table whose calls are shown, `failed` has only failed calls shown there.
    """

    period: str = "month"
    since: date | None = None
    until: date | None = None
    only: tuple[tuple[str, tuple[str, ...]], ...] = ()
    against: bool = False
    split: str = "provider"
    by: str = "person"
    picked: str = ""
    failed: bool = False

    @classmethod
    def of(cls, query: Query) -> "View":
        """The view of an address. What cannot be understood is left out, so that an old link opens something."""
        said = {name: [value] if isinstance(value, str) else list(value) for name, value in query.items()}
        first = {name: values[0] for name, values in said.items() if values}
        since, until = _day(first.get("since")), _day(first.get("until"))
        custom = since is not None and until is not None and since <= until and until - since < _LONGEST
        view = cls(
            period="month" if custom else _one_of(first.get("period"), PERIODS, "month"),
            since=since if custom else None,
            until=until if custom else None,
            against=first.get("against") == "1",
            split=_one_of(first.get("split"), SPLITS, "provider"),
            by=_one_of(first.get("by"), DIMENSIONS, "person"),
            picked=first.get("picked", ""),
            failed=first.get("failed") == "1",
        )
        for name in FILTERS:
            view = view.with_only(name, [text for text in said.get(name, ()) if _is_value(name, text)])
        return view if not view.picked or _is_value(view.by, view.picked) else replace(view, picked="")

    def to_query(self) -> dict[str, str | list[str]]:
        """The address of the view: what is not as in a fresh one."""
        fresh = View()
        query: dict[str, str | list[str]] = {
            name: getattr(self, name)
            for name in ("period", "split", "by", "picked")
            if getattr(self, name) != getattr(fresh, name) and getattr(self, name)
        }
        query |= {name: "1" for name in ("against", "failed") if getattr(self, name)}
        if self.since and self.until:
            query |= {"since": self.since.isoformat(), "until": self.until.isoformat()}
        return query | {name: list(values) for name, values in self.only}

    def values(self, name: str) -> tuple[str, ...]:
        """What a filter lets through; empty for everything."""
        return dict(self.only).get(name, ())

    def with_only(self, name: str, values: Sequence[str]) -> "View":
        """The same with another filter; no values take it away."""
        kept = {each: found for each, found in self.only if each != name}
        if values:
            kept[name] = tuple(dict.fromkeys(values))
        return replace(self, only=tuple(sorted(kept.items())))

    @property
    def fits_hours(self) -> bool:
        """Whether the hourly sums can tell what the filters ask."""
        return all(name in BY_THE_HOUR for name, _ in self.only)

    def span(self, today: date) -> Span:
        """The days of the period, none after today but for a range that was asked for."""
        if self.since and self.until:
            return Span(self.since, self.until + timedelta(days=1))
        if self.period in _DAYS:
            return Span(today - timedelta(days=_DAYS[self.period] - 1), today + timedelta(days=1))
        if self.period == "last-month":
            return Span(_month_before(today), today.replace(day=1))
        return Span(today.replace(day=1), today + timedelta(days=1))

    def before(self, today: date) -> Span:
        """What the period is compared with: the same days of the month before, or as many days just before."""
        span = self.span(today)
        if self.since or not self.period.endswith("month"):
            return Span(span.since - (span.until - span.since), span.since)
        began = _month_before(span.since)
        if self.period == "last-month":
            return Span(began, span.since)
        return Span(began, min(began + (span.until - span.since), span.since))

    def filter(self, span: Span) -> UsageFilter:
        """The same for the database."""
        return filter_of(span, {name: values for name, values in self.only})


def filter_of(span: Span | None, only: Mapping[str, Sequence[str]]) -> UsageFilter:
    """A filter for the database, with values as a View has them. Raises BadInput for one that cannot be."""
    wanted = {name: [_value(name, text) for text in texts] for name, texts in only.items()}
    return UsageFilter(span.since if span else None, span.until if span else None, wanted)


def _value(name: str, text: str) -> Any:
    if name not in DIMENSIONS:
        raise BadInput(f"There is no filter by {name!r}.", field="Filter", hint=f"Known: {', '.join(FILTERS)}.")
    try:
        if name in ("person", "department"):
            return NOBODY if text == NONE else UUID(text)
        if name == "tier":
            return int(text)
        if name == "day":
            return date.fromisoformat(text)
    except ValueError:
        raise BadInput(f"{text!r} is no {name}.", field=name.capitalize()) from None
    if "\0" in text or len(text) > _LONGEST_NAME:
        raise BadInput(f"That is no {name}.", field=name.capitalize())
    return "" if name == "persona" and text == NONE else text


def text_of(value: Any) -> str:
    """A value of the database as a View has it."""
    return NONE if value in (NOBODY, "") else str(value)


def _is_value(name: str, text: str) -> bool:
    try:
        found = _value(name, text)
    except BadInput:
        return False
    return not isinstance(found, int) or 0 <= found < 100


def _one_of(text: str | None, known: Sequence[str], otherwise: str) -> str:
    return text if text is not None and text in known else otherwise


def _day(text: str | None) -> date | None:
    try:
        return date.fromisoformat(text) if text else None
    except ValueError:
        return None


def _month_before(day: date) -> date:
    return (day.replace(day=1) - timedelta(days=1)).replace(day=1)
