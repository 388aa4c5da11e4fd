"""What one used oneself: this month by day, the last weeks as a calendar, and whom one asked most."""

import streamlit as st

from engine.accounts.actor import Actor
from engine.errors import StudioError
from engine.usage.my_usage import WEEKS, MyUsage
from pages.ui import formats
from pages.ui.context import get_studio
from pages.ui.errors import notice
from pages.ui.layout import card

HIGH, LOW = 250, 190


def my_month(actor: Actor) -> None:
    """The card; nothing that takes long is loaded before one has used something."""
    with card("My month", "Calls on all keys, by day"):
        try:
            mine = get_studio().my_usage.mine(actor)
        except StudioError as problem:
            notice(problem)
            return
        if not sum(mine.calendar.values()):
            st.caption("Nothing yet. What you ask, and what it costs, will show here.")
            return
        _drawn(mine)


def _drawn(mine: MyUsage) -> None:
    from pages.ui import charts

    days = [each.day for each in mine.days]
    layers = [("House", charts.VIOLET, [each.house_calls for each in mine.days])]
    if any(each.own_calls for each in mine.days):
        layers.append(("My keys", charts.GREEN, [each.own_calls for each in mine.days]))
    charts.show(charts.stacked(days, layers, money=False), "my/days", height=HIGH, alt="My calls by day")
    with st.container(horizontal=True, gap="xsmall"):
        st.badge(f"{formats.money(mine.month.house_usd)} paid by the house", color="violet")
        if mine.month.own_usd:
            st.badge(f"{formats.money(mine.month.own_usd)} on your keys", icon=":material/key:", color="green")
        if mine.month.unknown_price:
            calls = formats.counted(mine.month.unknown_price, "call", "calls")
            st.badge(f"{calls} without a price", color="orange")
    st.markdown(f"##### The last {WEEKS} weeks")
    charts.show(charts.calendar(mine.calendar), "my/weeks", height=LOW, alt="My calls by day of the last weeks")
    st.markdown("##### Whom you asked most")
    for line in mine.personas:
        with st.container(horizontal=True, horizontal_alignment="distribute", gap="xsmall"):
            st.markdown(f"**{formats.plain(line.name)}**", width="content")
            calls = formats.counted(line.sums.calls, "call", "calls")
            st.caption(f"{calls}, {formats.money(line.sums.cost_usd)}", width="content")
