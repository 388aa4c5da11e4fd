"""A persona in the catalogue: who it is, the way into the builder, and deleting with a way back."""

import streamlit as st

from engine.personas.catalogue import PersonaCard
from engine.personas.drafts import Draft
from pages.ui import formats
from pages.ui.context import MEMBERS, current_actor, get_studio, require
from pages.ui.forms import choice_word
from pages.ui.layout import portrait, say

BUILDER = "studio/persona_builder.py"
COLOURS = {"character": "violet", "department": "blue", "domain": "green", "specialist": "orange"}
DELETED = "personas/deleted"


def persona_card(card: PersonaCard, *, with_blurb: bool) -> None:
    """Draw one persona. Somebody else's can only be copied, and that is its one button."""
    with st.container(horizontal=True, vertical_alignment="center", wrap=False):
        portrait(card.name, card.key.rpartition(":")[2].rpartition("/")[2], emoji=card.avatar)
        with st.container(gap=None):
            st.markdown(f"**{formats.plain(card.name)}**")
            st.caption(formats.plain(card.role), wrap=False)
    if with_blurb and card.blurb:
        st.markdown(formats.plain(card.blurb))
    tags = "".join(f" :gray-badge[{formats.plain(tag)}]" for tag in card.tags[:1])
    draft = " :orange-badge[:material/edit: Draft]" if card.draft else ""
    st.markdown(f":{COLOURS[card.modality]}-badge[{choice_word('modality', card.modality)}]{tags}{draft}")
    if not card.editable:
        if st.button("Write your own copy", icon=":material/content_copy:", key=f"open/{card.key}", width="stretch"):
            open_in_builder(card.key)
        return
    with st.container(horizontal=True, gap="xsmall", wrap=False):
        if st.button("Edit", icon=":material/edit:", key=f"open/{card.key}", width="stretch"):
            open_in_builder(card.key)
        _menu(card)


def open_in_builder(key: str | None, **changes: str) -> None:
    """Go on with a draft of this persona; somebody else's becomes a copy of one's own."""
    drafts = get_studio().drafts
    draft = drafts.open(current_actor(), key)
    if changes:
        drafts.save(current_actor(), draft.id, changes)
    _go_to(draft)


def deleted_ones() -> None:
    """What was deleted since one came to the page, each with the way back."""
    for key, name in st.session_state.get(DELETED, {}).items():
        with st.container(border=True, horizontal=True, vertical_alignment="center", wrap=False):
            st.markdown(f":material/delete: **{formats.plain(name)}** is deleted")
            st.button("Undo", icon=":material/undo:", key=f"undo/{key}", on_click=_restore, args=(key, name))


@st.dialog("Delete this persona?")
def delete(card: PersonaCard) -> None:
    """Ask before a persona leaves the catalogue."""
    require(*MEMBERS)
    versions = formats.counted(card.version, "version", "versions")
    st.markdown(
        f"**{formats.plain(card.name)}** leaves the catalogue, for you and for everyone you share it with, "
        f"and takes {versions} along. You can undo this until you leave the page."
    )
    with st.container(horizontal=True, horizontal_alignment="right"):
        if st.button("Keep it"):
            st.rerun()
        if st.button(":red[Delete persona]", icon=":material/delete:"):
            get_studio().personas.delete(current_actor(), card.key)
            st.session_state.setdefault(DELETED, {})[card.key] = card.name
            st.rerun()


def _menu(card: PersonaCard) -> None:
    asked = st.menu_button(
        "",
        ["Duplicate", ":red[Delete]"],
        icon=":material/more_horiz:",
        key=f"menu/{card.key}",
        help=f"More for {formats.plain(card.name)}",
    )
    if asked == "Duplicate":
        _go_to(get_studio().drafts.duplicate(current_actor(), card.key))
    elif asked:
        delete(card)


def _go_to(draft: Draft) -> None:
    st.switch_page(BUILDER, query_params={"draft": str(draft.id)})


def _restore(key: str, name: str) -> None:
    st.session_state.get(DELETED, {}).pop(key, None)
    get_studio().personas.restore(current_actor(), key)
    say(f"{name} is back")
