"""Bring a persona in from a card: what is in the file, what came along, and its prompt to be read before it is used."""

import streamlit as st

from engine.errors import StudioError
from engine.personas.card_service import Imported
from engine.personas.cards.limits import FILE_BYTES, MIB
from engine.personas.faces import face
from engine.personas.prompt import sections, system_text
from pages.ui import formats
from pages.ui.card_report import draw_report, lossless_badge
from pages.ui.context import MEMBERS, current_actor, get_studio, require
from pages.ui.errors import notice
from pages.ui.layout import say

BUILDER = "studio/persona_builder.py"
KINDS = ["png", "json", "charx", "yaml", "yml"]
PROMPT_PX = 180


@st.dialog("Import a card", width="medium")
def import_card() -> None:
    """Take a file, show what is in it, and open it in the builder as a draft of one's own."""
    require(*MEMBERS)
    brought = st.file_uploader("Card", KINDS, key="card/file", max_upload_size=FILE_BYTES // MIB)
    if brought is None:
        st.caption(
            "Character Card V1 to V3 as PNG, JSON or CHARX, models of Open WebUI, and our own YAML. "
            "Nothing is fetched from the internet, and nothing is kept before you open it in the builder."
        )
        return
    data = brought.getvalue()
    try:
        found = get_studio().cards.read(current_actor(), brought.name, data)
    except StudioError as problem:
        notice(problem)
        return
    _who(found)
    draw_report(found.report)
    _prompt(found)
    with st.container(horizontal=True, horizontal_alignment="right"):
        if st.button("Open in the builder", icon=":material/edit:", type="primary"):
            _open(brought.name, data)


def _who(found: Imported) -> None:
    """The persona in one row."""
    spec = found.spec
    with st.container(horizontal=True, vertical_alignment="center", wrap=False):
        drawn = face(spec.name or "nobody", emoji=spec.avatar, picture=found.display)
        st.image(drawn, width=68, alt="Portrait")
        with st.container(gap=None):
            st.markdown(f"**{formats.plain(spec.name) or 'No name yet'}**")
            st.caption(formats.plain(spec.role) or "No role yet")
        lossless_badge(found.report)
    if spec.avatar.startswith(("http://", "https://")):
        st.caption(f"Its picture is on the internet and was not loaded: {formats.plain(spec.avatar)}")
    if found.note:
        st.caption(f"Its maker says: {formats.plain(formats.start(found.note, 300))}")


def _prompt(found: Imported) -> None:
    """What a model would read, as the text that it is."""
    text = system_text(sections(found.spec))
    st.markdown("**What the model would read**")
    st.caption("Somebody else may have written this. Read it first: a card may try to give the model orders.")
    if text:
        st.code(text, language=None, wrap_lines=True, height=PROMPT_PX)
    else:
        st.markdown("Nothing yet: there is no prompt in this card.")


def _open(filename: str, data: bytes) -> None:
    try:
        draft, _ = get_studio().cards.import_as_draft(current_actor(), filename, data)
    except StudioError as problem:
        notice(problem)
        return
    say(f"{draft.spec.name or 'The card'} is a draft of yours now")
    st.switch_page(BUILDER, query_params={"draft": str(draft.id)})
