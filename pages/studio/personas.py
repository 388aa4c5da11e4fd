"""The catalogue: whom one may use, in three groups, with search."""

from math import ceil

import streamlit as st

from engine.personas.spec import Modality
from pages.ui import formats
from pages.ui.context import MEMBERS, get_studio, require
from pages.ui.forms import choice_word
from pages.ui.layout import portrait, section_head, title_row
from pages.ui.persona_card import deleted_ones, open_in_builder, persona_card

GROUPS = (
    ("own", "Yours", "Only you, unless shared", 3),
    ("team", "Team", "Shared with you by colleagues", 3),
    ("builtin", "Built-in", "Kept by admins, same for everyone", 4),
)
PER_PAGE = 24

actor = require(*MEMBERS)
studio = get_studio()


def group(name: str, title: str, caption: str, across: int) -> None:
    """One section, a page at a time; nothing when it is empty."""
    cards = getattr(catalogue, name)
    if not cards:
        return
    section_head(title, len(cards), caption)
    shelf = st.container()
    pages = ceil(len(cards) / PER_PAGE)
    at = st.pagination(pages, key=f"page/{name}") if pages > 1 else 1
    with shelf:
        cells = st.grid(across, min_column_width=215, border=True)
    for card in cards[(at - 1) * PER_PAGE : at * PER_PAGE]:
        with cells.cell():
            persona_card(card, with_blurb=across == 3)


def clear() -> None:
    """Forget the filters."""
    st.session_state.search, st.session_state.kind = "", []


def nobody() -> None:
    """What to do when the filters leave nobody."""
    words = search.strip()
    with st.container(border=True, horizontal_alignment="center"):
        st.space("medium")
        portrait("", words or "nobody", width=72)
        said = f"Nobody here goes by “{formats.plain(words)}”" if words else "Nobody here is of that kind"
        st.markdown(f"#### {said}", text_alignment="center")
        st.caption("Search looks at names, roles and tags. Clear it, or write this person yourself.", width="content")
        with st.container(horizontal=True, horizontal_alignment="center"):
            st.button("Clear filters", on_click=clear)
            if words and st.button(f"Write “{formats.plain(words)}”", icon=":material/add:", type="primary"):
                open_in_builder(None, name=words[:80])
        st.space("medium")


head = st.container()
with st.container(horizontal=True, vertical_alignment="center"):
    search = st.text_input(
        "Search",
        placeholder="Name, role or tag",
        live="300ms",
        icon=":material/search:",
        width=250,
        key="search",
        bind="query-params",
        label_visibility="collapsed",
    )
    kinds = st.pills(
        "Kind",
        [kind.value for kind in Modality],
        format_func=lambda kind: choice_word("modality", kind),
        selection_mode="multi",
        key="kind",
        bind="query-params",
        label_visibility="collapsed",
        wrap=True,
    )

catalogue = studio.personas.catalogue(actor, search=search, modalities=kinds)
found = f"{catalogue.count} found" if search or kinds else f"{catalogue.count} you can use"
with head, title_row("Personas", f"{found}. Built-in ones are kept by your admins."):
    if st.button("New persona", icon=":material/add:", type="primary" if catalogue.count else "secondary"):
        open_in_builder(None)
deleted_ones()
for each in GROUPS:
    group(*each)
if not catalogue.count:
    nobody()
