"""Confirming an e-mail address: the form for the mailed code, and the reminder for those who have not yet."""

import streamlit as st

from engine.accounts.actor import Actor, Standing
from engine.errors import StudioError
from pages.ui.context import MEMBERS, enter, get_studio, require, visitor
from pages.ui.errors import notice
from pages.ui.layout import list_row

# The address that a sign-up in this tab waits for.
AWAITED = "verify/address"


def reminder(actor: Actor, *, at: str) -> None:
    """A line above every page while the address is not confirmed, but where the page `at` says so itself."""
    if actor.standing >= Standing.VERIFIED or at in ("", "verify"):
        return
    with st.container(border=True):
        icon = ":orange[:material/mark_email_unread:]"
        with list_row(icon, "**Confirm your e-mail**", "Until then you have three sample answers."):
            if st.button("Enter the code", key="confirm/open"):
                confirm()


@st.dialog("Confirm your e-mail")
def confirm() -> None:
    """Take the code, or send another."""
    actor = require(*MEMBERS)
    st.markdown("Enter the six digits that were mailed to you, or have new ones sent.")
    code_form(actor.email, known=True)
    without_mail()


def code_form(email: str, *, known: bool) -> None:
    """The fields for an address and its code. A `known` address cannot be changed."""
    said = st.container()
    with st.form("verify", border=False):
        address = st.text_input("E-mail", email, type="email", autocomplete="email", disabled=known)
        code = st.text_input("Code", autocomplete="one-time-code", placeholder="Six digits")
        with st.container(horizontal=True, horizontal_alignment="distribute"):
            asked = st.form_submit_button("Confirm", type="primary")
            again = st.form_submit_button("Send a new code", type="tertiary")
    joining = get_studio().joining
    with said:
        try:
            if again:
                joining.send_code(address, visitor())
                st.success("A new code is on its way. Older ones no longer count.", icon=":material/outgoing_mail:")
            elif asked:
                enter(joining.verify(address, code, visitor()))
        except StudioError as problem:
            notice(problem)


def without_mail() -> None:
    """What to do in a studio that has no mail server."""
    if not get_studio().settings.smtp_url.get_secret_value():
        st.caption(
            "This studio has no mail server. Its administrator finds the mail in the server's log, or can help by hand."
        )
