"""Instants around which a day or a month changes somewhere: midnights, month ends, leap days, clocks put on or back."""

from datetime import UTC, date, datetime, time, timedelta
from functools import cache
from random import Random
from zoneinfo import ZoneInfo

ZONES = (
    "UTC",
    "Europe/Madrid",
    "Europe/London",
    "America/New_York",
    "America/Los_Angeles",
    "America/Sao_Paulo",
    "America/St_Johns",
    "Asia/Kathmandu",
    "Asia/Tokyo",
    "Australia/Sydney",
    "Australia/Lord_Howe",
    "Pacific/Chatham",
    "Pacific/Kiritimati",
    "Pacific/Niue",
    "Africa/Casablanca",
    "Africa/Cairo",
)
YEARS = range(2024, 2036)
LEAP_DAYS = [date(year, 2, 29) for year in YEARS if year % 4 == 0]


def edge(random: Random) -> tuple[datetime, str]:
    """An instant at which something changes in a zone."""
    zone = random.choice(ZONES)
    year = random.choice(YEARS)
    kind = random.choice(("midnight", "month", "leap", "clocks"))
    changes = clock_changes(zone, year)
    if kind == "clocks" and changes:
        return random.choice(changes), zone
    if kind == "leap":
        day = random.choice(LEAP_DAYS) + timedelta(days=random.choice((0, 1)))
    elif kind == "month":
        day = date(year, random.randrange(1, 13), 1)
    else:
        day = date(year, 1, 1) + timedelta(days=random.randrange(365))
    return datetime.combine(day, time(), ZoneInfo(zone)).astimezone(UTC), zone


@cache
def clock_changes(zone: str, year: int) -> list[datetime]:
    """When the clocks of a zone are put on or back in a year, to the second."""
    found = []
    hour = datetime(year, 1, 1, tzinfo=UTC)
    while hour.year == year:
        after = hour + timedelta(hours=12)
        if offset(hour, zone) != offset(after, zone):
            found.append(_change(hour, after, zone))
        hour = after
    return found


def offset(instant: datetime, zone: str) -> timedelta:
    """How far the clocks of a zone are ahead of UTC."""
    return instant.astimezone(ZoneInfo(zone)).utcoffset() or timedelta()


def _change(before: datetime, after: datetime, zone: str) -> datetime:
    while after - before > timedelta(seconds=1):
        middle = before + timedelta(seconds=(after - before) // timedelta(seconds=2))
        if offset(middle, zone) == offset(before, zone):
            before = middle
        else:
            after = middle
    return after
