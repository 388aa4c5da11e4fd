"""What this tab holds of a draft: what was typed, what was last seen in it, and why something is not saved.

A field keeps what was typed when it is refused, or when another tab changed it first: the draft has the last good
value, the page the last words. What only the database was too busy for is tried again by itself.

The next run of a page may interrupt the one before: its callback may be cut off before it saves, or after it has saved
and before it could say so. So a save reads what was typed inside a lock, notes what it saved in plain objects, and each
run saves first what an interrupted one left behind.
"""

from collections.abc import Callable, Mapping
from threading import Lock
from typing import Any
from uuid import UUID

import streamlit as st

from engine.errors import BadInput, DatabaseError, EditConflict, StudioError
from engine.personas.drafts import Draft
from engine.personas.spec import PersonaSpec
from pages.ui import formats
from pages.ui.context import MEMBERS, current_actor, get_studio, require
from pages.ui.errors import notice

TRY_AGAIN_S = 2.0
PATIENT_TRIES = 3

Read = Callable[[], Any]
"""Reads what was typed into a field, in the shape in which it is stored."""


def key_of(*parts: object) -> str:
    """Where the tab keeps something of a draft."""
    return "/".join(["draft", *map(str, parts)])


def seeded(key: str, value: Any) -> str:
    """A widget key that holds `value` unless something was typed; never `value=`, which would fire on_change."""
    st.session_state.setdefault(key, value)
    return key


def stored(draft: Draft, name: str) -> Any:
    """The value of a field as the draft has it."""
    return draft.spec.model_dump(mode="json", include={name})[name]


def arrive(draft: Draft, name: str) -> None:
    """Before a field is drawn: drop what the tab holds when it shall be as in the draft, and note what is seen."""
    if key_of(draft.id, name, "anew") in st.session_state:
        _forget(draft.id, name)
    _tab(draft.id)["seen"].setdefault(name, stored(draft, name))


def save(draft_id: UUID, name: str, read: Read, *, over: bool = False) -> None:
    """Write one field into the draft, or remember what was typed and why it is not saved.

    `over` writes it over what another tab has made of the field meanwhile.
    """
    tab = _tab(draft_id)
    with tab["lock"]:
        value = read()
        st.session_state.pop(key_of(draft_id, "put"), None)
        tab["read"][name] = read
        try:
            known = None if over else {name: tab["seen"][name]}
            saved = get_studio().drafts.save(current_actor(), draft_id, {name: value}, known=known)
        except StudioError as why:
            tab["refused"][name] = (value, why)
        else:
            tab["refused"].pop(name, None)
            tab["seen"][name] = stored(saved, name)


def catch_up(draft: Draft, readers: Mapping[str, Read]) -> Draft:
    """Save what was typed and an interrupted run did not come to save; returns the draft as it is then."""
    seen, refused = _tab(draft.id)["seen"], _tab(draft.id)["refused"]
    behind = [
        name
        for name, read in readers.items()
        if name in seen and name not in refused and read() != seen[name]
        if key_of(draft.id, name, "anew") not in st.session_state
    ]
    for name in behind:
        save(draft.id, name, readers[name])
    return get_studio().drafts.get(current_actor(), draft.id) if behind else draft


def put(draft: Draft, changes: Mapping[str, Any]) -> bool:
    """Write what was not typed but taken: a fix or a proposal for the draft as it was shown. Says whether it was saved.

    When it is refused, `put_refused` shows why.
    """
    known = {name: stored(draft, name) for name in changes}
    st.session_state.pop(key_of(draft.id, "put"), None)
    try:
        get_studio().drafts.save(current_actor(), draft.id, dict(changes), known=known)
    except StudioError as why:
        st.session_state[key_of(draft.id, "put")] = why
        return False
    for name in changes:
        draw_anew(draft.id, name)
    return True


def put_refused(draft_id: UUID) -> None:
    """Say why something could not be taken, until something else is saved."""
    if why := st.session_state.get(key_of(draft_id, "put")):
        notice(why)


def draw_anew(draft_id: UUID, name: str) -> None:
    """Have a field drawn as the draft has it, whatever was typed there."""
    _tab(draft_id)["refused"].pop(name, None)
    st.session_state[key_of(draft_id, name, "anew")] = True


def unsaved(draft_id: UUID | str) -> dict[str, str]:
    """What was typed into a draft and is not in it, by the title of its field."""
    return {PersonaSpec.model_fields[name].title or name: as_text(typed) for name, typed, _ in _held(draft_id)}


