"""Who is asking, and the studio that answers. Every page, fragment and dialog begins with `require`."""

import json
from functools import cache
from uuid import UUID

import streamlit as st

from engine.accounts.actor import Actor, Role
from engine.accounts.sessions import COOKIE, Ticket, Visitor
from engine.studio import Studio
from pages.ui.addresses import address_of

VISITORS = (None,)
MEMBERS = (Role.USER, Role.LEAD, Role.ADMIN)
LEADS = (Role.LEAD, Role.ADMIN)
ADMINS = (Role.ADMIN,)
# What a tab remembers from one person to the next: where one wanted to go, and that a proof was used.
_KEPT = ("wanted", "proof_taken", "address")

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
    return get_studio().access.actor(session_id())


def visitor() -> Visitor:
    """Where the request comes from: the network address, and what the browser calls itself."""
    peer, headers = st.context.ip_address, st.context.headers
    forwarded = ", ".join(headers.get_all("X-Forwarded-For"))
    trusted = get_studio().settings.trusted_networks
    return Visitor(
        address=address_of(peer if isinstance(peer, str) else None, forwarded, trusted),
        agent=headers.get("User-Agent") or "",
    )


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
    """Go on as the person of the ticket; the browser fetches its cookie on the way.

    The session that this tab had before ends, and what somebody else typed here is forgotten.
    """
    access, old = get_studio().access, session_id()
    before, now = current_actor(), access.actor(ticket.session_id)
    if before is None or now is None or before.person_id != now.person_id:
        _forget()
    if old is not None:
        access.sign_out(old)
    st.session_state.session_id = ticket.session_id
    st.session_state.session_code = ticket.code
    st.rerun()


def leave() -> None:
    """Sign out here and in every tab of this browser, and forget what was typed."""
    ended = session_id()
    _forget()
    st.session_state.pop("wanted", None)
    st.session_state.session_id = None
    st.session_state.session_end = True
    if ended is not None:
        get_studio().access.sign_out(ended)


def cookie_errand() -> None:
    """Have the browser fetch or drop its cookie, which no script can read.

    Draws something invisible on every run: what comes and goes would move all that stands below it. The same errand
    stands there until the cookie was fetched: a run that follows at once would take it away before the browser saw it.
    """
    code = st.session_state.get("session_code")
    if code and get_studio().access.awaits_cookie(session_id()):
        call = {"method": "POST", "body": code}
    elif st.session_state.pop("session_end", None):
        call = {"method": "DELETE"}
    else:
        call = None
    errand = f"fetch(new URL('session', document.baseURI), {json.dumps(call)})" if call else ""
    st.html(f"<script>{errand}</script>", unsafe_allow_javascript=True)


def session_id() -> UUID | None:
    """The session of this tab. The cookie is a snapshot of the socket's opening, so it is read only once."""
    if "session_id" not in st.session_state:
        token = st.context.cookies.get(COOKIE)
        found = get_studio().access.session_of(token) if isinstance(token, str) else None
        st.session_state.session_id = found
    return st.session_state.session_id


def _forget() -> None:
    """Drop all that the tab holds but what _KEPT names."""
    kept = {name: st.session_state[name] for name in _KEPT if name in st.session_state}
    st.session_state.clear()
    for name, value in kept.items():
        st.session_state[name] = value
