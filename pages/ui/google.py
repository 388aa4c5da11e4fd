"""Google at the door. What Streamlit's own login brings back is a proof of who somebody is, taken once and dropped.

Streamlit keeps that proof in a signed cookie for thirty days and knows no way to take it back, so it is worth nothing
here but in the minutes after the provider gave it: from then on our own session counts.
"""

import time

import streamlit as st

from engine.errors import StudioError
from pages.ui.context import enter, get_studio, visitor
from pages.ui.errors import notice

FRESH_S = 600
NEEDED = ("redirect_uri", "cookie_secret", "client_id", "client_secret", "server_metadata_url")


def configured() -> bool:
    """Whether the operator has set up `[auth]` in `.streamlit/secrets.toml`."""
    return st.secrets.load_if_toml_exists() and all(st.secrets.get("auth", {}).get(name) for name in NEEDED)


def come_back() -> None:
    """Take the proof of whoever returns from the provider, once, and go on as them.

    To be called before anything is drawn: a frame for visitors that is at once replaced by the one for members would
    leave their sidebar closed.
    """
    if not configured() or st.session_state.get("proof_taken") or not getattr(st.user, "is_logged_in", False):
        return
    st.session_state.proof_taken = True
    proof = st.user.to_dict()
    if time.time() - float(proof.get("iat") or 0) > FRESH_S:
        return
    try:
        ticket = get_studio().access.sign_in_with(
            str(proof.get("iss", "")),
            str(proof.get("sub", "")),
            email=str(proof.get("email", "")),
            email_verified=proof.get("email_verified") is True,
            name=str(proof.get("name", "")),
            visitor=visitor(),
        )
    except StudioError as problem:
        st.session_state.proof_refused = problem
        st.session_state.session_end = True  # the browser drops the proof; the form says why
        st.rerun()
    enter(ticket)


def offer() -> None:
    """The button, where the operator has set Google up, and why a proof was not taken."""
    if refused := st.session_state.pop("proof_refused", None):
        notice(refused)
    if configured() and st.button("Continue with Google", icon=":material/account_circle:", width="stretch"):
        st.login()
