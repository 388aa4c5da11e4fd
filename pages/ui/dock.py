"""The dock: a quick question from any page, answered in a thread that the assistant shows too.

It knows the page: what that is about is told with the question, unless the asker takes it off. Pages that know it
better than their title say so with `dock_about`.
"""

from collections.abc import Callable

import streamlit as st

from engine.accounts.actor import Actor
from engine.conversations.assistant import Picks
from engine.conversations.prompting import LONGEST_ABOUT
from engine.conversations.threads import Message
from engine.errors import NotFound, StudioError
from pages.ui import formats
from pages.ui.ai_disabled_banner import silence, unless_stopped
from pages.ui.context import current_actor, get_studio
from pages.ui.errors import notice
from pages.ui.layout import slot
from pages.ui.talk import stop_button, talk

SURFACE = "dock"
THREAD, UNSENT, ABOUT, TELL, WHO, MODEL, NAMES = (
    f"dock/{name}" for name in ("thread", "unsent", "about", "tell", "who", "model", "names")
)
ASSISTANT = "studio/assistant.py"
TALK_PX = 190
MOST = 8


def dock_about(page: str, *words: str) -> None:
    """Say what the page is about: what it is, and the asker's own name for what is on it. Never anybody else's text."""
    st.session_state[ABOUT] = formats.start(" · ".join(word for word in (page, *words) if word.strip()), LONGEST_ABOUT)


def arrived(page: str) -> None:
    """Begin anew on another page: what it is about, and whom one may ask."""
    st.session_state.pop(NAMES, None)
    dock_about(page)


def dock(actor: Actor) -> Callable[[], None]:
    """Draw it; hidden from whom it is not for, and while nobody can answer.

    Returns what says which page it knows, to be called when the page is drawn. All of it is drawn with every page: a
    popover that is filled when it opens does not turn upwards, and stands below the edge of the window.
    """
    studio = get_studio()
    place = studio.routing.surfaces(actor)[SURFACE]
    if not place.enabled or actor.standing < place.standing or silence(studio.controls.notice(actor)):
        return _nothing
    with st.popover("Ask", icon=":material/chat_bubble:", type="tertiary"):
        return _inside(actor)


def _inside(actor: Actor) -> Callable[[], None]:
    """Who and which model, the talk, what it is about, the question."""
    _who_and_model(actor)
    stopped = _stopped(actor)
    writing = _talk()
    with slot():
        if writing:
            stop_button(writing, "dock")
    if problem := stopped or st.session_state.pop(UNSENT, None):
        notice(problem)
    page = st.empty()
    with st.form("dock", clear_on_submit=True, border=False):
        st.text_input("Question", placeholder="A quick question", key="dock/question", label_visibility="collapsed")
        st.form_submit_button(
            "Ask", width="stretch", on_click=_send, disabled=writing is not None or stopped is not None
        )
    if THREAD in st.session_state and st.button("Open in the assistant", type="tertiary"):
        st.switch_page(ASSISTANT, query_params={"thread": str(st.session_state[THREAD])})

    def about() -> None:
        if said := st.session_state.get(ABOUT):
            page.checkbox(f"About: {formats.plain(said)}", value=True, key=TELL, help="Told with your question.")

    return about


def _who_and_model(actor: Actor) -> None:
    """Two fields that show who answers the next question."""
    studio, look = get_studio(), {"label_visibility": "collapsed"}
    if NAMES not in st.session_state:
        st.session_state[NAMES] = _names(actor)
    names = st.session_state[NAMES]
    models = {choice.value: choice.label for choice in studio.models.choices(actor)}
    left, right = st.columns(2, gap="xsmall")
    left.selectbox("Who answers", list(names), format_func=names.__getitem__, key=WHO, **look)
    right.selectbox("Model", list(models), format_func=models.__getitem__, key=MODEL, **look)


def _names(actor: Actor) -> dict[str, str]:
    """Whom one may ask here, by key: the one who usually answers, then the first of each group."""
    studio = get_studio()
    found, usual = studio.personas.catalogue(actor, most=MOST), studio.assistant.default_persona(actor)
    first = studio.personas.names(actor, [usual])
    return first | {card.key: card.name for cards in (found.own, found.team, found.builtin) for card in cards}


def _picks(about: str = "") -> Picks:
    state = st.session_state
    return Picks(state.get(WHO) or "", surface=SURFACE, model=state.get(MODEL) or "", about=about)


def _stopped(actor: Actor) -> StudioError | None:
    """Why a question would be turned away as things are."""
    try:
        unless_stopped(actor, get_studio().assistant.route(actor, _picks()), SURFACE)
    except StudioError as problem:
        return problem
    return None


def _nothing() -> None:
    """What is said of a page while there is no dock."""


def _talk() -> Message | None:
    if THREAD not in st.session_state:
        return None
    try:
        return talk(st.session_state[THREAD], height=TALK_PX, place="dock", small=True)
    except NotFound:
        del st.session_state[THREAD]
        return None


def _send() -> None:
    state = st.session_state
    picks = _picks(state.get(ABOUT, "") if state.get(TELL) else "")
    try:
        sent = get_studio().assistant.send(
            current_actor(), state.get("dock/question", ""), picks, thread_id=state.get(THREAD)
        )
        state[THREAD] = sent.thread_id
    except StudioError as problem:
        state[UNSENT] = problem
