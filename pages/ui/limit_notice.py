"""A refused call: which limit, how much was used, when it returns, and the way on as buttons where there is one."""

from collections.abc import Callable

import streamlit as st

from engine.accounts.actor import Actor, Standing
from engine.errors import (
    AIDisabled,
    AIOffForYou,
    LimitExceeded,
    NotAllowed,
    PriceUnknown,
    SampleUsedUp,
    StoppedByAdmin,
    StudioError,
    TierTooLow,
)
from engine.usage.controls import Notice
from pages.ui.ai_disabled_banner import silence
from pages.ui.confirm import confirm
from pages.ui.context import current_actor, get_studio
from pages.ui.errors import notice, unexpected

KEYS = "settings/keys.py"
SWITCHED_OFF = (StoppedByAdmin, AIDisabled, AIOffForYou)
BRAKES = ("calls", "concurrent")  # over by themselves in a minute


def refused(problem: Exception, *, place: str, built_in: Callable[[], None] | None = None) -> None:
    """Show why a call failed. `built_in` asks the built-in model instead, where that is possible.

    Of a stop that is over nothing is said but that: it would read as if it were still in force.
    """
    actor = current_actor()
    if isinstance(problem, SWITCHED_OFF) and _is_over(actor, problem):
        st.caption("AI was off when this was asked. It is on again.")
        return
    if not isinstance(problem, NotAllowed) or actor is None:
        unexpected(problem)
        return
    with st.container(gap="small"):
        notice(problem)
        _ways_on(actor, problem, place, built_in)


def paused(found: Notice, *, place: str) -> None:
    """Why nobody can answer, in place of what would ask; with the way on where it is one's own wish."""
    st.markdown(f":red[:material/pause_circle:] {silence(found)}")
    if found.by == "self" and st.button("Switch AI on", key=f"{place}/on", on_click=_switch_on):
        st.rerun()


def _ways_on(actor: Actor, problem: StudioError, place: str, built_in: Callable[[], None] | None) -> None:
    unproved = actor.standing < Standing.VERIFIED
    waits = isinstance(problem, LimitExceeded) and problem.meter in BRAKES
    limited = isinstance(problem, LimitExceeded | SampleUsedUp | PriceUnknown | TierTooLow) and not waits
    off = isinstance(problem, AIDisabled | AIOffForYou) or bool(silence(get_studio().controls.notice(actor)))
    with st.container(horizontal=True, gap="xsmall"):
        if (
            unproved
            and limited
            and st.button(
                "Confirm my e-mail",
                icon=":material/mark_email_read:",
                type="primary",
                key=f"{place}/confirm",
            )
        ):
            confirm()
        if limited and st.button(
            "Add my own key",
            icon=":material/key:",
            type="secondary" if unproved else "primary",
            key=f"{place}/key",
        ):
            st.switch_page(KEYS)
        elsewhere = limited or isinstance(problem, StoppedByAdmin)
        if (
            built_in
            and elsewhere
            and not off
            and st.button("Use the built-in model", type="tertiary", key=f"{place}/built-in", on_click=built_in)
        ):
            st.rerun()  # what is chosen may stand outside of the fragment that this is drawn in


def _is_over(actor: Actor | None, problem: Exception) -> bool:
    """Whether what switched AI off is in force no more."""
    return actor is not None and get_studio().controls.notice(actor) is None


def _switch_on() -> None:
    get_studio().allowances.switch_ai(current_actor(), on=True)
