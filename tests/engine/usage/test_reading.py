"""The pure parts of reading usage: addresses of views, quantiles, the month's end; and prices by administrators."""

from dataclasses import replace
from datetime import UTC, date, timedelta
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from db.models import AuditEvent, ModelPrice
from db.session import Database
from engine.errors import BadInput, NotFound
from engine.llm.usage import Usage
from engine.usage.forecast import outlook
from engine.usage.ledger import Ledger
from engine.usage.price_list import PriceList, PricesInForce
from engine.usage.prices import PriceBook
from engine.usage.sums import EMPTY, quantile
from engine.usage.view import FILTERS, PERIODS, Span, View
from tests.engine.usage.cases import CALL, OK, OPERATOR, Clock, guard_of, rows

TODAY = date(2026, 11, 22)
texts = st.text(st.characters(exclude_characters="\0"), min_size=1, max_size=20)
values = {"person": st.uuids().map(str), "department": st.uuids().map(str), "tier": st.integers(0, 9).map(str)}
views = st.builds(
    View,
    period=st.sampled_from(PERIODS),
    only=st.fixed_dictionaries(
        {}, optional={name: st.lists(values.get(name, texts), min_size=1, unique=True).map(tuple) for name in FILTERS}
    ).map(lambda only: tuple(sorted(only.items()))),
    against=st.booleans(),
    split=st.sampled_from(("provider", "profile", "surface")),
    by=st.sampled_from(("provider", "persona")),
    picked=st.one_of(st.just(""), texts),
    failed=st.booleans(),
)


@given(views)
def test_a_view_comes_back_from_its_address(view: View) -> None:
    assert View.of(view.to_query()) == view


def test_an_address_that_says_nonsense_opens_what_it_can() -> None:
    query = {"period": "moon", "since": "x", "by": "moon", "person": ["you", "none"], "tier": "-1", "model": "a\0b"}
    assert View.of(query) == View().with_only("person", ["none"])
    assert View.of({"since": "2026-11-03", "until": "2026-11-01"}) == View()
    assert View.of({"picked": "nobody"}) == View()


@pytest.mark.parametrize(
    ("view", "span", "before"),
    [
        (View("today"), ("11-22", "11-23"), ("11-21", "11-22")),
        (View("7-days"), ("11-16", "11-23"), ("11-09", "11-16")),
        (View("month"), ("11-01", "11-23"), ("10-01", "10-23")),
        (View("last-month"), ("10-01", "11-01"), ("09-01", "10-01")),
        (View(since=date(2026, 11, 2), until=date(2026, 11, 4)), ("11-02", "11-05"), ("10-30", "11-02")),
    ],
)
def test_periods_and_what_they_are_compared_with(view: View, span: tuple[str, str], before: tuple[str, str]) -> None:
    def of(days: tuple[str, str]) -> Span:
        since, until = (date.fromisoformat(f"2026-{day}") for day in days)
        return Span(since, until)

    assert (view.span(TODAY), view.before(TODAY)) == (of(span), of(before))


def test_a_long_month_is_compared_with_no_more_than_the_month_before() -> None:
    assert View("month").before(date(2026, 3, 31)) == Span(date(2026, 2, 1), date(2026, 3, 1))


def test_quantiles_lie_in_their_bucket() -> None:
    def counts(**buckets: int) -> tuple[int, ...]:
        return tuple(buckets.get(f"b{number}", 0) for number in range(16))

    assert quantile(EMPTY, 0.95) is None
    assert quantile(counts(b0=10), 0.5) == 62  # half way through the first 125 ms
    assert quantile(counts(b1=4), 0.5) == round(125 * 2**0.5)
    assert quantile(counts(b1=1, b3=1), 0.5) == 250
    assert quantile(counts(b0=95, b4=5), 0.95) == 125
    assert quantile(counts(b15=3), 0.95) == 125 * 2**14


def test_a_steady_week_goes_on_as_it_was_and_has_no_range() -> None:
    costs = {0: 5, 1: 4, 2: 3, 3: 2, 4: 1, 5: 0, 6: 0}
    history = {day: Decimal(costs[day.weekday()]) for day in (TODAY - timedelta(days=number) for number in range(56))}
    spent = sum((usd for day, usd in history.items() if day.month == 11), start=Decimal())
    found = outlook(history, spent, TODAY, date(2026, 12, 1))
    assert found is not None
    # 22 November is a Sunday; a whole week and a Monday are left.
    assert (found.usd, found.low, found.high) == (spent + 20, spent + 20, spent + 20)
    assert found.reached_on(spent + 9) == date(2026, 11, 24) and found.reached_on(spent) is None
    assert [ahead.usd for ahead in found.days] == [0, 5, 4, 3, 2, 1, 0, 0, 5]


