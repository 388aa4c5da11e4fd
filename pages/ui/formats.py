"""Names, money and times as people read them."""

import re
from datetime import UTC, date, datetime, time, timedelta, tzinfo
from decimal import Decimal
from zoneinfo import ZoneInfo

import streamlit as st

from pages.ui.safe_markdown import safe_markdown

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
    """`$1,234.56`, four places under ten cents, and the word when nobody knows."""
    if amount is None:
        return "unknown"
    places = 4 if 0 < abs(amount) < Decimal("0.10") else 2
    return rf"\${amount:,.{places}f}"


def dollars(nano: int) -> str:
    """An amount in nano-USD as money."""
    return money(Decimal(nano) / 1_000_000_000)


def seconds(milliseconds: int) -> str:
    """`0.8 s`."""
    return f"{milliseconds / 1000:.1f} s"


def counted(number: int, one: str, many: str) -> str:
    """`1 limit`, `3 limits`."""
    return f"{number:,} {one if number == 1 else many}"


def resets(moment: datetime) -> str:
    """When an allowance comes back: in UTC, where the reader is, and how long that is."""
    here, left = moment.astimezone(zone()), moment - datetime.now(UTC)
    hours, minutes = divmod(max(0, int(left.total_seconds() // 60)), 60)
    there = moment.astimezone(UTC)
    local = "" if here.utcoffset() == there.utcoffset() else f", {here:%H:%M} your time"
    if hours >= 48:
        return f"Resets on {there.day} {there:%B} at {there:%H:%M} UTC{local}."
    return f"Resets at {there:%H:%M} UTC{local}, in {hours} h {minutes} min."
