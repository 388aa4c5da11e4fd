"""Monthly budgets of the house and of departments: what is used, and the dialog that sets one."""

from decimal import Decimal

import streamlit as st

from engine.errors import StudioError
from engine.usage.allowances import Budget
from pages.ui import formats
from pages.ui.context import ADMINS, get_studio, require
from pages.ui.errors import notice
from pages.ui.layout import say


def budget_line(budget: Budget) -> None:
    """What is used of a budget, and the way to change it."""
    used = formats.money(budget.used_usd)
    with st.container(horizontal=True, horizontal_alignment="distribute", vertical_alignment="center", wrap=False):
        if budget.month_usd is None:
            st.markdown(f":small[**{used}** spent this month, with no budget]")
        else:
            share = float(budget.used_usd / budget.month_usd) if budget.month_usd else 1.0
            st.progress(min(1.0, share), f"**{used} of {formats.money(budget.month_usd)}** spent this month")
        if st.button("Set a budget" if budget.month_usd is None else "Change", key=f"budget/{budget.scope_id}"):
            set_budget(budget)


@st.dialog("Budget of a month")
def set_budget(budget: Budget) -> None:
    """Take the sum; none takes the budget away."""
    actor = require(*ADMINS)
    none = "what the plans say" if budget.scope == "house" else "no budget"
    st.markdown(f"What **{formats.plain(budget.name)}** may spend on the house's keys in a month. Empty: {none}.")
    with st.form("budget", border=False):
        now = None if budget.month_usd is None else float(budget.month_usd)
        usd = st.number_input(
            "US dollars a month", min_value=0.0, value=now, step=1.0, format="%.2f", icon=":material/attach_money:"
        )
        asked = st.form_submit_button("Save", type="primary")
    if asked:
        try:
            get_studio().allowances.set_budget(actor, budget.scope, budget.scope_id, as_money(usd))
        except StudioError as problem:
            notice(problem)
        else:
            say(f"The budget of {budget.name} is saved")
            st.rerun()


def as_money(number: float | None) -> Decimal | None:
    """What a field for numbers holds, as an exact sum."""
    return None if number is None else Decimal(str(number))
