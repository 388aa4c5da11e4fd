"""What one used oneself: the month by day, the last weeks as a calendar, and with whom one talked."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, datetime, timedelta, tzinfo

from db.session import Database
from engine.accounts.actor import Actor
from engine.accounts.rights import Right, needs
from engine.errors import BadInput
from engine.usage.dashboard import billing_today
from engine.usage.reports import Line, dearest, lines
from engine.usage.sums import Sums, total
from engine.usage.view import Span, filter_of

WEEKS = 13
MOST_PERSONAS = 5


@dataclass(frozen=True, slots=True)
class DayOfMine:
    """One day: the calls that the house paid, those on keys of one's own, and what all cost."""

    day: date
    house_calls: int
    own_calls: int
    sums: Sums


@dataclass(frozen=True, slots=True)
class MyUsage:
    """This month so far day by day and together; calls on each day of the last WEEKS weeks, which begin on a Monday;
    the personas that one asked most in that time, the most asked first."""

    days: tuple[DayOfMine, ...]
    month: Sums
    calendar: dict[date, int]
    personas: tuple[Line, ...]


class OwnUsage:
    """Everyone's own. `billing_zone` says when a day begins."""

    def __init__(self, database: Database, *, clock: Callable[[], datetime], billing_zone: tzinfo) -> None:
        self._database = database
        self._clock = clock
        self._zone = billing_zone

    @needs(Right.USE)
    def mine(self, actor: Actor) -> MyUsage:
        """The actor's own usage. Raises BadInput for the operator."""
        if actor.person_id is None:
            raise BadInput("The operator has no usage of their own.", hint="Act as a person.")
        me = {"person": [str(actor.person_id)]}
        with self._database.read() as unit:
            today = billing_today(unit, self._clock(), self._zone)
            began = today - timedelta(days=today.weekday(), weeks=WEEKS - 1)
            first, until = today.replace(day=1), today + timedelta(days=1)
            by_day = lines(unit, ("day", "key_source"), filter_of(Span(min(first, began), until), me))
            personas = lines(unit, ("persona",), filter_of(Span(began, until), me))
        calls = {day: 0 for day in Span(began, until).days}
        for line in by_day:
            day = date.fromisoformat(line.values["day"])
            if day in calls:
                calls[day] += line.sums.calls
        return MyUsage(
            days=tuple(_day(day, by_day) for day in Span(first, until).days),
            month=total(line.sums for line in by_day if line.values["day"] >= first.isoformat()),
            calendar=calls,
            personas=tuple(sorted(dearest(personas), key=lambda line: -line.sums.calls)[:MOST_PERSONAS]),
        )


def _day(day: date, found: list[Line]) -> DayOfMine:
    these = [line for line in found if line.values["day"] == day.isoformat()]
    own = sum(line.sums.calls for line in these if line.values["key_source"] == "user")
    sums = total(line.sums for line in these)
    return DayOfMine(day, sums.calls - own, own, sums)
