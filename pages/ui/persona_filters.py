"""The filter row of the catalogue: words, kinds, department and order, which stand in the address too."""

from collections.abc import Collection
from functools import partial

import streamlit as st

from engine.personas.spec import Modality
from pages.ui.forms import choice_word

SORTS = {"By name": "name", "Newest first": "newest", "Most used by you": "used"}


def filters(departments: Collection[str]) -> tuple[str, list[str], str | None, str]:
    """Draw them; returns what is asked for."""
    look = {"bind": "query-params", "label_visibility": "collapsed"}
    with st.container(horizontal=True, vertical_alignment="center"):
        words = st.text_input(
            "Search", placeholder="Name, role or tag", live="300ms", icon=":material/search:", width=230, key="search",
            **look,
        )  # fmt: skip
        called = partial(choice_word, "modality")
        kinds = st.pills(
            "Kind", [*map(str, Modality)], format_func=called, selection_mode="multi", key="kind", wrap=True, **look
        )
        st.space("stretch")
        with st.container(horizontal=True, width="content", gap="xsmall", wrap=False):
            where = None
            if departments:
                anywhere = {"placeholder": "All departments", "key": "department", "width": 176}
                where = st.selectbox("Department", list(departments), None, **anywhere, **look)
            order = st.selectbox("Order", list(SORTS), key="sort", width=160, **look)
    return words, kinds, where, order


def clear() -> None:
    """Forget the filters."""
    st.session_state.search, st.session_state.kind, st.session_state.department = "", [], None
