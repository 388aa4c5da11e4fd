"""Which pages there are and who may see them. A new page is one file and one row here."""

from collections.abc import Callable
from typing import NoReturn

import streamlit as st
from streamlit.delta_generator import DeltaGenerator
from streamlit.navigation.page import StreamlitPage

from engine.accounts.actor import Actor, Role
from engine.errors import StudioError
from pages.ui import formats
from pages.ui.context import ADMINS, LEADS, MEMBERS, VISITORS, current_actor, get_studio, leave, refuse
from pages.ui.dock import arrived, dock
from pages.ui.layout import foremost, meter
from pages.ui.persona_undo import DELETED

SIGN_IN = "access/sign_in.py"
SETUP = "access/setup.py"
ANYBODY = (*VISITORS, *MEMBERS)

# path below pages/, title, icon, group in the sidebar (None: not listed there), roles
PAGES = (
    ("studio/home.py", "Home", ":material/home:", "", MEMBERS),
    ("studio/assistant.py", "Assistant", ":material/forum:", "", MEMBERS),
    ("studio/personas.py", "Personas", ":material/person_edit:", "Create", MEMBERS),
    ("studio/persona_builder.py", "Persona builder", ":material/edit_note:", None, MEMBERS),
    ("studio/compare.py", "Compare models", ":material/compare_arrows:", None, MEMBERS),
    ("studio/rehearsal.py", "Rehearsal", ":material/fact_check:", None, MEMBERS),
    ("studio/theatre.py", "Theatre", ":material/theater_comedy:", "Create", MEMBERS),
    ("studio/versions.py", "Version history", ":material/history:", None, MEMBERS),
    ("settings/keys.py", "Keys", ":material/key:", "Settings", MEMBERS),
    ("settings/models.py", "Models", ":material/tune:", "Settings", MEMBERS),
    ("settings/account.py", "Account", ":material/account_circle:", "Settings", MEMBERS),
    ("admin/built_in_personas.py", "Built-ins", ":material/face:", "Admin", ADMINS),
    ("admin/usage.py", "Usage and cost", ":material/monitoring:", "Admin", ADMINS),
    ("admin/routing.py", "Routing", ":material/alt_route:", "Admin", ADMINS),
    ("admin/people.py", "People", ":material/group:", "Admin", ADMINS),
    ("admin/departments.py", "Departments", ":material/groups:", "Admin", LEADS),
    ("admin/controls.py", "Controls", ":material/stop_circle:", "Admin", ADMINS),
    ("admin/audit.py", "Audit", ":material/receipt_long:", "Admin", ADMINS),
    ("access/sign_up.py", "Create an account", ":material/person_add:", None, ANYBODY),
    ("access/verify.py", "Confirm your e-mail", ":material/mark_email_read:", None, ANYBODY),
    ("access/reset.py", "Reset your password", ":material/lock_reset:", None, ANYBODY),
)

ROLES = {
    Role.USER: ("Member", "gray"),
    Role.LEAD: ("Team lead", "blue"),
    Role.ADMIN: ("Admin", "violet"),
}


def url_of(path: str) -> str:
    """The address of a page, such as `persona-builder`."""
    return path.rsplit("/", 1)[1].removesuffix(".py").replace("_", "-")


def pages_for(role: Role | None) -> dict[str, list]:
    """Every page for everybody, by group of the sidebar.

    What runs behind an address is the page, the sign-in form or a refusal, so that a deep link goes on to
    the page it asked for after sign-in, and nobody learns which pages there are.
    """
    groups: dict[str, list] = {}
    for path, title, icon, group, roles in PAGES:
        page = _page(path, title, icon, role, roles, hidden=group is None)
        groups.setdefault(group or "", []).append(page)
    over = role is None and not get_studio().access.setup_open()
    script = SIGN_IN if over else SETUP
    groups[""].append(st.Page(script, title="Set up", url_path="setup", visibility="hidden"))
    return groups


def turn_to(path: str) -> NoReturn:
    """Go to a page that stands beside the sign-in form, and remember which address was asked for first."""
    st.session_state.setdefault("wanted", (st.session_state.address, st.query_params.to_dict()))
    st.switch_page(path)


def go_on() -> NoReturn:
    """Go to the address that was asked for before one turned aside; to home when there was none."""
    address, query = st.session_state.pop("wanted", ("", {}))
    actor = current_actor()
    pages = [page for group in pages_for(actor.role if actor else None).values() for page in group]
    st.switch_page(next(page for page in pages if page.url_path == address), query_params=query)


def arrive(page: StreamlitPage) -> None:
    """Forget what was offered only as long as one stayed on the page before; the dock is about this one."""
    if st.session_state.get("address") != page.url_path:
        st.session_state.address = page.url_path
        st.session_state.pop(DELETED, None)
        arrived(page.title)


def person_card(actor: Actor) -> Callable[[], None]:
    """Name, role, what is left of the allowance, the dock, and the way out.

    Returns what draws the rest when the page is drawn: a call that the page began is let in meanwhile, and the page has
    said what it is about.
    """
    word, colour = ROLES[actor.role]
    with st.container(border=True, gap="xsmall"):
        with st.container(horizontal=True, horizontal_alignment="distribute", vertical_alignment="center"):
            st.markdown(f"**{formats.plain(actor.name)}**", width="content")
            st.badge(word, color=colour)
        left = st.empty()
        allowance(actor, left)
        with st.container(horizontal=True, gap="xsmall"):
            about = dock(actor)
            st.button("Sign out", icon=":material/logout:", type="tertiary", on_click=leave)

    def rest() -> None:
        allowance(actor, left)
        about()

    return rest


def allowance(actor: Actor, slot: DeltaGenerator) -> None:
    """What is left."""
    with slot.container(gap="xsmall"):
        try:
            for each in foremost(get_studio().usage.allowance(actor)):
                meter(each)
        except StudioError as problem:
            st.caption(formats.plain(problem.message))


def _page(path: str, title: str, icon: str, role: Role | None, roles: tuple, *, hidden: bool):
    address = {"url_path": url_of(path), "default": url_of(path) == "home"}
    if role in roles:
        return st.Page(path, title=title, icon=icon, visibility="hidden" if hidden else "visible", **address)
    if role is None:
        return st.Page(SIGN_IN, title="Sign in", visibility="hidden", **address)
    return st.Page(refuse, title=title, visibility="hidden", **address)
