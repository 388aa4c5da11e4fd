"""Fields of several rows: limits and samples. Rows live in the tab, so that an empty or refused one stays."""

from collections.abc import Callable
from functools import partial
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
    commit = partial(save, draft.id, name, partial(typed_limits, draft.id, name))
    for at, (row, value) in enumerate(_rows(draft, name, list(draft.spec.constraints), "Never ")):
        rule, text = _split(value)
        _drawn(draft.id, name, row, {"rule": rule, "text": text})
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
    commit = partial(save, draft.id, name, partial(typed_samples, draft.id, name))
    st.caption(about.description)
    pairs = [(pair.user, pair.persona) for pair in draft.spec.sample_interactions]
    for at, (row, (user, persona)) in enumerate(_rows(draft, name, pairs, ("", ""))):
        _drawn(draft.id, name, row, {"user": user, "persona": persona})
        bound = {"on_change": commit, "persist_state": "session", "height": 68}
        with st.container(horizontal=True, vertical_alignment="center", gap="xsmall", wrap=False):
            with st.container(gap="xsmall"):
                who = formats.plain(draft.spec.name) or "The persona"
                st.text_area(f"Someone says ({at + 1})", key=f"{row}/user", **bound)
                st.text_area(f"{who} answers ({at + 1})", key=f"{row}/persona", **bound)
            _delete(draft.id, name, row, commit, f"Remove sample {at + 1}")
    st.button("Add a sample", icon=":material/add:", on_click=_add_row, args=(draft.id, name, ("", "")))


def row_keys(draft_id: UUID, name: str) -> list[str]:
    """Where the field is held: its list of rows, and the parts of all rows that were drawn."""
    rows = key_of(draft_id, name, "rows")
    drawn = st.session_state.get(key_of(draft_id, name, "drawn"), ())
    return [rows, *(key for number, _ in st.session_state.get(rows, ()) if number in drawn for key in drawn[number])]


def typed_limits(draft_id: UUID, name: str) -> list[str]:
    """The limits as they stand in their rows; rows without words are none."""
    parts = (_parts(f"{row}/rule", f"{row}/text", _split(value)) for row, value in _held(draft_id, name))
    return [f"{rule} {text.strip()}".strip() for rule, text in parts if text.strip()]


def typed_samples(draft_id: UUID, name: str) -> list[dict[str, str]]:
    """The exchanges as they stand in their rows; rows without words are none."""
    pairs = (_parts(f"{row}/user", f"{row}/persona", value) for row, value in _held(draft_id, name))
    return [{"user": user, "persona": persona} for user, persona in pairs if user.strip() or persona.strip()]


def _parts(one: str, other: str, blank: tuple[str, str]) -> tuple[str, str]:
    """What was typed into the two parts of a row; as it was added when it was not drawn yet."""
    return st.session_state.get(one, blank[0]), st.session_state.get(other, blank[1])


def _split(limit: str) -> tuple[str, str]:
    """A limit as its rule and its words; without a rule when it begins otherwise."""
    rule, _, text = limit.partition(" ")
    return (rule, text) if rule in RULES else ("", limit)


def _suggestions(draft: Draft, name: str, commit: Callable[[], None]) -> None:
    """Chips of limits that suit this kind of persona; one that is pressed becomes a row."""
    offered = {each.label: each.limit for each in suggested_limits(draft.spec)}
    if not offered:
        return
    key = key_of(draft.id, name, "suggested")

    def take() -> None:
        label = st.session_state.get(key)
        if label in offered:
            _add_row(draft.id, name, offered[label])
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
    """The rows of a field: (key, value when it was added). The draft has those that say something."""
    st.session_state.setdefault(key_of(draft.id, name, "rows"), list(enumerate(items or [blank])))
    return _held(draft.id, name)


def _held(draft_id: UUID, name: str) -> list[tuple[str, Any]]:
    held = st.session_state[key_of(draft_id, name, "rows")]
    return [(key_of(draft_id, name, number), value) for number, value in held]


def _drawn(draft_id: UUID, name: str, row: str, parts: dict[str, str]) -> None:
    """Note that a row is drawn from now on, with these values to begin with."""
    keys = tuple(seeded(f"{row}/{part}", value) for part, value in parts.items())
    number = int(row.rpartition("/")[2])
    st.session_state.setdefault(key_of(draft_id, name, "drawn"), {})[number] = keys


def _add_row(draft_id: UUID, name: str, value: Any) -> None:
    held = st.session_state[key_of(draft_id, name, "rows")]
    held.append((max((number for number, _ in held), default=-1) + 1, value))


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
