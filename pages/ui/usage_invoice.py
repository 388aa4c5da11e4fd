"""A provider's bill beside the ledger."""

from datetime import date, timedelta

import streamlit as st

from engine.accounts.actor import Actor
from engine.errors import StudioError
from engine.providers import PROVIDERS
from engine.usage.invoice import Check, Reason
from pages.ui import formats
from pages.ui.budgets import as_money
from pages.ui.context import get_studio
from pages.ui.errors import notice
from pages.ui.layout import card, list_row, title_row
from pages.ui.usage_filters import current_view, turn_to

REASONS = {
    "unknown_price": (
        "Calls without a price",
        "They cost nothing in the ledger and something on the bill. Set their price for the calls to come.",
    ),
    "estimated": (
        "Calls whose tokens were estimated",
        "The provider did not report what they used, so we counted ourselves.",
    ),
    "expired": (
        "Calls that nobody reported",
        "Their process ended. They are charged here at the most that they could cost.",
    ),
    "corrected": ("Corrections by administrators", "The ledger was put right by hand; the bill was not."),
    "failed": ("Failed calls that cost nothing here", "A provider may charge for what it read before it failed."),
    "time_zone": (
        "Calls on the first and the last day",
        "A day begins at another moment here than at the provider, which bills in UTC.",
    ),
    "own_keys": (
        "Calls on members' own keys",
        "They are not in this sum. If such a key belongs to your organisation, they are on this bill.",
    ),
}
ALWAYS = "Also possible: taxes, discounts, credits, other programs on the same key, and prices that changed."
CLOSE = 0.02


def invoice(actor: Actor) -> None:
    """The whole part of the page."""
    with title_row("Invoice check", "The provider's bill beside what the ledger has for the house's keys"):
        st.button("Back to usage", icon=":material/arrow_back:", on_click=_leave)
    left, right = st.columns([1, 1.3], gap="small")
    with left, card("The bill", "Nothing is stored; the check is yours alone"):
        days = st.date_input("From the first to the last day", _last_month(), key="invoice/days")
        if len(days) != 2:
            return
        try:
            known = get_studio().invoices.providers(actor, *days)
        except StudioError as problem:
            notice(problem)
            return
        provider, total, billed = _bill(known, days)
    with right:
        if total is not None or billed:
            _beside(actor, provider, days, total, billed)
            return
        with card("Beside the ledger"):
            st.caption("Enter the sum of the bill, or its sums by model, to see the gap and what may explain it.")


def _bill(known: dict[str, list[str]], days: tuple[date, ...]) -> tuple[str, float | None, dict[str, float]]:
    """What the bill says: whose it is, its sum, and its sums by model."""
    others = [key for key, spec in PROVIDERS.items() if spec.offered and not spec.free]
    offered = list(dict.fromkeys([*known, *others]))
    provider = st.selectbox("Provider", offered, format_func=_label, key="invoice/provider")
    total = st.number_input(
        "Sum of the bill, in US dollars, without taxes",
        min_value=0.0,
        value=None,
        format="%.2f",
        step=1.0,
        icon=":material/attach_money:",
        key="invoice/total",
        placeholder="As the bill says",
    )
    return provider, total, _by_model(known.get(provider, []), f"invoice/models/{provider}/{days}")


def _beside(actor: Actor, provider: str, days: tuple[date, ...], total: float | None, billed: dict[str, float]) -> None:
    sums = {model: usd for model, number in billed.items() if (usd := as_money(number)) is not None}
    try:
        check = get_studio().invoices.check(actor, provider, *days, as_money(total), sums)
    except StudioError as problem:
        notice(problem)
    else:
        _told(check)


def _by_model(models: list[str], key: str) -> dict[str, float]:
    """The bill's sums by model, where they were entered."""
    if not models:
        return {}
    rows = st.data_editor(
        {"Model": models, "Billed": [None] * len(models)},
        column_config={
            "Model": st.column_config.TextColumn(disabled=True),
            "Billed": st.column_config.NumberColumn("Billed, $", min_value=0.0, format="$%.2f"),
        },
        hide_index=True,
        height="content",
        placeholder="–",
        key=key,
    )
    return {model: float(usd) for model, usd in zip(rows["Model"], rows["Billed"], strict=True) if usd is not None}


def _told(check: Check) -> None:
    gap, share = check.gap_usd, check.gap_share
    with st.grid(3, min_column_width=130, border=True):
        st.metric("On the bill", _plain(formats.money(check.billed_usd)))
        st.metric("In the ledger", _plain(formats.money(check.ledger_usd)))
        sign = "-" if gap < 0 else "+"
        delta = None if share is None or not gap else f"{share * 100:+.1f}%"
        st.metric("Gap", f"{sign if gap else ''}{_plain(formats.money(abs(gap)))}", delta, delta_color="inverse")
    if share is not None and abs(share) <= CLOSE:
        st.success("The bill and the ledger agree within 2%.", icon=":material/check:")
    if check.models:
        _models(check)
    with card("What may explain it"):
        for reason in check.reasons:
            _reason(reason)
        st.caption(ALWAYS)


def _models(check: Check) -> None:
    money = st.column_config.NumberColumn
    st.dataframe(
        {
            "Model": [row.model for row in check.models],
            "Calls": [row.calls for row in check.models],
            "No price": [row.unknown_price for row in check.models],
            "Ledger": [float(row.ledger_usd) for row in check.models],
            "Billed": [None if row.billed_usd is None else float(row.billed_usd) for row in check.models],
            "Gap": [None if row.gap_usd is None else float(row.gap_usd) for row in check.models],
        },
        column_config={name: money(format="$%.4f") for name in ("Ledger", "Billed", "Gap")},
        hide_index=True,
        height="content",
        placeholder="–",
    )


def _reason(reason: Reason) -> None:
    title, told = REASONS[reason.kind]
    count = formats.counted(reason.calls, "call", "calls")
    usd = f", {formats.money(reason.usd)} in the ledger" if reason.usd is not None else ""
    with list_row(":orange[:material/info:]", f"**{title}**", f"{count}{usd}. {told}"):
        pass


def _last_month() -> tuple[date, date]:
    last = formats.now().date().replace(day=1) - timedelta(days=1)
    return last.replace(day=1), last


def _label(key: str) -> str:
    return PROVIDERS[key].label if key in PROVIDERS else key


def _leave() -> None:
    turn_to(current_view(), "")


def _plain(money: str) -> str:
    return money.replace("\\", "")
