"""A performance seen again, line by line. It costs nothing: nobody is asked."""

import time

import streamlit as st

from engine.theatre.stage import Performance
from pages.ui.context import MEMBERS, require
from pages.ui.layout import title_row
from pages.ui.scene_acts import field
from pages.ui.stage import STAGE_PX, turns

PACE_S = 1.6


def replay(found: Performance) -> None:
    """Draw the replay of a scene: as many lines as its time allows since it was last set going."""
    key, whole = field(found.scene.id, "replay"), len(found.turns)
    at, since = st.session_state.setdefault(key, (1, time.monotonic()))
    with title_row(found.scene.spec.title, "Replay"):
        if st.button("Back to the stage", icon=":material/arrow_back:"):
            del st.query_params["replay"], st.session_state[key]
            st.rerun()

    @st.fragment(run_every=PACE_S / 2 if since is not None and at < whole else None)
    def seen_again() -> None:
        require(*MEMBERS)
        shown = _shown(key, whole)
        _buttons(key, shown, whole)
        with st.container(border=True, height=STAGE_PX, autoscroll=True):
            turns(found.turns[:shown], mine=found.scene.mine)

    seen_again()


def _shown(key: str, whole: int) -> int:
    """How many lines are to be seen now; at the last one the clock stops."""
    at, since = st.session_state[key]
    if since is None:
        return min(at, whole)
    shown = at + int((time.monotonic() - since) / PACE_S)
    if shown >= whole:
        _set(key, whole, going=False)
    return min(shown, whole)


def _set(key: str, at: int, *, going: bool) -> None:
    """Go to a line, and stay there or go on. A full run of the page sets the pace anew."""
    st.session_state[key] = (at, time.monotonic() if going else None)
    st.rerun()


def _buttons(key: str, shown: int, whole: int) -> None:
    going, ended = st.session_state[key][1] is not None, shown >= whole
    with st.container(horizontal=True, vertical_alignment="center"):
        icon = ":material/pause:" if going else ":material/play_arrow:"
        if st.button("Hold" if going else "Play", icon=icon, type="primary"):
            _set(key, 1 if ended else shown, going=not going)
        if st.button("Next line", icon=":material/skip_next:", disabled=ended):
            _set(key, shown + 1, going=False)
        if st.button("From the start", icon=":material/first_page:"):
            _set(key, 1, going=True)
        st.caption(f"Line {shown} of {whole}", width="content")
