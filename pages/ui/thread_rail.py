"""The list of threads: found by words, by day, with renaming, carrying away and deleting with a way back."""

from datetime import date
from functools import partial
from itertools import groupby
from typing import Literal
from uuid import UUID

import streamlit as st

from engine.conversations.threads import Thread
from engine.errors import StudioError
from pages.ui import formats
from pages.ui.context import MEMBERS, current_actor, get_studio, require, session_id
from pages.ui.errors import notice
from pages.ui.layout import say

SHOWN = 30
THEATRE = "studio/theatre.py"
DELETED = "threads/deleted"


def thread_rail(open_id: UUID | None) -> None:
    """Draw the search and the threads; a click opens one."""
    search = st.text_input(
        "Find a thread", placeholder="Find a thread", icon=":material/search:", live="300ms", key="threads/find",
        label_visibility="collapsed",
    )  # fmt: skip
    for thread_id, title in st.session_state.get(DELETED, {}).items():
        with st.container(horizontal=True, vertical_alignment="center", gap="xsmall"):
            st.caption(f"“{formats.plain(formats.start(title, 24))}” is deleted", width="content")
            st.button("Undo", key=f"threads/undo/{thread_id}", type="tertiary", on_click=_restore, args=(thread_id,))
    most = st.session_state.get("threads/most", SHOWN)
    found = get_studio().threads.page(current_actor(), search, most=most)
    if not found.total:
        st.caption("Nothing was said about that." if search else "Threads appear here once you ask something.")
    today = formats.now().date()
    with st.container(gap="xsmall"):
        for day, threads in groupby(found.threads, key=lambda thread: _day(thread, today)):
            st.caption(day)
            for thread in threads:
                title = formats.plain(formats.start(thread.title, 30))
                label = f":violet[**{title}**]" if thread.id == open_id else title
                st.button(label, key=f"threads/{thread.id}", type="tertiary", on_click=open_thread, args=(thread.id,))
    if found.total > most:
        st.button("Show more", key="threads/more", type="tertiary", on_click=_more, args=(most,))


def open_thread(thread_id: UUID | None) -> None:
    """Go to a thread, or to a new one."""
    if thread_id is None:
        st.query_params.pop("thread", None)
    else:
        st.query_params["thread"] = str(thread_id)


def thread_menu(thread: Thread) -> None:
    """What can be done with the open thread: it may go on as a scene, with those who have answered as its cast."""
    if st.button("On stage", icon=":material/theater_comedy:", help="Go on as a scene, and come back when you like"):
        scene_id = get_studio().scene_threads.to_scene(current_actor(), thread.id)
        st.switch_page(THEATRE, query_params={"scene": str(scene_id)})
    with st.popover("", icon=":material/more_horiz:"):
        if st.button("Rename", icon=":material/edit:", type="tertiary"):
            rename(thread)
        for form, word, ending in (("markdown", "Markdown", "md"), ("json", "JSON", "json")):
            st.download_button(
                f"Export {word}",
                partial(_export, session_id(), thread.id, form),
                f"{formats.start(thread.title, 40)}.{ending}",
                icon=":material/download:",
                type="tertiary",
                key=f"threads/export/{form}",
                on_click="ignore",
            )
        st.button(":red[Delete]", icon=":material/delete:", type="tertiary", on_click=_delete, args=(thread,))


@st.dialog("Rename this thread")
def rename(thread: Thread) -> None:
    """Ask for another title."""
    require(*MEMBERS)
    with st.form("rename", border=False):
        title = st.text_input("Title", thread.title)
        asked = st.form_submit_button("Rename", type="primary")
    if asked:
        try:
            get_studio().threads.rename(current_actor(), thread.id, title)
        except StudioError as problem:
            notice(problem)
        else:
            say("The thread has its new title")
            st.rerun()


def _export(session: UUID, thread_id: UUID, form: Literal["markdown", "json"]) -> str:
    """Made when it is asked for; the session is looked up afresh, because this runs outside the page."""
    actor = get_studio().access.actor(session)
    return get_studio().threads.export(actor, thread_id, form)


def _delete(thread: Thread) -> None:
    get_studio().threads.delete(current_actor(), thread.id)
    st.session_state.setdefault(DELETED, {})[thread.id] = thread.title
    open_thread(None)


def _restore(thread_id: UUID) -> None:
    get_studio().threads.restore(current_actor(), thread_id)
    st.session_state[DELETED].pop(thread_id, None)
    open_thread(thread_id)


def _more(most: int) -> None:
    st.session_state["threads/most"] = most + SHOWN


def _day(thread: Thread, today: date) -> str:
    days = (today - thread.updated_at.astimezone(formats.zone()).date()).days
    if days < 1:
        return "Today"
    return "Yesterday" if days == 1 else "This week" if days < 7 else "Earlier"
