"""Whom to put a question to: up to four models, or versions on one model; and asking, after the cost was shown."""

import streamlit as st

from engine.authoring.comparison.compare import MOST_COLUMNS
from engine.authoring.comparison.results import Column, Comparison
from engine.errors import StudioError
from engine.personas.versions import DRAFT, History
from pages.ui import formats
from pages.ui.context import MEMBERS, current_actor, get_studio, require
from pages.ui.errors import notice
from pages.ui.model_options import model_options

BY = "compare/by"
KINDS = ("Models", "Versions")


def what_to_compare(history: History | None) -> None:
    """Models or versions; nothing to choose where there is only one version."""
    if history and len(history.versions) > 1:
        st.segmented_control(
            "Compare", KINDS, default=KINDS[0], required=True, key=BY, label_visibility="collapsed", width="content"
        )


def whom(of: str, last: Comparison | None, history: History | None) -> list[Column]:
    """Draw the pickers, and say who is picked."""
    options = model_options()
    if history is None or st.session_state.get(BY) != KINDS[1]:
        before = [column.picked for column in last.columns if column.picked in options] if last else []
        picked = st.multiselect(
            "Models, up to four",
            list(options),
            list(dict.fromkeys(before)) or _two(list(options)),
            format_func=lambda value: options.get(value, value),
            max_selections=MOST_COLUMNS,
            key=f"compare/models/{of}",
            persist_state="session",
        )
        return [Column(each) for each in picked]
    names = {each.number: "Draft" if each.number == DRAFT else f"Version {each.number}" for each in history.versions}
    left, right = st.columns([1.4, 1], gap="small")
    with left:
        chosen = st.multiselect(
            "Versions", list(names), list(names)[:2], format_func=names.get, max_selections=MOST_COLUMNS
        )
    with right:
        model = st.selectbox("On", list(options), format_func=lambda value: options.get(value, value))
    return [Column(model, number) for number in chosen]


@st.dialog("Ask them all?")
def ask_all(of: str, question: str, wanted: list[Column]) -> None:
    """Say what it costs, then ask."""
    actor = require(*MEMBERS)
    compare = get_studio().compare
    try:
        offer = compare.offer(actor, of, question, wanted)
    except StudioError as problem:
        notice(problem)
        return
    cost = "free" if offer.free else f"about {formats.money(offer.cost_usd)}"
    st.markdown(f"**{formats.counted(offer.calls, 'call', 'calls')}**, {cost}.")
    if offer.calls < len(wanted):
        st.caption("Not everybody can be asked; the card says why.")
    with st.container(horizontal=True, horizontal_alignment="right"):
        if st.button("Not now"):
            st.rerun()
        if st.button("Ask", type="primary", icon=":material/play_arrow:", key="compare/ask"):
            compare.ask(actor, of, question, wanted)
            st.rerun()


def stop(of: str) -> None:
    """End what is being written."""
    get_studio().compare.stop(current_actor(), of)


def _two(options: list[str]) -> list[str]:
    """Two to begin with: the first profile and a quick one, or whoever is there."""
    named = [option for option in options if option]
    return list(dict.fromkeys([*named[:1], *(["fast"] if "fast" in named else named[1:2])]))
