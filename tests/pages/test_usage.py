"""Usage and cost on a house of demo data: the figures of the engine, an address that says the view, other models, a
bill, a price; and nothing of it for members."""

from dataclasses import replace
from datetime import UTC, date, datetime
from decimal import Decimal

import pytest
from streamlit.testing.v1 import AppTest
from streamlit.util import calc_hash

from engine.accounts.actor import Actor
from engine.demo import load
from engine.errors import DatabaseBusy
from engine.routing.tables import load_tables
from engine.usage.dashboard import Dashboard
from engine.usage.view import View
from tests.engine.usage.cases import OK, OWN_KEY, Clock, guard_of
from tests.pages.conftest import PASSWORD

PAGE = "admin/usage.py"
MOVE = "assistant~openai:gpt-4.1~openai:gpt-5.4-nano~100"


@pytest.fixture
def rosa(studio):
    """The administrator of a small invented company."""
    made = load(studio, people=4, personas=2, days=35, calls_a_day=30, password=PASSWORD, now=datetime.now(UTC))
    return studio.people.acting_as(Actor.operator(), made.email)


def words(at):
    kinds = (at.main.markdown, at.main.caption, at.main.error, at.main.warning, at.main.success, at.main.subheader)
    return " ".join(element.value for kind in (*kinds, at.toast) for element in kind).replace("\\", "")


def figures(at):
    return {metric.label: metric.value for metric in at.main.metric}


def asked(at, name):
    """What the address says of something."""
    found = at.query_params.get(name, [])
    return [found] if isinstance(found, str) else found


def button(at, label):
    return next(each for each in at.main.button if each.label == label)


def money(usd):
    return f"${usd:,.4f}" if 0 < abs(usd) < Decimal("0.1") else f"${usd:,.2f}"


def test_the_page_shows_what_the_engine_says_and_a_link_opens_the_same_view(tab, studio, rosa):
    view = View("90-days", against=True).with_only("provider", ["openai"])
    at = tab(rosa, PAGE, period="90-days", against="1", provider="openai")
    assert not at.exception
    now = studio.dashboard.headline(rosa, view).now
    assert figures(at)["House spend"] == money(now.house_usd)
    assert figures(at)["Calls"] == f"{now.calls:,}"
    assert "Demo data" in words(at) and "Members paid" in words(at)
    assert at.main.multiselect(key="usage/provider").value == ["openai"]
    assert at.main.toggle(key="usage/against").value is True

    at.main.multiselect(key="usage/provider").set_value([]).run()
    at.main.segmented_control(key="usage/period").set_value("month").run()
    assert not at.exception
    assert [*at.query_params] == ["against"] and asked(at, "against") == ["1"]
    assert figures(at)["Calls"] == f"{studio.dashboard.headline(rosa, View()).now.calls:,}"


def test_a_row_leads_to_its_calls_page_by_page(tab, studio, rosa):
    me = str(rosa.person_id)
    view = View("90-days", picked=me)
    at = tab(rosa, PAGE, period="90-days", picked=me)
    assert f"Calls of {rosa.name}" in words(at)
    count = studio.calls.count(rosa, view)
    assert f"{count:,}, newest first" in words(at) and count > 25
    shown = at.main.dataframe[-1].value
    assert len(shown) == 25 and set(shown["Person"]) == {rosa.name}
    at.main.toggle(key="usage/failed").set_value(True).run()
    failed = studio.calls.count(rosa, View("90-days", picked=me, failed=True))
    assert f"{failed:,}, newest first" in words(at)
    button(at, "Clear").click().run()
    assert "newest first" not in words(at) and "picked" not in at.query_params

    at.main.selectbox(key="usage/by").set_value("surface").run()
    assert not at.exception and asked(at, "by") == ["surface"]
    assert "assistant" in set(at.main.dataframe[-1].value["Name"])


