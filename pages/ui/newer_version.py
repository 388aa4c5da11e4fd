"""Somebody published while one was writing: what they changed is brought in, and where both did, one chooses."""

from uuid import UUID

import streamlit as st

from engine.errors import EditConflict, StudioError
from engine.personas.drafts import Draft
from engine.personas.merging import Conflict, title_of
from pages.ui import formats
from pages.ui.context import current_actor, get_studio
from pages.ui.draft_state import as_text, draw_anew, key_of, put, unsaved
from pages.ui.errors import notice


def was_published_meanwhile(draft_id: UUID, why: EditConflict) -> None:
    """Remember that publishing was refused because a newer version is there."""
    st.session_state[key_of(draft_id, "newer")] = why


def newer_version(draft: Draft) -> None:
    """Say that somebody published, offer to bring it in, and then ask about each field that both changed."""
    if why := st.session_state.get(key_of(draft.id, "newer")):
        with st.container(border=True):
            st.markdown(f":orange[:material/sync_problem:] **{formats.plain(why.message)}**")
            st.caption(f"{_who(draft, why.theirs)} Your draft is kept. Bring theirs in, look at it, and publish again.")
            held = bool(unsaved(draft.id))
            st.button(
                "Bring theirs in",
                icon=":material/merge:",
                on_click=_bring_in,
                args=(draft.id,),
                disabled=held,
                help="A field was not saved. Correct it first." if held else None,
            )
    if (problem := st.session_state.pop(key_of(draft.id, "merge"), None)) is not None:
        notice(problem)
    if brought := st.session_state.get(key_of(draft.id, "brought")):
        _brought(draft, *brought)


def _brought(draft: Draft, taken: tuple[str, ...], conflicts: list[Conflict]) -> None:
    """What came in, and the fields that wait for a choice."""
    with st.container(border=True):
        came = ", ".join(title_of(name) for name in taken) or "nothing else"
        st.markdown(f":green[:material/merge:] **Your draft now stands on version {draft.base_version}**")
        st.caption(f"Taken from it: {came}.")
        for conflict in conflicts:
            st.markdown(f"**{conflict.title}** was changed by both. Your draft has your words.")
            theirs, mine = st.columns(2)
            for column, head, value in ((theirs, "Theirs", conflict.theirs), (mine, "Yours", conflict.mine)):
                with column, st.container(gap="xsmall"):
                    st.markdown(f"##### {head}")
                    st.code(as_text(value) or "Empty", language=None, wrap_lines=True)
            at = (draft, conflict)
            with st.container(horizontal=True, gap="xsmall"):
                st.button("Keep mine", key=key_of(draft.id, conflict.name, "merge/mine"), on_click=_decided, args=at)
                st.button("Take theirs", key=key_of(draft.id, conflict.name, "merge/theirs"), on_click=_take, args=at)
        if not conflicts:
            st.button("Good", on_click=_done, args=(draft.id,))


def _bring_in(draft_id: UUID) -> None:
    try:
        merged = get_studio().drafts.rebase(current_actor(), draft_id)
    except StudioError as why:
        st.session_state[key_of(draft_id, "merge")] = why
        return
    for name in merged.taken:
        draw_anew(draft_id, name)
    st.session_state.pop(key_of(draft_id, "newer"), None)
    st.session_state[key_of(draft_id, "brought")] = (merged.taken, list(merged.conflicts))


def _take(draft: Draft, conflict: Conflict) -> None:
    if put(draft, {conflict.name: conflict.theirs}):
        _decided(draft, conflict)


def _decided(draft: Draft, conflict: Conflict) -> None:
    st.session_state[key_of(draft.id, "brought")][1].remove(conflict)


def _done(draft_id: UUID) -> None:
    st.session_state.pop(key_of(draft_id, "brought"), None)


def _who(draft: Draft, number: object) -> str:
    """Who published the newer version, and what they said about it."""
    if draft.persona_key is None:
        return ""
    found = get_studio().versions.all(current_actor(), draft.persona_key).version(number)
    author = "You" if found.mine else formats.plain(found.author) or "Somebody"
    note = f": “{formats.plain(found.note)}”" if found.note else ""
    return f"{author} published it {formats.ago(found.at)}{note}."
