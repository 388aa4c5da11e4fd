"""The dock: a quick question from any page, answered in a thread that the assistant shows too."""

import streamlit as st

from engine.accounts.actor import Actor
from engine.conversations.assistant import Picks
from engine.errors import NotFound, StudioError
from pages.ui import formats
from pages.ui.ai_disabled_banner import silence
from pages.ui.context import current_actor, get_studio
from pages.ui.errors import notice
from pages.ui.pickers import persona_name
from pages.ui.talk import talk

SURFACE = "dock"
THREAD, UNSENT = "dock/thread", "dock/unsent"
ASSISTANT = "studio/assistant.py"
TALK_PX = 190


def dock(actor: Actor) -> None:
    """Draw it; hidden from whom the place is not for, and while nobody can answer."""
    studio = get_studio()
    if silence(studio.controls.notice(actor)):
        return
    try:
        route = studio.assistant.route(actor, Picks(surface=SURFACE))
    except StudioError:
        return
    with st.popover("Ask", icon=":material/chat_bubble:", type="tertiary"):
        st.caption(f"{formats.plain(persona_name())} · {formats.plain(route.model)}")
        writing = _talk()
        if problem := st.session_state.pop(UNSENT, None):
            notice(problem)
        with st.form("dock", clear_on_submit=True, border=False):
            st.text_input("Question", placeholder="A quick question", key="dock/question", label_visibility="collapsed")
            st.form_submit_button("Ask", width="stretch", on_click=_send, disabled=writing)
        if THREAD in st.session_state and st.button("Open in the assistant", type="tertiary"):
            st.switch_page(ASSISTANT, query_params={"thread": str(st.session_state[THREAD])})


def _talk() -> bool:
    if THREAD not in st.session_state:
        return False
    try:
        return talk(st.session_state[THREAD], height=TALK_PX, place="dock", small=True)
    except NotFound:
        del st.session_state[THREAD]
        return False


def _send() -> None:
    text = st.session_state.get("dock/question", "")
    picks = Picks(surface=SURFACE)
    try:
        sent = get_studio().assistant.send(current_actor(), text, picks, thread_id=st.session_state.get(THREAD))
        st.session_state[THREAD] = sent.thread_id
    except StudioError as problem:
        st.session_state[UNSENT] = problem
