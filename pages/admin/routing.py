"""Routing: who answers where; edited as tables, tried before it is saved, and in force for the next message."""

from typing import Any

import streamlit as st

from engine.errors import StudioError
from engine.llm.refs import ModelRef
from engine.providers import PROVIDERS
from pages.ui import formats
from pages.ui.context import ADMINS, current_actor, get_studio, require
from pages.ui.errors import notice
from pages.ui.layout import card, list_row, say, slot, title_row
from pages.ui.routing_tables import BASE, SEED, begin, edit_tables, without
from pages.ui.routing_tester import what_it_changes, who_would_answer

REFUSED = "routing/refused"

actor = require(*ADMINS)
studio = get_studio()


def start() -> None:
    """Show what is in force."""
    tables = studio.routing.tables(current_actor())
    st.session_state[BASE] = tables.model_dump(mode="json")
    begin(tables, studio.routing.serving(current_actor()))


def save(edited: dict[str, Any]) -> None:
    """Put what was typed in force; when it cannot be, it stays in the tables."""
    try:
        studio.routing.save(current_actor(), edited)
    except StudioError as problem:
        st.session_state[REFUSED] = problem
    else:
        start()
        say("The routing is saved, and in force for the next message")


def remove(edited: dict[str, Any], profile: str, ref: ModelRef) -> None:
    """Take a model out of a profile, unsaved like the rest."""
    begin(without(edited, profile, ref), studio.routing.serving(current_actor()))


def out_of_date(edited: dict[str, Any]) -> list[tuple[str, ModelRef]]:
    """The ids that a provider no longer lists; none while the tables cannot be read."""
    try:
        return studio.routing.out_of_date(actor, edited)
    except StudioError:
        return []


def gone_card(gone: list[tuple[str, ModelRef]], edited: dict[str, Any]) -> None:
    """Each id with the way to take it out."""
    with card("Out of date"):
        for profile, ref in gone:
            title = f"**{formats.plain(ref.model)}** in profile {formats.plain(profile)}"
            said = f"No longer listed by {PROVIDERS[ref.provider].label}. Nobody asks it."
            with list_row(":orange[:material/warning:]", title, said):
                st.button("Remove it", key=f"remove/{profile}/{ref}", on_click=remove, args=(edited, profile, ref))
        if not gone:
            st.caption("Every model here is still listed by its provider, as far as is known.")


if BASE not in st.session_state or SEED not in st.session_state:
    start()
in_force = studio.routing.tables(actor).model_dump(mode="json")
head, words = st.container(), st.container()
stage, side = st.columns([1.7, 1], gap="medium")
with stage:
    edited = edit_tables()
changed = edited != st.session_state[BASE]
if in_force != st.session_state[BASE] and not changed:
    start()
    st.rerun()
gone = out_of_date(edited)
with head, title_row("Routing", "Who answers, page by page. Changes apply to the next message."):
    if gone:
        st.badge(
            f"{formats.counted(len(gone), 'id', 'ids')} no longer listed", icon=":material/warning:", color="orange"
        )
    st.button("Undo", icon=":material/undo:", disabled=not changed, on_click=start)
    st.button(
        "Save changes", icon=":material/save:", type="primary", disabled=not changed, on_click=save, args=(edited,)
    )
with words:
    if problem := st.session_state.pop(REFUSED, None):
        notice(problem)
    elif in_force != st.session_state[BASE]:
        st.warning(
            "Somebody else has changed the routing meanwhile. Saving puts yours in its place; Undo shows theirs.",
            icon=":material/info:",
        )
with side:
    with slot():
        if changed:
            what_it_changes(actor, edited)
    who_would_answer(actor, edited)
    gone_card(gone, edited)
