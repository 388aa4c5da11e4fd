"""The frame of every page: who is signed in, navigation by role, then the page that was asked for."""

import streamlit as st

from pages.ui.ai_disabled_banner import shell_banner
from pages.ui.confirm import reminder
from pages.ui.context import cookie_errand, current_actor, warm_up
from pages.ui.errors import explained
from pages.ui.google import come_back
from pages.ui.layout import ICON, LOGO, slot
from pages.ui.navigation import arrive, pages_for, person_card

# The chosen pill or segment is written in primaryColor, which is too pale on dark; a browser test measures this.
CHOSEN = ":is([data-variant=segmented_control],[data-variant=pills])[data-selected=true]{color:inherit!important}"

actor = current_actor()
if actor is None:
    come_back()
st.set_page_config(
    page_title="Persona Studio",
    page_icon=ICON,
    layout="wide" if actor else "centered",
    initial_sidebar_state=248 if actor else "collapsed",
)
st.html(f"<style>{CHOSEN}</style>")
cookie_errand()

page = st.navigation(pages_for(actor.role if actor else None), position="sidebar" if actor else "hidden", expanded=True)
arrive(page)
if actor:
    st.logo(LOGO, icon_image=ICON, size="large")
    with st.sidebar:
        rest_of_card = person_card(actor)
    with slot(), explained():
        shell_banner(actor)
        reminder(actor, at=page.url_path)
if said := st.session_state.pop("said", None):
    st.toast(said, icon=":material/check:")
with explained():
    page.run()
if actor:
    rest_of_card()
warm_up()
