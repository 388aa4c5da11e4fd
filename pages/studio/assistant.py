"""The assistant: one talk with any persona, in any mode, on any model, message by message."""

from uuid import UUID

import streamlit as st

from engine.conversations.threads import Thread
from engine.errors import NotFound, StudioError
from pages.ui import formats
from pages.ui.ai_disabled_banner import silence, unless_stopped
from pages.ui.context import MEMBERS, current_actor, get_studio, require
from pages.ui.errors import notice
from pages.ui.layout import left_today, portrait, slot, title_row
from pages.ui.limit_notice import refused
from pages.ui.pickers import persona_name, picked, pickers, use_built_in
from pages.ui.talk import stop_button, talk
from pages.ui.thread_rail import open_thread, thread_menu, thread_rail

TALK_PX = 525
UNSENT = "assistant/unsent"
STARTERS = ("Help me plan my week", "Explain a hard idea simply", "Give me three ideas for a talk")

actor = require(*MEMBERS)
studio = get_studio()


def opened() -> Thread | None:
    """The thread that the address names; a new one when it is not there."""
    try:
        return studio.threads.get(actor, UUID(st.query_params["thread"]))
    except (KeyError, ValueError, NotFound):
        return None


def send(text: str, thread_id: UUID | None) -> None:
    """Put the question into the thread. For callbacks: a page may begin anew before its end, and would forget it."""
    try:
        sent = studio.assistant.send(current_actor(), text, picked(), thread_id=thread_id)
    except StudioError as problem:
        st.session_state[UNSENT] = (text, problem)
    else:
        open_thread(sent.thread_id)


def send_starter() -> None:
    """Ask one of the questions to begin with."""
    send(st.session_state.pop("assistant/starter"), None)


def send_typed(thread_id: UUID | None) -> None:
    """Ask what was typed."""
    send(st.session_state["assistant/question"], thread_id)


def nothing_yet() -> None:
    """What stands where nobody has asked anything."""
    with st.container(border=True, height=TALK_PX, horizontal_alignment="center", vertical_alignment="center"):
        portrait("", "maestro", width=64)
        st.markdown("#### What shall we work on?", text_alignment="center")
        st.caption(
            f"{formats.plain(persona_name())} answers unless you pick someone else. Mode, persona and model can change "
            "with every message.",
            width="content",
            text_alignment="center",
        )
        st.pills(
            "Begin with",
            STARTERS,
            key="assistant/starter",
            label_visibility="collapsed",
            disabled=bool(off),
            on_change=send_starter,
        )


thread = opened()
off = silence(studio.controls.notice(actor))
always = "Any persona, any mode, any model, with every message"
caption = f"Last message: {formats.ago(thread.updated_at)}" if thread else always
with title_row(formats.start(thread.title, 42) if thread else "Assistant", caption):
    st.button("New thread", icon=":material/add:", shortcut="Ctrl+Shift+O", on_click=open_thread, args=(None,))
    if thread:
        thread_menu(thread)

left, right = st.columns([3.1, 1], gap="medium")
with left:
    writing = talk(thread.id, height=TALK_PX, place="assistant") if thread else nothing_yet()
with right:
    thread_rail(thread.id if thread else None)
with left:
    try:
        unless_stopped(actor, studio.assistant.route(actor, picked()), picked().surface)
        cost = studio.assistant.estimate(actor, picked(), thread_id=thread.id if thread else None)
        blocked = False
    except StudioError as problem:
        blocked, cost = not off, None
        if blocked:
            refused(problem, place="assistant/blocked", built_in=use_built_in)
with st.bottom:
    with st.container(horizontal=True, horizontal_alignment="distribute", vertical_alignment="center"):
        pickers()
        if writing:
            stop_button(writing, "assistant")
        else:
            said = [f"about {formats.money(cost)}" if cost else "", left_today(studio.usage.allowance(actor))]
            st.caption(" · ".join(filter(None, said)), width="content")
    with slot():
        if unsent := st.session_state.pop(UNSENT, None):
            text, problem = unsent
            notice(problem)
            st.caption(f"Not sent, and kept here: {formats.plain(formats.start(text, 200))}")
    st.chat_input(
        off or f"Ask {persona_name()}",
        disabled=bool(off or writing or blocked),
        key="assistant/question",
        on_submit=send_typed,
        args=(thread.id if thread else None,),
    )
