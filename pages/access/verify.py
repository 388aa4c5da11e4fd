"""Enter the code that was mailed, which proves an address and signs in."""

import streamlit as st

from engine.accounts.actor import Standing
from pages.ui.confirm import AWAITED, code_form, without_mail
from pages.ui.context import MEMBERS, VISITORS, get_studio, require
from pages.ui.layout import say
from pages.ui.navigation import go_on
from pages.ui.welcome import welcome

actor = require(*VISITORS, *MEMBERS)
if actor and actor.standing >= Standing.VERIFIED:
    if not get_studio().account.profile(actor).has_password:
        say("Your address is confirmed. Set a password for the next time")
        st.switch_page("settings/account.py")
    go_on()
with welcome("Confirm your e-mail", "If the address can be used here, a mail with six digits is on its way to it."):
    code_form(actor.email if actor else st.session_state.get(AWAITED, ""), known=actor is not None)
    without_mail()
    if not actor and st.button("Back to sign in", type="tertiary"):
        go_on()
