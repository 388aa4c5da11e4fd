"""Account: what is left, who one is here, where one is signed in, and how the account is kept safe."""

import streamlit as st

from engine.accounts.account import SessionLine
from engine.errors import StudioError
from pages.ui import formats, security
from pages.ui.context import MEMBERS, current_actor, get_studio, require, session_id
from pages.ui.errors import notice
from pages.ui.layout import card, card_head, list_row, meters, say, title_row
from pages.ui.my_month import my_month
from pages.ui.navigation import ROLES
from pages.ui.own_limits import own_limits, plan_line

actor = require(*MEMBERS)
studio = get_studio()
me = studio.account.profile(actor)


def allowance() -> None:
    """What is left of each limit, and when it comes back."""
    with card("Allowance", plan_line(actor) if me.verified else "Free tries, until your e-mail is confirmed"):
        meters(studio.usage.allowance(actor))
        st.caption("Calls on your own keys are never limited. The small built-in model costs nothing.")
        own_limits(actor)


def profile() -> None:
    """Name and handle, which others see; the address is fixed."""
    with card("Profile"), st.form("profile", border=False):
        st.text_input("E-mail", me.email, disabled=True)
        name = st.text_input("Name", me.name, autocomplete="name", max_chars=80)
        handle = st.text_input("Handle", me.handle, help="How others refer to you and to what you share.")
        st.text_input(
            "Department", me.department or "None", disabled=True, help="Administrators say who is in which department."
        )
        if st.form_submit_button("Save", type="primary"):
            try:
                if handle != me.handle:
                    studio.account.change_handle(current_actor(), handle)
                if name != me.name:
                    studio.account.rename(current_actor(), name)
            except StudioError as problem:
                notice(problem)
            else:
                say("Your profile is saved")
                st.rerun()


def end_others() -> None:
    """Sign out everywhere but here."""
    studio.account.end_others(current_actor(), session_id())
    say("You are signed out everywhere else")


def signed_in() -> None:
    """The browsers that are signed in, this one first."""
    here = session_id()
    lines = sorted(studio.account.sessions(actor), key=lambda line: line.id != here)
    with st.container(border=True):
        with card_head("Signed in on", "Sign out what you do not know"):
            if len(lines) > 1:
                st.button("Sign out everywhere else", icon=":material/logout:", on_click=end_others)
        for line in lines:
            with list_row(_icon(line), f"**{formats.plain(line.device)}**", _where(line)):
                if line.id == here:
                    st.badge("This one", color="green")
                else:
                    st.button(
                        "Sign out",
                        key=f"end/{line.id}",
                        type="tertiary",
                        on_click=lambda line=line: studio.account.end_session(current_actor(), line.id),
                    )


def _icon(line: SessionLine) -> str:
    phone = any(word in line.device for word in ("iOS", "iPhone", "Android"))
    return ":material/smartphone:" if phone else ":material/computer:"


def _where(line: SessionLine) -> str:
    place = "this machine" if line.address == "local" else formats.plain(line.address)
    return f"{place} · active {formats.ago(line.seen_at)} · signed in {formats.ago(line.opened_at)}"


standing = "verified" if me.verified else "not verified"
with title_row("Account", f"{formats.plain(me.name)} · {standing} · {ROLES[me.role][0].lower()}"):
    pass
left, right = st.columns([1, 1.25])
with left:
    allowance()
    profile()
with right:
    my_month(actor)
    signed_in()
    security.card_of(me)
