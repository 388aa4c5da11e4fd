"""Following an answer that a worker writes. Reading never starts, stops or slows it."""

from collections.abc import Callable

import streamlit as st

from pages.ui.context import MEMBERS, require
from pages.ui.errors import explained

POLL_S = 0.4


def polled(draw: Callable[[], bool], *, writing: bool) -> None:
    """Draw answers in a fragment that looks again while one is being written, so that typing is never held up.

    `draw` draws them as it finds them and says whether one is still being written. When that has changed, one full
    run of the page sets the pace anew.
    """
    by_page = [True]  # a run of the page goes on to its end: starting anew would lose the click that it answers

    @st.fragment(run_every=POLL_S if writing else None)
    def look() -> None:
        require(*MEMBERS)
        with explained():
            still = draw()
            if by_page:
                by_page.clear()
            elif still != writing:
                st.rerun()

    look()
