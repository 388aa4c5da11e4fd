"""Following an answer that a worker writes. Reading never starts, stops or slows it."""

from collections.abc import Callable

import streamlit as st

from engine.runs import Run
from pages.ui.context import MEMBERS, require
from pages.ui.errors import explained

POLL_S = 0.4


def polled(draw: Callable[[], Run | None], run: Run | None) -> None:
    """Draw `run` in a fragment that looks again while it is being written, so that typing is never held up.

    `draw` draws the run as it finds it and returns it. When it ends, or another begins, one full run of the page
    sets the pace anew.
    """
    polling = run is not None and not run.over
    by_page = [True]  # a run of the page goes on to its end: starting anew would lose the click that it answers

    @st.fragment(run_every=POLL_S if polling else None)
    def look() -> None:
        require(*MEMBERS)
        with explained():
            seen = draw()
            if by_page:
                by_page.clear()
            elif polling != (seen is not None and not seen.over):
                st.rerun()

    look()
