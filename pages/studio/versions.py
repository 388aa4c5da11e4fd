"""The history of a persona: what changed from version to version, how each did, and going back. `?key=<key>`."""

import streamlit as st

from engine.errors import NotFound
from engine.personas.versions import DRAFT
from pages.ui import formats
from pages.ui.context import MEMBERS, get_studio, require
from pages.ui.layout import empty, title_row
from pages.ui.version_cards import chosen, difference, name_of, restore, version_card

BUILDER, CATALOGUE = "studio/persona_builder.py", "studio/personas.py"

actor = require(*MEMBERS)
versions = get_studio().versions
try:
    history = versions.all(actor, st.query_params.get("key", ""))
except NotFound as gone:
    with title_row("Version history", "Every published version is kept"):
        pass
    if empty(formats.plain(gone.message), formats.plain(gone.hint), "See all personas"):
        st.switch_page(CATALOGUE)
    st.stop()

pair = chosen(history)
published = [version.number for version in history.versions if version.number != DRAFT]
caption = f"{formats.plain(history.name)} · {formats.counted(len(published), 'version', 'versions')}"
with title_row("Version history", f"{caption} · answers keep the version they used"):
    if st.button("Back to builder", icon=":material/arrow_back:"):
        st.switch_page(BUILDER, query_params={"key": history.key})
    older = [number for number in pair if number not in (DRAFT, history.current)]
    if older and st.button(f"Restore version {older[0]}", icon=":material/history:"):
        restore(history, older[0])
left, right = st.columns([1, 2.1])
with left:
    for version in history.versions:
        version_card(history, version, pair)
with right:
    if len(history.versions) > 1:
        difference(history, versions.diff(actor, history.key, *pair))
    else:
        with st.container(border=True):
            st.markdown(f"#### There is only {name_of(history, history.current).lower()}", text_alignment="center")
            st.caption("What changes with the next one is shown here.", text_alignment="center")
