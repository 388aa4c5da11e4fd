"""A draft from one sentence: a model fills in the five steps, and the writer takes what they like of it."""

from functools import partial
from typing import Any
from uuid import UUID

import streamlit as st

from engine.authoring.writing.tasks import DRAFT, LONGEST_WISH
from engine.authoring.writing.writing import Written
from engine.personas.drafts import Draft
from engine.personas.merging import title_of
from engine.personas.spec import PersonaSpec
from engine.runs import Run
from pages.ui import formats
from pages.ui.context import current_actor, get_studio
from pages.ui.draft_state import as_text, key_of, stored
from pages.ui.forms import choice_word
from pages.ui.layout import card_head
from pages.ui.writing_help import ask, dismiss, dismissed, take, watch, written_by


def sentence_open(draft_id: UUID) -> bool:
    """Whether the card for a draft from one sentence is to be drawn."""
    wanted = st.session_state.get(key_of(draft_id, DRAFT, "open"), False)
    return bool(wanted) or get_studio().writing.run(current_actor(), draft_id, DRAFT) is not None


def open_sentence(draft_id: UUID) -> None:
    """Draw the card from now on."""
    st.session_state[key_of(draft_id, DRAFT, "open")] = True


def sentence_card(draft: Draft) -> None:
    """Ask for a sentence, watch the form being filled in, and let the writer take what they like of it."""
    run = get_studio().writing.run(current_actor(), draft.id, DRAFT)
    with st.container(border=True):
        with card_head("Draft from a sentence", "A model fills in the five steps. You take what you like of it."):
            st.button("Close", type="tertiary", on_click=dismiss, args=(draft.id, DRAFT))
        key = key_of(draft.id, "sentence")
        st.session_state.setdefault(key, run.question if run is not None else "")
        st.text_area(
            "Who shall it be?",
            key=key,
            height=88,
            max_chars=LONGEST_WISH,
            placeholder="A guide in the Sierra Nevada who has walked every trail and trusts no forecast.",
            persist_state="session",
        )
        ask(draft, DRAFT, "Write it" if run is None else "Write it again", said=key)
        watch(draft, DRAFT, partial(_drafted, draft))


def _drafted(draft: Draft, run: Run[Written]) -> None:
    """The proposed fields, each to be taken or left; those that have text already are left unless they are chosen."""
    proposal = run.result.proposal
    new = {name: value for name, value in proposal.fields.items() if value != stored(draft, name)}
    taken = [name for name, value in new.items() if _wanted(draft, name, value)]
    if proposal.left_out:
        st.caption(f"Too long to be used: {', '.join(proposal.left_out)}.")
    written_by(run)
    with st.container(horizontal=True):
        label = f"Take {formats.counted(len(taken), 'field', 'fields')}"
        at = (draft, DRAFT, taken)
        if st.button(label, icon=":material/check:", disabled=not taken, on_click=take, args=at):
            st.rerun()
        if len(taken) < len(new):
            st.button("Choose all", type="tertiary", on_click=_choose_all, args=(draft.id, list(new)))
        dismissed(draft.id, DRAFT, "Send it away")


def _wanted(draft: Draft, name: str, value: Any) -> bool:
    before = as_text(stored(draft, name))
    fresh = not before or before == as_text(PersonaSpec.model_fields[name].default)
    key = key_of(draft.id, "take", name)
    st.session_state.setdefault(key, fresh)
    with st.container(gap=None):
        chosen = st.checkbox(f"**{title_of(name)}**", key=key)
        st.markdown(formats.plain(_one_line(name, value)))
        if not fresh:
            st.caption(f"Instead of: {formats.plain(formats.start(_one_line(name, stored(draft, name)), 160))}")
    return chosen


def _choose_all(draft_id: UUID, names: list[str]) -> None:
    for name in names:
        st.session_state[key_of(draft_id, "take", name)] = True


def _one_line(name: str, value: Any) -> str:
    """A value in one line, as the review would show it."""
    if isinstance(value, list):
        return " · ".join(map(as_text, value))
    return choice_word(name, value) if name == "modality" else as_text(value)
