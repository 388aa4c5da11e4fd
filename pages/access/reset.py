"""Ask for a link that sets a new password, and set it with the link's token."""

import streamlit as st

from engine.errors import CodeNeeded, StudioError
from pages.ui.confirm import without_mail
from pages.ui.context import MEMBERS, VISITORS, enter, get_studio, require, visitor
from pages.ui.errors import notice
from pages.ui.navigation import go_on
from pages.ui.welcome import new_password, welcome

ASKED = "reset/code asked"

actor = require(*VISITORS, *MEMBERS)
joining = get_studio().joining
token = st.query_params.get("token", "")


def set_new() -> None:
    """The form behind the mailed link."""
    with st.form("new password", border=False):
        password = new_password("New password")
        code = ""
        if st.session_state.get(ASKED):
            code = st.text_input("Code", autocomplete="one-time-code", placeholder="From your authenticator app")
        asked = st.form_submit_button("Set the password", type="primary", width="stretch")
    if asked:
        try:
            ticket = joining.reset(token, password, code=code, visitor=visitor())
        except CodeNeeded:
            st.session_state[ASKED] = True
            st.rerun()
        except StudioError as problem:
            notice(problem)
        else:
            st.query_params.clear()  # a used token has no business in the address
            enter(ticket)


def ask() -> None:
    """The form that has the link mailed."""
    with st.form("reset", border=False):
        email = st.text_input("E-mail", type="email", autocomplete="email", placeholder="you@example.com")
        asked = st.form_submit_button("Mail me a link", type="primary", width="stretch")
    if asked and not email.strip():
        st.error("Write the address of your account first.", icon=":material/error:")
    elif asked:
        try:
            joining.request_reset(email, visitor())
        except StudioError as problem:
            notice(problem)
        else:
            st.success(
                "If somebody here has that address, a link is on its way to it. It works once, for half an hour.",
                icon=":material/outgoing_mail:",
            )
    without_mail()


if actor and not token:
    go_on()
if token:
    with welcome("Set a new password", "You are signed out everywhere else, and signed in here."):
        set_new()
else:
    with welcome("Forgot your password", "A link that sets a new one comes by mail."):
        ask()
        if st.button("Back to sign in", type="tertiary"):
            go_on()
