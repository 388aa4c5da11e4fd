"""What was deleted since one came to the catalogue, and the way back."""

from collections.abc import Iterable

import streamlit as st

from pages.ui import formats
from pages.ui.context import current_actor, get_studio
from pages.ui.layout import say

DELETED = "personas/deleted"


def remember_deleted(key: str, name: str) -> None:
    """Keep the way back until one leaves the page."""
    st.session_state.setdefault(DELETED, {})[key] = name


def deleted_ones() -> None:
    """One line for each, and one for all when there are several."""
    found = st.session_state.get(DELETED, {})
    if len(found) > 1:
        with st.container(horizontal=True, vertical_alignment="center"):
            st.markdown(f"**{len(found)} personas** are deleted", width="content")
            st.button("Undo all", icon=":material/undo:", type="tertiary", on_click=_restore, args=(list(found),))
    for key, name in found.items():
        with st.container(border=True, horizontal=True, vertical_alignment="center", wrap=False):
            st.markdown(f":material/delete: **{formats.plain(name)}** is deleted")
            st.button("Undo", icon=":material/undo:", key=f"undo/{key}", on_click=_restore, args=([key],))


def _restore(keys: Iterable[str]) -> None:
    names = [st.session_state.get(DELETED, {}).pop(key, key) for key in keys]
    for key in keys:
        get_studio().personas.restore(current_actor(), key)
    say(f"{names[0]} is back" if len(names) == 1 else f"{len(names)} personas are back")
