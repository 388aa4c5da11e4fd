"""The dock: a quick question from any page, answered in a thread that the assistant shows too.

It knows the page: what that is about is told with the question, unless the asker takes it off. Pages that know it
better than their title say so with `dock_about`.
"""

from collections.abc import Callable

import streamlit as st

from engine.accounts.actor import Actor
from engine.conversations.assistant import LONGEST_ABOUT, Picks
from engine.errors import NotFound, StudioError
from pages.ui import formats
from pages.ui.ai_disabled_banner import silence, unless_stopped
from pages.ui.context import current_actor, get_studio
from pages.ui.errors import notice
from pages.ui.pickers import persona_name
from pages.ui.talk import talk

SURFACE = "dock"
THREAD, UNSENT, ABOUT, TELL = (f"dock/{name}" for name in ("thread", "unsent", "about", "tell"))
ASSISTANT = "studio/assistant.py"
TALK_PX = 190


def dock_about(page: str, *words: str) -> None:
    """Say what the page is about: what it is, and the asker's own name for what is on it. Never anybody else's text."""
    st.session_state[ABOUT] = formats.start(" · ".join(word for word in (page, *words) if word.strip()), LONGEST_ABOUT)


def dock(actor: Actor) -> Callable[[], None]:
    """Draw it; hidden from whom the place is not for, and while nobody can answer.

    Returns what says which page it knows, to be called when the page is drawn.
    """
    studio = get_studio()
    if silence(studio.controls.notice(actor)):
        return _nothing
    try:
        route = studio.assistant.route(actor, Picks(surface=SURFACE))
    except StudioError:
        return _nothing
    with st.popover("Ask", icon=":material/chat_bubble:", type="tertiary"):
        st.caption(f"{formats.plain(persona_name())} · {formats.plain(route.model)}")
        try:
            unless_stopped(actor, route, SURFACE)
            stopped = None
        except StudioError as problem:
            stopped = problem
        writing = _talk()
        if problem := stopped or st.session_state.pop(UNSENT, None):
            notice(problem)
        page = st.empty()
        with st.form("dock", clear_on_submit=True, border=False):
            st.text_input("Question", placeholder="A quick question", key="dock/question", label_visibility="collapsed")
            st.form_submit_button("Ask", width="stretch", on_click=_send, disabled=writing or stopped is not None)
        if THREAD in st.session_state and st.button("Open in the assistant", type="tertiary"):
            st.switch_page(ASSISTANT, query_params={"thread": str(st.session_state[THREAD])})

    def about() -> None:
        if said := st.session_state.get(ABOUT):
            page.checkbox(f"About: {formats.plain(said)}", value=True, key=TELL, help="Told with your question.")

    return about


def _nothing() -> None:
    """What is said of a page while there is no dock."""


def _talk() -> bool:
    if THREAD not in st.session_state:
        return False
    try:
        return talk(st.session_state[THREAD], height=TALK_PX, place="dock", small=True)
    except NotFound:
        del st.session_state[THREAD]
        return False


def _send() -> None:
    state = st.session_state
    picks = Picks(surface=SURFACE, about=state.get(ABOUT, "") if state.get(TELL) else "")
    try:
        sent = get_studio().assistant.send(
            current_actor(), state.get("dock/question", ""), picks, thread_id=state.get(THREAD)
        )
        state[THREAD] = sent.thread_id
    except StudioError as problem:
        state[UNSENT] = problem
