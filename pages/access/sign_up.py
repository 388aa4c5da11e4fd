"""Create an account. The answer is the same whether or not the address is known here."""

import streamlit as st

from engine.errors import StudioError
from pages.ui.confirm import AWAITED
from pages.ui.context import MEMBERS, VISITORS, get_studio, require, visitor
from pages.ui.errors import notice
from pages.ui.navigation import go_on
from pages.ui.welcome import new_password, welcome

actor = require(*VISITORS, *MEMBERS)
if actor:
    go_on()
joining = get_studio().joining
if not joining.open_to_all():
    with welcome("By invitation", "Administrators add people to this studio. Ask one of them for an account."):
        if st.button("Back to sign in", icon=":material/arrow_back:"):
            go_on()
    st.stop()
with welcome("Create an account", "A name, an address, and a password that you use nowhere else."):
    with st.form("sign-up", border=False):
        name = st.text_input("Your name", autocomplete="name", placeholder="Noor Haddad")
        email = st.text_input("E-mail", type="email", autocomplete="email", placeholder="you@example.com")
        password = new_password("Password")
        asked = st.form_submit_button("Create account", type="primary", width="stretch")
    if asked:
        try:
            joining.sign_up(email=email, name=name, password=password, visitor=visitor())
        except StudioError as problem:
            notice(problem)
        else:
            st.session_state[AWAITED] = email.strip()
            st.switch_page("access/verify.py")
    if st.button("I have an account", type="tertiary"):
        go_on()