def test_days_that_differ_give_the_range_of_the_book() -> None:
    history = {TODAY - timedelta(days=number): Decimal(usd) for number, usd in ((4, 1), (3, 3), (2, 5), (1, 3))}
    found = outlook(history | {TODAY: Decimal(1)}, Decimal(13), TODAY, TODAY + timedelta(days=3))
    assert found is not None
    # The mean of 1, 3, 5, 3 is 3; today has 2 to come. sigma is sqrt(8 / 3); three days: sigma * sqrt(3 + 9 / 4).
    assert found.usd == 13 + 2 + 3 + 3
    assert float(found.high - found.usd) == pytest.approx(1.2816 * (8 / 3) ** 0.5 * (3 + 9 / 4) ** 0.5)
    assert float(found.low) == pytest.approx(max(13, 21 - 4.7953), abs=0.001)


def test_two_days_are_not_enough_to_tell() -> None:
    history = {TODAY - timedelta(days=number): Decimal(1) for number in (1, 2)}
    assert outlook(history, Decimal(2), TODAY, date(2026, 12, 1)) is None


@pytest.fixture
def book_and_list(database: Database) -> tuple[PriceBook, PriceList]:
    in_force = PricesInForce(database)
    book = PriceBook(set_by_admins=in_force.now)
    return book, PriceList(database, book, in_force, clock=Clock(), billing_zone=UTC)


def test_a_price_that_is_set_holds_from_the_next_call_on_and_changes_nothing_behind(
    database: Database, book_and_list: tuple[PriceBook, PriceList]
) -> None:
    book, prices = book_and_list
    guard = guard_of(database)
    call, tokens = replace(CALL, model="gpt-secret", key_source="user"), Usage(1000, 1000, 0, 100)

    def ask() -> None:
        guard.settle(
            guard.admit(OPERATOR, call), replace(OK, usage=tokens, cost=book.cost("openai", "gpt-secret", tokens))
        )

    ask()
    (unknown,) = prices.unknown(OPERATOR, View())
    assert (unknown.model, unknown.calls, unknown.tokens_in, unknown.priced_now) == ("gpt-secret", 1, 2000, False)
    assert prices.of(OPERATOR, "openai", "gpt-secret").source is None
    one, two = ({"input": Decimal(usd), "cache_read": None, "output": Decimal(4)} for usd in ("1", "2"))
    for usd_per_million in (one, two):
        prices.set(OPERATOR, "openai", "gpt-secret", usd_per_million)
        ask()
    prices.withdraw(OPERATOR, "openai", "gpt-secret")
    ask()
    costs = [entry.cost_usd for entry in Ledger(database, clock=Clock(), billing_zone=UTC).events(OPERATOR)]
    assert costs == [None, Decimal("0.0024"), Decimal("0.0044"), None]
    found = prices.of(OPERATOR, "openai", "gpt-secret")
    assert [each.prices and each.prices["cache_read"] for each in found.history] == [None, Decimal(2), Decimal(1)]
    assert {each.by for each in found.history} == {"Operator"} and found.prices is None
    assert len(rows(database, ModelPrice)) == 3
    acts = [(row.action, row.target_id) for row in rows(database, AuditEvent)]
    assert acts == [("price.set", "openai:gpt-secret")] * 3
    with pytest.raises(NotFound):
        prices.withdraw(OPERATOR, "openai", "gpt-secret")


def test_a_set_price_wins_over_the_list_and_gives_way_to_it_again(
    book_and_list: tuple[PriceBook, PriceList],
) -> None:
    book, prices = book_and_list
    listed = book.per_million("openai", "gpt-4.1")
    set_now = prices.set(OPERATOR, "openai", "gpt-4.1", {"input": Decimal("1.5"), "output": Decimal(6)})
    assert set_now.source == "admins" and book.per_million("openai", "gpt-4.1") == (Decimal("1.5"), Decimal(6))
    assert prices.withdraw(OPERATOR, "openai", "gpt-4.1").source == "list"
    assert book.per_million("openai", "gpt-4.1") == listed


@pytest.mark.parametrize(
    ("model", "usd"),
    [
        ("gpt-secret", {"input": Decimal(1)}),
        ("gpt-secret", {"input": Decimal(-1), "output": Decimal(1)}),
        ("gpt-secret", {"input": Decimal("NaN"), "output": Decimal(1)}),
        ("gpt-secret", {"input": Decimal("0.0000001"), "output": Decimal(1)}),
        ("gpt-secret", {"input": Decimal(1), "output": Decimal(1), "moon": Decimal(1)}),
        (" ", {"input": Decimal(1), "output": Decimal(1)}),
    ],
)
def test_an_impossible_price_is_refused(
    book_and_list: tuple[PriceBook, PriceList], model: str, usd: dict[str, Decimal]
) -> None:
    with pytest.raises(BadInput):
        book_and_list[1].set(OPERATOR, "openai", model, usd)


def test_what_runs_in_the_house_stays_free(book_and_list: tuple[PriceBook, PriceList]) -> None:
    with pytest.raises(BadInput, match="costs nothing"):
        book_and_list[1].set(OPERATOR, "local", "smollm2", {"input": Decimal(1), "output": Decimal(1)})
