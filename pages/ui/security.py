"""What keeps an account safe, and what ends it: password, authenticator, one's data, the account itself."""

import json
from functools import partial
from io import BytesIO
from uuid import UUID

import segno
import streamlit as st

from engine.accounts.account import Profile
from engine.accounts.actor import Actor
from engine.accounts.second_factor import Enrolment
from engine.errors import StudioError
from pages.ui import formats
from pages.ui.context import MEMBERS, get_studio, leave, require, session_id
from pages.ui.errors import explained, notice
from pages.ui.layout import card, say
from pages.ui.welcome import new_password

BEGUN = "security/begun"
KEPT = "security/kept"


def card_of(me: Profile) -> None:
    """The ways to change how one gets in, to take one's data away, and to go."""
    with card("Security", _said(me)):
        cells = st.grid(2, min_column_width=170, gap="small")
        with cells.cell():
            label = "Change password" if me.has_password else "Set a password"
            if st.button(label, icon=":material/password:", width="stretch"):
                change_password(me)
        with cells.cell():
            label = "Remove authenticator" if me.second_factor else "Add authenticator"
            if st.button(label, icon=":material/phonelink_lock:", width="stretch"):
                (remove_authenticator if me.second_factor else add_authenticator)()
        with cells.cell():
            st.download_button(
                "Download my data",
                partial(my_data, session_id()),
                "my-persona-studio.json",
                "application/json",
                icon=":material/download:",
                on_click="ignore",
                width="stretch",
            )
        with cells.cell():
            if st.button(":red[Delete account]", icon=":material/delete:", width="stretch"):
                delete_account(me)


def my_data(session: UUID | None) -> bytes:
    """All that the studio holds about the person of a session, made at the moment when the button is pressed.

    Streamlit makes a file outside of the page's run, where only what is handed over says who asks.
    """
    found = get_studio().privacy.export(get_studio().access.actor(session))
    return json.dumps(found, ensure_ascii=False, indent=2, default=str).encode()


@st.dialog("Change your password")
def change_password(me: Profile) -> None:
    """Ask for the old password and the new one."""
    actor = require(*MEMBERS)
    st.markdown("You stay signed in here and are signed out everywhere else.")
    with st.form("password", border=False):
        old = ""
        if me.has_password:
            old = st.text_input("Present password", type="password", autocomplete="current-password")
        new = new_password("New password")
        asked = st.form_submit_button("Change it", type="primary")
    if asked:
        try:
            get_studio().account.change_password(actor, session_id(), old=old, new=new)
        except StudioError as problem:
            notice(problem)
        else:
            say("Your password is changed")
            st.rerun()


def _forget_begun() -> None:
    """Have the dialog begin with the password again."""
    st.session_state.pop(BEGUN, None)


def _kept() -> None:
    st.session_state[KEPT] = True


@st.dialog("Add an authenticator", on_dismiss=_forget_begun)
def add_authenticator() -> None:
    """Ask for the password, show the secret as a picture, take a first code, then show the recovery codes once.

    Neither the secret nor the codes are kept in the page: a rerun asks the engine, and the codes are gone.
    """
    actor = require(*MEMBERS)
    if st.session_state.pop(KEPT, False):
        say("Your authenticator is on")
        st.rerun()
    account, slot, codes = get_studio().account, st.empty(), list[str]()
    with slot.container(), explained():
        if not st.session_state.get(BEGUN):
            _begin(actor)
            return
        codes = _first_code(actor, account.pending_second_factor(actor))
    if codes:
        slot.empty()
        _forget_begun()
        _recovery(codes)


def _begin(actor: Actor) -> None:
    st.markdown("Sign-in then asks for a code from an app besides your password.")
    with st.form("begin authenticator", border=False):
        password = st.text_input("Password", type="password", autocomplete="current-password")
        asked = st.form_submit_button("Go on", type="primary")
    if asked:
        get_studio().account.begin_second_factor(actor, password)
        st.session_state[BEGUN] = True
        st.rerun(scope="fragment")


def _first_code(actor: Actor, enrolment: Enrolment) -> list[str]:
    """The recovery codes, once a first code was right."""
    st.markdown("Scan this with an authenticator app, then enter the six digits that it shows.")
    with st.container(horizontal_alignment="center"):
        st.image(_picture(enrolment.uri), width=220, alt="Code to scan with an authenticator app")
    st.caption("Without a camera, type this secret into the app:")
    st.code(enrolment.secret, language=None, wrap_lines=True)
    with st.form("authenticator", border=False):
        code = st.text_input("Code", autocomplete="one-time-code", placeholder="Six digits")
        asked = st.form_submit_button("Turn it on", type="primary")
    return get_studio().account.confirm_second_factor(actor, code) if asked else []


def _recovery(codes: list[str]) -> None:
    st.markdown("From now on sign-in asks for a code. **These recovery codes are shown only now.**")
    st.code("\n".join(codes), language=None)
    st.caption("Each works once in place of the app's code. Keep them where you would look without your phone.")
    st.button("I have kept them", type="primary", on_click=_kept)


def _picture(uri: str) -> str:
    """A QR code as SVG, dark on white in both themes, so that every camera reads it."""
    drawn = BytesIO()
    segno.make(uri, error="m").save(drawn, kind="svg", scale=6, border=3, light="#ffffff", xmldecl=False)
    return drawn.getvalue().decode()


@st.dialog("Remove the authenticator?")
def remove_authenticator() -> None:
    """Ask for the password before sign-in is made easier."""
    actor = require(*MEMBERS)
    st.markdown("Sign-in asks for your password alone then. The recovery codes end too.")
    with st.form("remove authenticator", border=False):
        password = st.text_input("Password", type="password", autocomplete="current-password")
        asked = st.form_submit_button(":red[Remove it]")
    if asked:
        try:
            get_studio().account.remove_second_factor(actor, password)
        except StudioError as problem:
            notice(problem)
        else:
            say("Your authenticator is removed")
            st.rerun()


@st.dialog("Delete your account?")
def delete_account(me: Profile) -> None:
    """Name what is lost, and ask for the password."""
    actor = require(*MEMBERS)
    st.markdown(
        "Your personas are deleted with all their versions, also those that you share, and so are your drafts, kept "
        "answers, keys and settings. **This cannot be undone.** What your calls cost stays in the books, without "
        "your name."
    )
    with st.form("delete account", border=False):
        password = ""
        if me.has_password:
            password = st.text_input("Password", type="password", autocomplete="current-password")
        asked = st.form_submit_button(":red[Delete my account]", icon=":material/delete:")
    if asked:
        try:
            get_studio().privacy.delete_account(actor, password)
        except StudioError as problem:
            notice(problem)
        else:
            leave()
            say("Your account is deleted")
            st.rerun()


def _said(me: Profile) -> str:
    ways = ["a password"] if me.has_password else []
    ways += [formats.plain(issuer.removeprefix("https://")) for issuer in me.identities]
    return f"You sign in with {' or '.join(ways) or 'nothing yet'}{', and a code' if me.second_factor else ''}"
