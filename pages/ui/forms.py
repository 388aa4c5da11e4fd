"""The fields of a persona, drawn from what `PersonaSpec` says about them and saved as they are written."""

from collections.abc import Callable, Collection
from enum import Enum
from functools import partial
from typing import Any, get_args
from uuid import UUID

import streamlit as st

from engine.personas.drafts import Draft
from engine.personas.spec import PersonaSpec, asked_for
from pages.ui.draft_state import Read, arrive, key_of, problem, save, seeded
from pages.ui.form_rows import limits, row_keys, samples, typed_limits, typed_samples
from pages.ui.layout import slot

WORDS = {
    "modality": {"domain": "Domain expert"},
    "visibility": {"private": "Only me", "department": "My department"},
    "preferred_profile": {"": "Automatic"},
}


def field(draft: Draft, name: str, *, without: Collection[str] = (), alone: bool = False) -> None:
    """Draw one field of the draft; it saves itself. `without` leaves choices out, `alone` what `problem` says."""
    about = PersonaSpec.model_fields[name]
    arrive(draft, name)
    WIDGETS[about.json_schema_extra["widget"]](draft, name, about, frozenset(without))
    if not alone:
        with slot():
            problem(draft.id, name)


def choice_word(name: str, value: str) -> str:
    """How a choice is called."""
    return WORDS.get(name, {}).get(value, value.capitalize())


def readers(draft: Draft) -> dict[str, Read]:
    """How to read what this tab holds of each field, of those that it holds whole."""
    found = {name: READERS.get(shown["widget"], _typed) for name, shown in asked_for().items()}
    return {name: partial(read, draft.id, name) for name, read in found.items() if _is_held(draft.id, name)}


def _is_held(draft_id: UUID, name: str) -> bool:
    rows = asked_for()[name]["widget"] in READERS
    return all(key in st.session_state for key in (row_keys(draft_id, name) if rows else [key_of(draft_id, name)]))


def _typed(draft_id: UUID, name: str) -> Any:
    """What is in a field of one widget; a text area of a list has one item a line."""
    typed = st.session_state[key_of(draft_id, name)]
    is_list = asked_for()[name]["widget"] == "list"
    return typed if not is_list else _lines(typed) if isinstance(typed, str) else list(typed)


def _bound(draft: Draft, name: str, value: Any) -> dict[str, Any]:
    """The arguments by which a widget holds a field and saves it."""
    return {
        "key": seeded(key_of(draft.id, name), value),
        "on_change": save,
        "args": (draft.id, name, partial(_typed, draft.id, name)),
        "persist_state": "session",
    }


def _text(draft: Draft, name: str, about: Any, _: frozenset) -> None:
    st.text_input(
        about.title,
        placeholder=about.json_schema_extra["placeholder"],
        help=about.description,
        live="600ms",
        **_bound(draft, name, getattr(draft.spec, name)),
    )


def _area(draft: Draft, name: str, about: Any, _: frozenset) -> None:
    more = about.json_schema_extra
    bound = _bound(draft, name, getattr(draft.spec, name))
    st.text_area(about.title, placeholder=more["placeholder"], help=about.description, height=more["height"], **bound)


def _choice(draft: Draft, name: str, about: Any, without: frozenset) -> None:
    kind = about.annotation
    values = [each.value for each in kind] if isinstance(kind, type) and issubclass(kind, Enum) else get_args(kind)
    options = [value for value in values if value not in without]
    chosen = str(getattr(draft.spec, name))
    look = {"format_func": partial(choice_word, name), "help": about.description}
    if len(options) > 3:
        st.selectbox(about.title, options, **look, **_bound(draft, name, chosen))
    else:
        bound = _bound(draft, name, chosen)
        st.segmented_control(about.title, options, required=True, width="stretch", **look, **bound)


def _list(draft: Draft, name: str, about: Any, _: frozenset) -> None:
    """Chips when the field has `options` (an empty list: any words), else one line each."""
    more, items = about.json_schema_extra, list(getattr(draft.spec, name))
    options = more.get("options")
    if options is None:
        bound = _bound(draft, name, "\n".join(items))
        st.text_area(about.title, placeholder=more["placeholder"], help=about.description, height=112, **bound)
        return
    bound = _bound(draft, name, items)
    known = dict.fromkeys([*options, *st.session_state[bound["key"]]])
    st.multiselect(
        about.title,
        list(known),
        accept_new_options=not options,
        placeholder=more["placeholder"] or "None",
        help=about.description,
        wrap=True,
        **bound,
    )


def _lines(typed: str) -> list[str]:
    return [line.strip() for line in typed.split("\n") if line.strip()]


def _slider(draft: Draft, name: str, about: Any, _: frozenset) -> None:
    bound = _bound(draft, name, getattr(draft.spec, name))
    st.slider(about.title, 0.0, 1.0, step=0.1, help=about.description, **bound)


def _toggle(draft: Draft, name: str, about: Any, _: frozenset) -> None:
    st.toggle(about.title, help=about.description, **_bound(draft, name, getattr(draft.spec, name)))


WIDGETS = {
    "text": _text,
    "area": _area,
    "choice": _choice,
    "list": _list,
    "limits": limits,
    "samples": samples,
    "slider": _slider,
    "toggle": _toggle,
}
READERS: dict[str, Callable[[UUID, str], Any]] = {"limits": typed_limits, "samples": typed_samples}
