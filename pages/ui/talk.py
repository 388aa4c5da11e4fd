"""A thread as it is read: questions, answers as they come, receipts, and what can be done with each."""

from functools import partial
from typing import Literal
from uuid import UUID

import streamlit as st

from engine.conversations.assistant import Picks
from engine.conversations.threads import Message
from engine.personas.faces import accent_of
from pages.ui import formats
from pages.ui.context import current_actor, get_studio
from pages.ui.entity_card import entity_card
from pages.ui.likeness import likeness
from pages.ui.pickers import persona_buttons
from pages.ui.safe_markdown import safe_markdown
from pages.ui.stream import polled
from pages.ui.why import why

ENDED = {
    "stopped": "Stopped by you",
    "cut": "The studio was restarted meanwhile",
}
SHOWN = 60


def talk(thread_id: UUID, *, height: int, place: str, small: bool = False) -> Message | None:
    """Draw the newest messages of a thread and follow the answer that is being written, which is returned."""
    writing = _written_now(_messages(thread_id))
    with st.container(height=height, border=False, autoscroll=True):
        polled(partial(_draw, thread_id, place, small), writing=writing is not None)
    return writing


def stop_button(message: Message, place: str) -> None:
    """End the answer that is being written. For a place of its own: under words that come it would move away."""
    st.button(
        "Stop",
        icon=":material/stop_circle:",
        type="tertiary",
        key=f"{place}/{message.id}/stop",
        on_click=_stop,
        args=(message.id,),
    )


def _messages(thread_id: UUID) -> list[Message]:
    return get_studio().threads.messages(current_actor(), thread_id, most=SHOWN)


def _written_now(messages: list[Message]) -> Message | None:
    return next((message for message in reversed(messages) if message.state == "writing"), None)


def _draw(thread_id: UUID, place: str, small: bool) -> bool:
    messages = _messages(thread_id)
    faces = _faces(messages)
    for message in messages:
        if message.role == "user":
            with st.chat_message("user", avatar=":material/person:"):
                st.markdown(safe_markdown(message.text))
                if message.about:
                    st.caption(f"About: {formats.plain(message.about)}")
        else:
            _answer(message, faces[message.persona_key], place, small)
    return _written_now(messages) is not None


def _faces(messages: list[Message]) -> dict[str, str]:
    """How those who answered look, by their keys; who is not there any more has the face of their key."""
    keys = {message.persona_key for message in messages}
    cards = get_studio().personas.cards(current_actor(), keys)
    return {key: likeness(_slug(key), cards[key].avatar if key in cards else "") for key in keys}


def _slug(persona_key: str) -> str:
    return persona_key.rpartition(":")[2].rpartition("/")[2]


def _answer(message: Message, look: str, place: str, small: bool) -> None:
    key = f"{place}/{message.id}"
    slug = _slug(message.persona_key)
    with st.chat_message("assistant", avatar=look):
        mode = "" if small else f" :gray-badge[{formats.plain(message.mode)}]"
        st.markdown(f":{accent_of(slug)}[**{formats.plain(message.persona_name)}**]{mode}")
        run = get_studio().assistant.run(current_actor(), message.id) if message.state == "writing" else None
        text = run.text if run is not None and len(run.text) > len(message.text) else message.text
        if text:
            st.markdown(safe_markdown(text))
        if message.entity and not small:
            entity_card(message.entity, key=f"{key}/entity")
        if message.error is not None and message.state != "stopped":
            _refused(message)
        if message.state == "writing":
            st.caption("Writing" if text else "Thinking")
        else:
            _receipt(message, key, small)


def _refused(message: Message) -> None:
    error = message.error or {}
    said = f"{formats.plain(error['message'])} {formats.plain(error['hint'])}".strip()
    st.error(said, icon=":material/error:")


def _receipt(message: Message, key: str, small: bool) -> None:
    kept = formats.counted(len(message.text.split()), "word", "words")
    said = [f"{ENDED[message.state]}. {kept} kept."] if message.state in ENDED else []
    if message.route is not None and message.usage is not None:
        said += [
            formats.plain(message.route["model"]),
            f"{message.usage.tokens_in:,} + {message.usage.tokens_out:,} tokens",
            formats.money(message.cost_usd),
        ]
        if message.first_token_ms is not None:
            said.append(f"{formats.seconds(message.first_token_ms)} to first word")
    with st.container(horizontal=True, vertical_alignment="center", gap="small"):
        if said:
            st.caption(" · ".join(said), width="content")
        if small:
            return
        if message.route is not None:
            with st.popover("Why this model?", icon=":material/alt_route:", type="tertiary"):
                why(message.route)
                _version(message)
        _again(message, key)
        if message.state == "done":
            rated = {1: 1, -1: 0}.get(message.rating or 0)
            if f"{key}/rated" not in st.session_state and rated is not None:
                st.session_state[f"{key}/rated"] = rated
            st.feedback("thumbs", key=f"{key}/rated", on_change=_rate, args=(message.id, f"{key}/rated"))


def _version(message: Message) -> None:
    """Which version answered; for one's own persona the way to it."""
    if not message.persona_version:
        return
    label = f"{formats.plain(message.persona_name)}, version {message.persona_version}"
    if message.persona_key.startswith("user:"):
        address = {"key": message.persona_key, "new": str(message.persona_version)}
        st.page_link("studio/versions.py", label=label, icon=":material/history:", query_params=address)
    else:
        st.caption(label)


def _again(message: Message, key: str) -> None:
    """Answer once more, as the same persona or as another one, who is looked for when this is opened."""
    asked = {"type": "tertiary", "help": "Answer again", "key": f"{key}/more", "on_change": "rerun"}
    with st.popover("", icon=":material/refresh:", **asked) as opened:
        st.button("Answer again", key=f"{key}/again", on_click=_answer_again, args=(message.id, None), width="stretch")
        if opened.open:
            st.caption("Or have somebody else answer")
            persona_buttons(f"{key}/as", partial(_answer_as, message))


def _answer_as(message: Message, persona: str) -> None:
    _answer_again(message.id, Picks(persona, message.mode, message.surface, message.model))


def _stop(message_id: UUID) -> None:
    get_studio().assistant.stop(current_actor(), message_id)


def _answer_again(message_id: UUID, picks: Picks | None) -> None:
    get_studio().assistant.again(current_actor(), message_id, picks)


def _rate(message_id: UUID, key: str) -> None:
    ratings: dict[int | None, Literal[-1, 1] | None] = {1: 1, 0: -1, None: None}
    get_studio().threads.rate(current_actor(), message_id, ratings[st.session_state.get(key)])
