"""Models: what one can pick, what it costs, and what answers when one picks nothing."""

import streamlit as st

from pages.ui.ai_settings_panel import ai_settings_panel
from pages.ui.context import MEMBERS, get_studio, require
from pages.ui.layout import slot, title_row
from pages.ui.models_table import ask_again, models_table, refresh_button, renewed

KEYS = "settings/keys.py"

actor = require(*MEMBERS)
rows = get_studio().models.rows(actor)

with title_row("Models", "What you can pick, what it costs, and what picks itself"):
    refresh_button(rows)
ai_settings_panel(actor, rows)
with slot():
    if all(row.paid_by == "local" for row in rows):
        with st.container(horizontal=True, vertical_alignment="center"):
            st.info(
                "Nobody has given the studio a provider key yet, so the small model on this server answers. "
                "With a key of your own you can pick from that provider's models.",
                icon=":material/info:",
            )
            if st.button("Add a key", icon=":material/key:"):
                st.switch_page(KEYS)
with slot():
    renewed()
models_table(rows)
st.caption(
    "Prices are US dollars per million tokens, from the price list of the studio; empty: nobody knows. "
    "JSON: answers in a given form. Retired: its provider lists it no more."
)
ask_again()