def saved_badge(draft: Draft) -> None:
    """Whether all that was typed is in the draft. What waits for the database is tried again every few seconds."""
    waiting = [name for name, _, why in _held(draft.id) if isinstance(why, DatabaseError)]
    tries = st.session_state.get(key_of(draft.id, "tries"), 0)
    if waiting and tries < PATIENT_TRIES:
        st.badge("Saving…", icon=":material/cloud_upload:", color="orange")
    elif waiting:
        st.badge("Not saved, trying again", icon=":material/cloud_off:", color="red")
    elif unsaved(draft.id):
        st.badge("Not saved", icon=":material/cloud_off:", color="red", help="A field was refused; it says why.")
    else:
        st.badge(f"Draft saved {formats.clock(draft.saved_at)}", icon=":material/cloud_done:", color="green")
    _try_again(draft.id, polling=bool(waiting))


def problem(draft_id: UUID, name: str) -> None:
    """Say under a field why it was not saved, and what to do."""
    typed_and_why = _tab(draft_id)["refused"].get(name)
    if typed_and_why is None:
        return
    why = typed_and_why[1]
    if isinstance(why, EditConflict):
        _choose(draft_id, name, why)
        return
    again = "" if isinstance(why, BadInput | DatabaseError) else " Change the field once more to try again."
    st.markdown(f":red[:material/error: Not saved. {formats.plain(why.message)}{again}]")


def as_text(value: Any) -> str:
    """The value of a field as one would read it aloud."""
    if isinstance(value, dict):
        return " / ".join(map(str, value.values()))
    return "\n".join(map(as_text, value)) if isinstance(value, list | tuple) else str(value)


def _tab(draft_id: UUID | str) -> dict[str, Any]:
    """What this tab knows of the draft's fields by name: last `seen` in it, `refused` with the reason."""
    blank = {"lock": Lock(), "seen": {}, "refused": {}, "read": {}}
    return st.session_state.setdefault(key_of(draft_id, "tab"), blank)


def _held(draft_id: UUID | str) -> list[tuple[str, Any, StudioError]]:
    """Field, what was typed, and why it is not saved."""
    refused = _tab(draft_id)["refused"]
    return [(name, *refused[name]) for name in PersonaSpec.model_fields if name in refused]


def _try_again(draft_id: UUID, *, polling: bool) -> None:
    """Save once more, every few seconds, what the database was too busy for."""

    @st.fragment(run_every=TRY_AGAIN_S if polling else None)
    def keep_trying() -> None:
        require(*MEMBERS)
        if by_page:
            by_page.clear()
            return
        for name, _, why in _held(draft_id):
            if isinstance(why, DatabaseError):
                save(draft_id, name, _tab(draft_id)["read"][name])
        st.session_state[key_of(draft_id, "tries")] = st.session_state.get(key_of(draft_id, "tries"), 0) + 1
        st.rerun()

    by_page = [True]
    if not polling:
        st.session_state.pop(key_of(draft_id, "tries"), None)
    keep_trying()


def _choose(draft_id: UUID, name: str, conflict: EditConflict) -> None:
    """Two tabs, two texts: show the other one, and let the writer take their pick."""
    theirs = formats.start(as_text(conflict.theirs), 160)
    there = f"There it says “{formats.plain(theirs)}”." if theirs else "There it is empty."
    with st.container(gap="xsmall"):
        st.markdown(f":orange[:material/sync_problem: {formats.plain(conflict.message)}] {there}")
        with st.container(horizontal=True, gap="xsmall"):
            st.button("Keep mine", key=f"mine/{draft_id}/{name}", on_click=_keep_mine, args=(draft_id, name))
            st.button("Take theirs", key=f"theirs/{draft_id}/{name}", on_click=draw_anew, args=(draft_id, name))


def _keep_mine(draft_id: UUID, name: str) -> None:
    tab = _tab(draft_id)
    if name in tab["refused"]:
        save(draft_id, name, tab["read"][name], over=True)


def _forget(draft_id: UUID, name: str) -> None:
    """Drop what this tab holds of a field; it is then drawn as the draft has it."""
    own, tab = key_of(draft_id, name), _tab(draft_id)
    tab["seen"].pop(name, None)
    tab["refused"].pop(name, None)
    for key in [key for key in map(str, st.session_state) if key == own or key.startswith(f"{own}/")]:
        del st.session_state[key]
