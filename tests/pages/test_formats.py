"""Money, counts and times as people read them."""

from datetime import UTC, datetime, timedelta
from decimal import Decimal

import pytest

from pages.ui import formats


@pytest.mark.parametrize(
    ("amount", "shown"),
    [
        ("1234.56", r"\$1,234.56"),
        ("0.0041", r"\$0.0041"),
        ("0.00006", r"\$0.0001"),
        ("0.000028", r"<\$0.0001"),
        ("0.1", r"\$0.10"),
        ("0", r"\$0.00"),
        (None, "unknown"),
    ],
)
def test_money_has_four_places_under_ten_cents_and_unknown_is_a_word(amount, shown):
    assert formats.money(None if amount is None else Decimal(amount)) == shown


def test_nano_dollars_are_money():
    assert formats.dollars(20 * 10**9) == r"\$20.00"


def test_counts_agree_with_their_noun():
    assert [formats.counted(number, "limit", "limits") for number in (0, 1, 1200)] == [
        "0 limits",
        "1 limit",
        "1,200 limits",
    ]


NOON = datetime(2026, 11, 22, 12, 0, tzinfo=UTC)


@pytest.mark.parametrize(
    ("before", "shown"),
    [
        (timedelta(seconds=5), "now"),
        (timedelta(minutes=2), "2 min ago"),
        (timedelta(hours=3), "09:00"),
        (timedelta(hours=13), "yesterday"),
        (timedelta(days=2), "Fri 20 Nov"),
        (timedelta(days=30), "23 Oct"),
    ],
)
def test_how_long_ago_is_said_as_in_a_list(monkeypatch, before, shown):
    monkeypatch.setattr(formats, "now", lambda: NOON)
    monkeypatch.setattr(formats, "zone", lambda: UTC)
    assert formats.ago(NOON - before) == shown


def test_a_reset_is_said_in_utc_and_how_long_that_is(monkeypatch):
    monkeypatch.setattr(formats, "zone", lambda: UTC)
    monkeypatch.setattr(formats, "now", lambda: datetime(2026, 11, 22, 20, 30, tzinfo=UTC))
    soon = datetime(2026, 11, 22, 23, 0, 30, tzinfo=UTC)
    assert formats.resets(soon) == "Resets at 23:00 UTC, in 2 h 30 min."
    assert formats.resets(soon + timedelta(hours=2)) == "Resets on 23 November, 01:00 UTC, in 4 h 30 min."
    assert formats.resets(datetime(2026, 11, 23, tzinfo=UTC)) == "Resets at 00:00 UTC, in 3 h 30 min."
