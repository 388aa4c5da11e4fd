"""The catalogue: whom one may use, in three groups, found by words, kind and department, a page at a time."""

from math import ceil

import streamlit as st

from pages.ui import formats
from pages.ui.card_import import import_card
from pages.ui.context import MEMBERS, get_studio, require
from pages.ui.errors import notice
from pages.ui.layout import portrait, section_head, title_row
from pages.ui.persona_bulk import bulk_bar, choose_button, choosing
from pages.ui.persona_card import REFUSED, open_in_builder, persona_card
from pages.ui.persona_filters import SORTS, clear, filters
from pages.ui.persona_undo import deleted_ones

GROUPS = (
    ("own", "Yours", "Only you, unless shared", 3),
    ("team", "Team", "Shared with you by colleagues", 3),
    ("builtin", "Built-in", "Kept by admins, same for everyone", 4),
)
HERE = {"own": "From {}", "team": "From {}", "builtin": "Recommended to {}"}
PER_PAGE = 24

actor = require(*MEMBERS)
studio = get_studio()
departments = {each.name: each for each in studio.departments.all(actor)}


def group(name: str, title: str, caption: str, across: int) -> None:
    """One section, a page at a time; nothing when it is empty."""
    cards, total = getattr(catalogue, name), catalogue.totals[name]
    if not total:
        return
    section_head(title, total, HERE[name].format(formats.plain(place)) if place else caption)
    cells = st.grid(across, min_column_width=215, border=True)
    for card in cards:
        with cells.cell():
            persona_card(
                card,
                by=actor,
                with_blurb=across == 3,
                is_default=card.key == default,
                used=used.get(card.key),
                choosing=choosing(),
            )
    if total > PER_PAGE:
        st.pagination(ceil(total / PER_PAGE), key=page_key(name))


def page_key(name: str) -> str:
    """Where the page of a section is kept; other filters begin at the first one."""
    return f"page/{name}/{search}/{kinds}/{place}/{order}"


def about() -> str:
    """Who keeps the built-in ones, or who answers by default in the department that is looked at."""
    first = departments[place].default_persona if place else None
    name = studio.personas.names(actor, [first]).get(first) if first else None
    if name:
        return f"{formats.plain(name)} answers by default in {formats.plain(place)}."
    return "Built-in ones are kept by your admins."


def nobody() -> None:
    """What to do when the filters leave nobody."""
    words = search.strip()
    with st.container(border=True, horizontal_alignment="center"):
        st.space("medium")
        portrait("", words or "nobody", width=72)
        said = f"Nobody here goes by “{formats.plain(words)}”" if words else "Nobody here is of that kind"
        st.markdown(f"#### {said}", text_alignment="center")
        hint = "Search looks at names, roles, tags and departments. Clear it, or write this person yourself."
        st.caption(hint, width="content", text_alignment="center")
        with st.container(horizontal=True, horizontal_alignment="center"):
            st.button("Clear filters", on_click=clear)
            if words and st.button(f"Write “{formats.plain(words)}”", icon=":material/add:", type="primary"):
                open_in_builder(None, name=words[:80])
        st.space("medium")


head = st.container()
search, kinds, place, order = filters(departments)
catalogue = studio.personas.catalogue(
    actor, search=search, modalities=kinds, department=departments[place].id if place else None, sort=SORTS[order],
    pages={name: st.session_state.get(page_key(name), 1) for name, *_ in GROUPS}, most=PER_PAGE,
)  # fmt: skip
default = studio.assistant.default_persona(actor)
used = studio.personas_used.of(actor, [card.key for card in catalogue.own])
found = f"{catalogue.count:,} found" if search or kinds or place else f"{catalogue.count:,} you can use"
with head, title_row("Personas", f"{found}. {about()}"):
    choose_button()
    if st.button("Import card", icon=":material/upload_file:"):
        import_card()
    if st.button("New persona", icon=":material/add:", type="primary" if catalogue.count else "secondary"):
        open_in_builder(None)
if problem := st.session_state.pop(REFUSED, None):
    notice(problem)
deleted_ones()
bulk_bar()
for each in GROUPS:
    group(*each)
if not catalogue.count:
    nobody()
