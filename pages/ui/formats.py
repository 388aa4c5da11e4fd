"""Names, money and times as people read them."""

import re
from datetime import UTC, date, datetime, time, timedelta, tzinfo
from decimal import Decimal
from zoneinfo import ZoneInfo

import streamlit as st

from pages.ui.safe_markdown import safe_markdown

LEAST_SHOWN_USD = Decimal("0.0001")
_SYNTAX = re.compile(r"([\\`*_{}\[\]()#+\-.!|<>~&])")


def plain(text: str) -> str:
    """A name or a line by a person, to be shown as it was typed inside our markdown."""
    one_line = " ".join(text.split())
    return safe_markdown(_SYNTAX.sub(r"\\\1", one_line))


def start(text: str, most: int) -> str:
    """The beginning of a text as one line."""
    line = " ".join(text.split())
    return line if len(line) <= most else line[: most - 1].rstrip() + "…"


def zone() -> tzinfo:
    """The reader's time zone, or UTC when the browser does not say."""
    name = st.context.timezone
    try:
        return ZoneInfo(name) if isinstance(name, str) else UTC
    except (KeyError, ValueError, OSError):
        return UTC


def now() -> datetime:
    """The present moment where the reader is."""
    return datetime.now(zone())


def clock(moment: datetime) -> str:
    """`14:32` where the reader is."""
    return f"{moment.astimezone(zone()):%H:%M}"


def ago(moment: datetime) -> str:
    """How long ago, in the words of a list."""
    here, today = moment.astimezone(zone()), now()
    minutes = int((today - here).total_seconds() // 60)
    if minutes < 1:
        return "now"
    if minutes < 60:
        return f"{minutes} min ago"
    days = (today.date() - here.date()).days
    if days < 2:
        return f"{here:%H:%M}" if days == 0 else "yesterday"
    return f"{here:%a} {here.day} {here:%b}" if days < 7 else f"{here.day} {here:%b}"


def end_of(day: date) -> datetime:
    """The moment when a day is over where the reader is."""
    return datetime.combine(day + timedelta(days=1), time(), zone())


def last_day(moment: datetime) -> str:
    """The last day before a moment, as the reader says it: `3 Dec 2026`."""
    here = (moment - timedelta(microseconds=1)).astimezone(zone())
    return f"{here.day} {here:%b} {here.year}"


def money(amount: Decimal | None) -> str:
    """`$1,234.56`, four places under ten cents, what is less than those can show, and the word when nobody knows."""
    if amount is None:
        return "unknown"
    if 0 < amount <= LEAST_SHOWN_USD / 2:
        return rf"<\${LEAST_SHOWN_USD}"
    places = 4 if 0 < abs(amount) < Decimal("0.10") else 2
    return rf"\${amount:,.{places}f}"


def dollars(nano: int) -> str:
    """An amount in nano-USD as money."""
    return money(Decimal(nano) / 1_000_000_000)


def big(number: int) -> str:
    """`950`, `38.2 k`, `6.1 M`."""
    for size, letter in ((10**9, "B"), (10**6, "M"), (10**3, "k")):
        if number >= size:
            return f"{number / size:.1f} {letter}"
    return str(number)


def seconds(milliseconds: int) -> str:
    """`0.8 s`."""
    return f"{milliseconds / 1000:.1f} s"


def counted(number: int, one: str, many: str) -> str:
    """`1 limit`, `3 limits`."""
    return f"{number:,} {one if number == 1 else many}"


def resets(moment: datetime) -> str:
    """When an allowance comes back: in UTC, where the reader is and what that zone is called, and how long that is."""
    there = _utc(moment)
    here = f", {_here(moment)} ({zone()})" if _here(moment) else ""
    return f"Resets {'at' if there[2] == ':' else 'on'} {there}{here}, {how_long(moment)}."


def until(moment: datetime) -> str:
    """`18:00 UTC (19:00 your time)`, with the day when that is not today."""
    return f"{_utc(moment)} ({_here(moment)})" if _here(moment) else _utc(moment)


def how_long(moment: datetime) -> str:
    """`in 9 h 28 min`; in days when it is far, and in words when it is close."""
    minutes = max(0, int((moment - now()).total_seconds() // 60))
    if _is_far(moment):
        return f"in {round(minutes / 1440)} days"
    if minutes < 1:
        return "in less than a minute"
    hours, minutes = divmod(minutes, 60)
    return f"in {hours} h {minutes} min" if hours else f"in {minutes} min"


def _is_far(moment: datetime) -> bool:
    return moment - now() >= timedelta(hours=48)


def _utc(moment: datetime) -> str:
    """`18:00 UTC`, with the day when that is neither today nor the coming midnight."""
    there, today = moment.astimezone(UTC), now().astimezone(UTC).date()
    near = there.date() == today or there.replace(tzinfo=None) == datetime.combine(today + timedelta(days=1), time())
    return f"{there:%H:%M} UTC" if near else f"{there.day} {there:%B}, {there:%H:%M} UTC"


def _here(moment: datetime) -> str:
    """`19:00 your time`; empty where that is UTC too."""
    here, there = moment.astimezone(zone()), moment.astimezone(UTC)
    if here.utcoffset() == there.utcoffset():
        return ""
    day = f"{here.day} {here:%B}, " if _is_far(moment) and here.date() != there.date() else ""
    return f"{day}{here:%H:%M} your time"
