"""Sign in. Stands at every address until somebody is signed in."""

import streamlit as st

from engine.errors import BadInput, CodeNeeded, TooManyTries
from pages.ui import google
from pages.ui.context import VISITORS, enter, get_studio, require, visitor
from pages.ui.errors import notice
from pages.ui.navigation import turn_to
from pages.ui.welcome import welcome

ASKED = "sign-in/code asked"

require(*VISITORS)
studio = get_studio()
with welcome("Welcome back", "Sign in to write personas and hear them speak."):
    if unset := studio.access.setup_open():
        st.info(
            "Nobody has set up this studio yet. Open the setup link that it printed when it started.",
            icon=":material/key:",
        )
    with st.form("sign-in", border=False):
        email = st.text_input("E-mail", type="email", autocomplete="email", placeholder="you@example.com")
        password = st.text_input("Password", type="password", autocomplete="current-password")
        code = ""
        if st.session_state.get(ASKED):
            code = st.text_input(
                "Code",
                autocomplete="one-time-code",
                placeholder="Six digits",
                help="From your authenticator app. A recovery code does as well.",
            )
        asked = st.form_submit_button("Sign in", type="primary", width="stretch")
    if asked:
        try:
            enter(studio.access.sign_in(email, password, code=code, visitor=visitor()))
        except CodeNeeded:
            st.session_state[ASKED] = True
            st.rerun()
        except (BadInput, TooManyTries) as problem:
            notice(problem)
    google.offer()
    with st.container(horizontal=True, horizontal_alignment="distribute"):
        if not unset and studio.joining.open_to_all() and st.button("Create an account", type="tertiary"):
            turn_to("access/sign_up.py")
        if st.button("Forgot password", type="tertiary"):
            turn_to("access/reset.py")
