"""The one-time setup link: make the first administrator and go on signed in."""

import streamlit as st

from engine.errors import BadInput
from pages.ui.context import MEMBERS, VISITORS, enter, get_studio, require, visitor
from pages.ui.errors import notice
from pages.ui.welcome import new_password, welcome

actor = require(*VISITORS, *MEMBERS)
if actor:
    st.switch_page("studio/home.py")
with welcome("Set up your studio", "You become its first administrator. This link works once."):
    with st.form("setup", border=False):
        name = st.text_input("Your name", autocomplete="name", placeholder="Rosa Marlowe")
        email = st.text_input("E-mail", type="email", autocomplete="email", placeholder="you@example.com")
        password = new_password("Password")
        asked = st.form_submit_button("Create administrator", type="primary", width="stretch")
    if asked:
        try:
            token = st.query_params.get("token", "")
            access, whence = get_studio().access, visitor()
            enter(access.create_first_admin(token, email=email, name=name, password=password, visitor=whence))
        except BadInput as problem:
            notice(problem)
