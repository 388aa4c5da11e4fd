"""The dialog in which an administrator says what a model costs."""

from decimal import Decimal

import streamlit as st

from engine.errors import StudioError
from engine.providers import PROVIDERS
from engine.usage.price_list import Price, Unpriced
from engine.usage.view import View
from pages.ui import formats
from pages.ui.budgets import as_money
from pages.ui.context import ADMINS, get_studio, require
from pages.ui.errors import notice
from pages.ui.layout import say

KINDS = {
    "input": "Tokens in",
    "output": "Tokens out",
    "cache_read": "Read from the cache",
    "cache_write": "Written to the cache",
    "reasoning": "Reasoning",
}
NEEDED = ("input", "output")
SOURCES = {
    "admins": "Set by an administrator",
    "file": "From the studio's own list",
    "list": "From the public price list",
    "free": "Runs in the house, free",
}


@st.dialog("What a model costs")
def set_the_price(view: View) -> None:
    """Choose one of the models without a price, and enter what it costs from now on."""
    actor = require(*ADMINS)
    prices = get_studio().prices
    unknown = prices.unknown(actor, view)
    if not unknown:
        st.caption("Every call of these days had a price when it was made.")
        return
    st.markdown(
        "The price holds for the calls to come: at once here, within a minute in other processes of the studio. "
        "What was written before stays as it was."
    )
    found = st.selectbox("Model", unknown, format_func=_named)
    price = prices.of(actor, found.provider, found.model)
    _history(price)
    with st.form("price", border=False):
        typed = {}
        for kind, title in KINDS.items():
            now = price.prices[kind] if price.prices else None
            typed[kind] = st.number_input(
                f"{title}, US dollars per million",
                min_value=0.0,
                value=None if now is None else float(now),
                format="%.4f",
                placeholder="Needed" if kind in NEEDED else "The same as the plain one",
            )
        saved = st.form_submit_button("Save the price", type="primary")
    if saved:
        _save({kind: as_money(usd) for kind, usd in typed.items()}, found)
    if price.source == "admins" and st.button("Take this price back", type="tertiary"):
        _save(None, found)


def _save(prices: dict[str, Decimal | None] | None, found: Unpriced) -> None:
    actor, service = require(*ADMINS), get_studio().prices
    try:
        if prices is None:
            service.withdraw(actor, found.provider, found.model)
        else:
            service.set(actor, found.provider, found.model, prices)
    except StudioError as problem:
        notice(problem)
    else:
        say(f"The price of {found.model} is {'taken back' if prices is None else 'saved, for the next call'}")
        st.rerun()


def _history(price: Price) -> None:
    st.caption(SOURCES.get(price.source or "", "Nobody knows its price yet"))
    for each in price.history[:3]:
        sums = each.prices
        cost = f"{formats.money(sums['input'])} in, {formats.money(sums['output'])} out" if sums else "taken back"
        st.caption(f"{each.at.day} {each.at:%B %Y}, {formats.plain(each.by)}: {cost}")


def _named(found: Unpriced) -> str:
    label = PROVIDERS[found.provider].label if found.provider in PROVIDERS else found.provider
    calls = formats.counted(found.calls, "call", "calls")
    return f"{label} · {found.model} · {calls}{', priced since' if found.priced_now else ''}"
