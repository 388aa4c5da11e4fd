"""Who is asking, and the studio that answers. Every page, fragment and dialog begins with `require`."""

import json
from functools import cache
from uuid import UUID

import streamlit as st

from engine.accounts.actor import Actor, Role
from engine.accounts.sessions import COOKIE, Ticket
from engine.studio import Studio

VISITORS = (None,)
MEMBERS = (Role.USER, Role.LEAD, Role.ADMIN)
ADMINS = (Role.ADMIN,)

_opened: list[Studio] = []


def use_studio(studio: Studio | None) -> None:
    """Set the studio of this server process; None when it closes."""
    _opened[:] = [studio] if studio else []


def get_studio() -> Studio:
    """The studio of this server process."""
    return _opened[0]


@cache
def warm_up() -> None:
    """Load in the background what a first answer needs; once, and after a first page is drawn, which it would slow."""
    get_studio().warm_up()


def current_actor() -> Actor | None:
    """The person behind this tab, looked up afresh; None for a visitor."""
    return get_studio().access.actor(_session_id())


def require(*roles: Role | None) -> Actor | None:
    """Let only these roles go on, and say who it is.

    Fragments, dialogs and callbacks run without the shell, so its gate does not cover them.
    """
    actor = current_actor()
    role = actor.role if actor else None
    if role not in roles:
        if role is None:
            st.rerun()  # the shell draws the sign-in form
        refuse()
        st.stop()
    return actor


def refuse() -> None:
    """What a page shows to those it is not for."""
    st.error("This page is for administrators.", icon=":material/lock:")


def enter(ticket: Ticket) -> None:
    """Go on as the person of the ticket; the browser fetches its cookie on the way."""
    st.session_state.session_id = ticket.session_id
    st.session_state.session_code = ticket.code
    st.rerun()


def leave() -> None:
    """Sign out here and in every tab of this browser, and forget what was typed."""
    session_id = _session_id()
    st.session_state.clear()
    st.session_state.session_id = None
    st.session_state.session_end = True
    if session_id is not None:
        get_studio().access.sign_out(session_id)


def cookie_errand() -> None:
    """Have the browser fetch or drop its cookie, which no script can read.

    Draws something invisible on every run: what comes and goes would move all that stands below it. The same errand
    stands there until the cookie was fetched: a run that follows at once would take it away before the browser saw it.
    """
    code = st.session_state.get("session_code")
    if code and get_studio().access.awaits_cookie(_session_id()):
        call = {"method": "POST", "body": code}
    elif st.session_state.pop("session_end", None):
        call = {"method": "DELETE"}
    else:
        call = None
    errand = f"fetch(new URL('session', document.baseURI), {json.dumps(call)})" if call else ""
    st.html(f"<script>{errand}</script>", unsafe_allow_javascript=True)


def _session_id() -> UUID | None:
    """The session of this tab. The cookie is a snapshot of the socket's opening, so it is read only once."""
    if "session_id" not in st.session_state:
        token = st.context.cookies.get(COOKIE)
        found = get_studio().access.session_of(token) if isinstance(token, str) else None
        st.session_state.session_id = found
    return st.session_state.session_id
