"""Fields of several rows: limits and samples. Rows live in the tab, so that an empty or refused one stays."""

from collections.abc import Callable
from typing import Any
from uuid import UUID

import streamlit as st

from engine.authoring.lint.limits import suggested_limits
from engine.personas.drafts import Draft
from pages.ui import formats
from pages.ui.draft_state import key_of, save, seeded

RULES = ("Never", "Always")
KINDS = {
    "character": "a character",
    "department": "a department",
    "domain": "a domain expert",
    "specialist": "a specialist",
}


def limits(draft: Draft, name: str, about: Any, _: frozenset) -> None:
    """One row a limit: never or always, and what."""

    def commit() -> None:
        parts = [
            [st.session_state.get(f"{row}/{part}", "") for part in ("rule", "text")] for row in _keys(draft.id, name)
        ]
        save(draft.id, name, [f"{rule} {text.strip()}".strip() for rule, text in parts if text.strip()])

    for at, (row, value) in enumerate(_rows(draft, name, list(draft.spec.constraints), "Never ")):
        _seed_limit(row, value)
        bound = {"on_change": commit, "persist_state": "session", "label_visibility": "collapsed"}
        with st.container(horizontal=True, vertical_alignment="center", gap="xsmall", wrap=False):
            options = (*RULES, "") if st.session_state[f"{row}/rule"] == "" else RULES
            st.selectbox(
                f"Kind of limit {at + 1}",
                options,
                format_func=lambda word: word or "As written",
                key=f"{row}/rule",
                width=108,
                **bound,
            )
            placeholder = about.json_schema_extra["placeholder"].partition(" ")[2]
            st.text_input(f"Limit {at + 1}", placeholder=placeholder, key=f"{row}/text", live="600ms", **bound)
            _delete(draft.id, name, row, commit, f"Remove limit {at + 1}")
    st.button("Add a limit", icon=":material/add:", on_click=_add_row, args=(draft.id, name, "Never "))
    _suggestions(draft, name, commit)


def samples(draft: Draft, name: str, about: Any, _: frozenset) -> None:
    """One row an exchange: what somebody says, and what the persona answers."""

    def commit() -> None:
        rows = _keys(draft.id, name)
        pairs = [{side: st.session_state.get(f"{row}/{side}", "") for side in ("user", "persona")} for row in rows]
        save(draft.id, name, [pair for pair in pairs if any(text.strip() for text in pair.values())])

    st.caption(about.description)
    pairs = [(pair.user, pair.persona) for pair in draft.spec.sample_interactions]
    for at, (row, (user, persona)) in enumerate(_rows(draft, name, pairs, ("", ""))):
        bound = {"on_change": commit, "persist_state": "session", "height": 68}
        with st.container(horizontal=True, vertical_alignment="center", gap="xsmall", wrap=False):
            with st.container(gap="xsmall"):
                who = formats.plain(draft.spec.name) or "The persona"
                st.text_area(f"Someone says ({at + 1})", key=seeded(f"{row}/user", user), **bound)
                st.text_area(f"{who} answers ({at + 1})", key=seeded(f"{row}/persona", persona), **bound)
            _delete(draft.id, name, row, commit, f"Remove sample {at + 1}")
    st.button("Add a sample", icon=":material/add:", on_click=_add_row, args=(draft.id, name, ("", "")))


def _seed_limit(row: str, value: str) -> None:
    rule, _, text = value.partition(" ")
    known = rule in RULES
    seeded(f"{row}/rule", rule if known else "")
    seeded(f"{row}/text", text if known else value)


def _suggestions(draft: Draft, name: str, commit: Callable[[], None]) -> None:
    """Chips of limits that suit this kind of persona; one that is pressed becomes a row."""
    offered = {each.label: each.limit for each in suggested_limits(draft.spec)}
    if not offered:
        return
    key = key_of(draft.id, name, "suggested")

    def take() -> None:
        label = st.session_state.get(key)
        if label in offered:
            _seed_limit(_add_row(draft.id, name, offered[label]), offered[label])
            commit()
        st.session_state[key] = None

    st.markdown(f"##### Suggested for {KINDS[draft.spec.modality]}")
    st.pills(
        "Suggested limits",
        list(offered),
        format_func=lambda label: f"+ {label}",
        key=key,
        on_change=take,
        label_visibility="collapsed",
    )


def _rows(draft: Draft, name: str, items: list[Any], blank: Any) -> list[tuple[str, Any]]:
    """The rows of a field: (key, value when it was first drawn). The draft has those that say something."""
    held = st.session_state.setdefault(key_of(draft.id, name, "rows"), list(enumerate(items or [blank])))
    return [(key_of(draft.id, name, number), value) for number, value in held]


def _keys(draft_id: UUID, name: str) -> list[str]:
    return [key_of(draft_id, name, number) for number, _ in st.session_state[key_of(draft_id, name, "rows")]]


def _add_row(draft_id: UUID, name: str, value: Any) -> str:
    held = st.session_state[key_of(draft_id, name, "rows")]
    number = max((number for number, _ in held), default=-1) + 1
    held.append((number, value))
    return key_of(draft_id, name, number)


def _drop_row(draft_id: UUID, name: str, row: str, commit: Callable[[], None]) -> None:
    rows = key_of(draft_id, name, "rows")
    st.session_state[rows] = [each for each in st.session_state[rows] if key_of(draft_id, name, each[0]) != row]
    commit()


def _delete(draft_id: UUID, name: str, row: str, commit: Callable[[], None], label: str) -> None:
    st.button(
        ":material/delete:",
        type="tertiary",
        key=f"{row}/delete",
        help=label,
        on_click=_drop_row,
        args=(draft_id, name, row, commit),
    )
