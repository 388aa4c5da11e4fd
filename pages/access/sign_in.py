"""Sign in. Stands at every address until somebody is signed in."""

import streamlit as st

from engine.errors import BadInput
from pages.ui.context import VISITORS, enter, get_studio, require
from pages.ui.errors import notice
from pages.ui.welcome import welcome

require(*VISITORS)
accounts = get_studio().access
with welcome("Welcome back", "Sign in to write personas and hear them speak."):
    if accounts.setup_open():
        st.info(
            "Nobody has set up this studio yet. Open the setup link that it printed when it started.",
            icon=":material/key:",
        )
    with st.form("sign-in", border=False):
        email = st.text_input("E-mail", type="email", autocomplete="email", placeholder="you@example.com")
        password = st.text_input("Password", type="password", autocomplete="current-password")
        asked = st.form_submit_button("Sign in", type="primary", width="stretch")
    if asked:
        try:
            enter(accounts.sign_in(email, password))
        except BadInput as problem:
            notice(problem)
