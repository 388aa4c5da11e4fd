"""What one allows oneself: a monthly cap below the plan's, and AI at all."""

import streamlit as st

from engine.accounts.actor import Actor
from engine.errors import StudioError
from pages.ui import formats
from pages.ui.budgets import as_money
from pages.ui.context import current_actor, get_studio
from pages.ui.errors import notice
from pages.ui.layout import say

CAP, ON, REFUSED = "own/cap", "own/on", "own/refused"


def own_limits(actor: Actor) -> None:
    """The two choices; each is saved when it is made."""
    mine = get_studio().allowances.mine(actor)
    st.session_state[CAP] = None if mine.own_cap_usd is None else float(mine.own_cap_usd)
    st.number_input(
        "My own cap, in US dollars a month",
        min_value=0.0,
        value=None,
        step=1.0,
        format="%.2f",
        placeholder="None, only what the plan allows",
        help="Calls that the house pays for are refused beyond it. Keys of your own are not counted.",
        key=CAP,
        on_change=_save_cap,
    )
    ai_switch(actor)
    if problem := st.session_state.pop(REFUSED, None):
        notice(problem)


def ai_switch(actor: Actor) -> None:
    """Whether anything one does asks a model."""
    st.session_state[ON] = get_studio().allowances.mine(actor).ai_enabled
    st.toggle("AI answers me", key=ON, on_change=_switch, help="Off: nothing you do asks a model, in no tab.")


def plan_line(actor: Actor) -> str:
    """Which plan one is on."""
    allowances = get_studio().allowances
    return f"Plan {formats.plain(allowances.plans(actor).of(allowances.mine(actor).plan).title)}"


def _save_cap() -> None:
    try:
        get_studio().allowances.set_own_cap(current_actor(), as_money(st.session_state[CAP]))
    except StudioError as problem:
        st.session_state[REFUSED] = problem
    else:
        say("Your own cap is saved")


def _switch() -> None:
    on = st.session_state[ON]
    get_studio().allowances.switch_ai(current_actor(), on=on)
    say(f"AI is {'on' if on else 'off'} for you")