def test_a_card_that_cannot_be_asked_says_so_and_leaves_the_others(tab, rosa, monkeypatch):
    def busy(*_, **__):
        raise DatabaseBusy("The database is busy.", hint="Try again in a moment.")

    monkeypatch.setattr(Dashboard, "top", busy)
    at = tab(rosa, PAGE)
    assert not at.exception
    assert [error.value for error in at.main.error] == ["The database is busy\\. Try again in a moment\\."] * 2
    assert "House spend" in figures(at) and "People" in words(at)


def test_moves_are_repriced_and_prepared_for_routing_without_being_saved(tab, studio, rosa):
    at = tab(rosa, PAGE, show="what-if", period="90-days", move=MOVE)
    assert not at.exception
    before = figures(at)
    assert before["As it was"] == money(studio.dashboard.headline(rosa, View("90-days")).now.house_usd)
    assert Decimal(before["What if"][1:]) < Decimal(before["As it was"][1:])
    at.main.slider(key="whatif/0/share").set_value(50).run()
    assert asked(at, "move") == [MOVE.replace("~100", "~50")]
    assert figures(at)["What if"] > before["What if"]
    button(at, "Apply to routing").click().run()
    assert "Routing cannot say these moves" in words(at)

    at.main.slider(key="whatif/0/share").set_value(100).run()
    button(at, "Apply to routing").click().run()
    assert not at.exception
    assert "prepared, not saved" in words(at)
    assert not button(at, "Save changes").disabled
    assert studio.routing.tables(rosa) == load_tables()
    button(at, "Save changes").click().run()
    assert studio.routing.tables(rosa).surfaces["assistant"].model_profile == "cheap"


def test_a_bill_shows_its_gap(tab, studio, rosa):
    at = tab(rosa, PAGE, show="invoice")
    days = (date(2026, 1, 1), datetime.now(UTC).date())
    at.main.date_input(key="invoice/days").set_value(days).run()
    at.main.selectbox(key="invoice/provider").set_value("anthropic").run()
    at.main.number_input(key="invoice/total").set_value(100.0).run()
    assert not at.exception
    check = studio.invoices.check(rosa, "anthropic", *days, Decimal(100))
    assert figures(at) == {
        "On the bill": "$100.00", "In the ledger": money(check.ledger_usd), "Gap": f"+{money(check.gap_usd)}",
    }  # fmt: skip
    assert "Also possible" in words(at)


def test_a_price_is_set_where_one_is_missing(tab, studio, rosa):
    guard = guard_of(studio.database, Clock(datetime.now(UTC)))
    guard.settle(guard.admit(rosa, replace(OWN_KEY, model="gpt-secret")), replace(OK, cost=None))
    at = tab(rosa, PAGE, model="gpt-secret")
    assert "1 call without a price" in words(at) and button(at, "Set the price")

    def draw():
        from engine.usage.view import View
        from pages.ui.usage_prices import set_the_price

        set_the_price(View())

    dialog = AppTest.from_function(draw, default_timeout=60)
    dialog.session_state["session_id"] = at.session_state["session_id"]
    dialog.run()
    model = next(option for option in dialog.selectbox[0].options if "gpt-secret" in option)
    dialog.selectbox[0].select(model).run()
    for title, usd in (("Tokens in", 1.25), ("Tokens out", 10.0)):
        next(each for each in dialog.number_input if each.label.startswith(title)).set_value(usd)
    next(each for each in dialog.button if each.label == "Save the price").click().run()
    assert not dialog.exception
    price = studio.prices.of(rosa, "openai", "gpt-secret")
    assert price.source == "admins" and price.prices["output"] == Decimal(10)


def test_for_a_member_the_page_is_not_there(tab, noor):
    at = tab(noor)
    at._page_hash = calc_hash("usage")
    at.run()
    assert [error.value for error in at.error] == ["This page is for administrators."]
    assert not at.main.metric and not at.main.dataframe


def test_ones_own_month_is_on_the_account_page(tab, studio, rosa):
    at = tab(rosa, "settings/account.py")
    assert not at.exception
    month = studio.my_usage.mine(rosa)
    assert f"{money(month.month.house_usd)} paid by the house" in words(at)
    assert all(line.name.split()[0] in words(at) for line in month.personas)
