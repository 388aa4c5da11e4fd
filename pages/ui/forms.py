"""The fields of a persona, drawn from what `PersonaSpec` says about them and saved as they are written.

A field keeps what was typed when it is refused: the draft has the last good value, the page the last words.
"""

from collections.abc import Callable, Collection
from enum import Enum
from functools import partial
from typing import Any, get_args
from uuid import UUID

import streamlit as st

from engine.errors import BadInput, StudioError
from engine.personas.drafts import Draft
from engine.personas.spec import PersonaSpec
from pages.ui import formats
from pages.ui.context import current_actor, get_studio

WORDS = {
    "modality": {"domain": "Domain expert"},
    "visibility": {"private": "Only me", "department": "My department"},
    "preferred_profile": {"": "Automatic"},
}
RULES = ("Never", "Always")


def field(draft: Draft, name: str, *, without: Collection[str] = ()) -> None:
    """Draw one field of the draft; it saves itself. `without` leaves choices out."""
    about = PersonaSpec.model_fields[name]
    WIDGETS[about.json_schema_extra["widget"]](draft, name, about, frozenset(without))
    problem(draft.id, name)


def problem(draft_id: UUID, name: str) -> None:
    """Say under a field why it was not saved."""
    if said := st.session_state.get(_key(draft_id, name, "problem")):
        st.markdown(f":red[:material/error: {formats.plain(said)}]")


def save(draft_id: UUID, name: str, value: Any) -> None:
    """Write one field into the draft, or remember why not."""
    said = _key(draft_id, name, "problem")
    try:
        get_studio().drafts.save(current_actor(), draft_id, {name: value})
    except BadInput as refused:
        st.session_state[said] = f"Not saved. {refused.message}"
    except StudioError as failed:
        st.session_state[said] = f"Not saved. {failed.message} Change the field once more to try again."
    else:
        st.session_state.pop(said, None)


def unsaved(draft_id: UUID) -> bool:
    """Whether a field of the draft was refused and waits to be corrected."""
    prefix, suffix = f"draft/{draft_id}/", "/problem"
    return any(key.startswith(prefix) and key.endswith(suffix) for key in map(str, st.session_state))


def choice_word(name: str, value: str) -> str:
    """How a choice is called."""
    return WORDS.get(name, {}).get(value, value.capitalize())


def _key(*parts: object) -> str:
    return "/".join(["draft", *map(str, parts)])


def _seeded(key: str, value: Any) -> str:
    """A widget key that holds `value` unless something was typed; never `value=`, which would fire on_change."""
    st.session_state.setdefault(key, value)
    return key


def _bound(draft: Draft, name: str, value: Any, read: Callable[[Any], Any] = lambda typed: typed) -> dict[str, Any]:
    """The arguments by which a widget holds a field and saves it."""
    key = _seeded(_key(draft.id, name), value)

    def commit() -> None:
        save(draft.id, name, read(st.session_state[key]))

    return {"key": key, "on_change": commit, "persist_state": "session"}


def _text(draft: Draft, name: str, about: Any, _: frozenset) -> None:
    st.text_input(
        about.title,
        placeholder=about.json_schema_extra["placeholder"],
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
        bound = _bound(draft, name, "\n".join(items), _lines)
        st.text_area(about.title, placeholder=more["placeholder"], help=about.description, height=112, **bound)
        return
    bound = _bound(draft, name, items, list)
    known = dict.fromkeys([*options, *st.session_state[bound["key"]]])
    st.multiselect(
        about.title,
        list(known),
        accept_new_options=not options,
        placeholder=more["placeholder"] or "None",
        wrap=True,
        **bound,
    )


def _lines(typed: str) -> list[str]:
    return [line.strip() for line in typed.split("\n") if line.strip()]


def _slider(draft: Draft, name: str, about: Any, _: frozenset) -> None:
    bound = _bound(draft, name, getattr(draft.spec, name))
    st.slider(about.title, 0.0, 1.0, step=0.1, help=about.description, **bound)


def _rows(draft: Draft, name: str, items: list[Any], blank: Any) -> list[tuple[str, Any]]:
    """The rows of a field that has several parts each: (key, value when it was first drawn).

    Rows live in the tab, so that an empty or refused one stays; the draft has those that say something.
    """
    held = st.session_state.setdefault(_key(draft.id, name, "rows"), list(enumerate(items or [blank])))
    return [(_key(draft.id, name, number), value) for number, value in held]


def _add_row(draft_id: UUID, name: str, value: Any) -> None:
    held = st.session_state[_key(draft_id, name, "rows")]
    held.append((max((number for number, _ in held), default=-1) + 1, value))


def _drop_row(draft_id: UUID, name: str, row: str, commit: Callable[[], None]) -> None:
    rows = _key(draft_id, name, "rows")
    kept = [each for each in st.session_state[rows] if _key(draft_id, name, each[0]) != row]
    st.session_state[rows] = kept
    commit()


def _limits(draft: Draft, name: str, about: Any, _: frozenset) -> None:
    def commit() -> None:
        rows = [_key(draft.id, name, number) for number, _ in st.session_state[_key(draft.id, name, "rows")]]
        parts = [(st.session_state.get(f"{row}/rule", ""), st.session_state.get(f"{row}/text", "")) for row in rows]
        save(draft.id, name, [f"{rule} {text.strip()}".strip() for rule, text in parts if text.strip()])

    for at, (row, value) in enumerate(_rows(draft, name, list(draft.spec.constraints), "Never ")):
        rule, _, text = value.partition(" ")
        known = rule in RULES
        bound = {"on_change": commit, "persist_state": "session", "label_visibility": "collapsed"}
        with st.container(horizontal=True, vertical_alignment="center", gap="xsmall", wrap=False):
            _seeded(f"{row}/rule", rule if known else "")
            options = RULES if known else (*RULES, "")
            st.selectbox(
                f"Kind of limit {at + 1}",
                options,
                format_func=lambda word: word or "As written",
                key=f"{row}/rule",
                width=108,
                **bound,
            )
            _seeded(f"{row}/text", text if known else value)
            placeholder = about.json_schema_extra["placeholder"].partition(" ")[2]
            st.text_input(f"Limit {at + 1}", placeholder=placeholder, key=f"{row}/text", live="600ms", **bound)
            _delete(draft.id, name, row, commit, f"Remove limit {at + 1}")
    st.button("Add a limit", icon=":material/add:", on_click=_add_row, args=(draft.id, name, "Never "))


def _samples(draft: Draft, name: str, about: Any, _: frozenset) -> None:
    def commit() -> None:
        rows = [_key(draft.id, name, number) for number, _ in st.session_state[_key(draft.id, name, "rows")]]
        pairs = [{side: st.session_state.get(f"{row}/{side}", "") for side in ("user", "persona")} for row in rows]
        save(draft.id, name, [pair for pair in pairs if any(text.strip() for text in pair.values())])

    st.caption(about.description)
    pairs = [(pair.user, pair.persona) for pair in draft.spec.sample_interactions]
    for at, (row, (user, persona)) in enumerate(_rows(draft, name, pairs, ("", ""))):
        bound = {"on_change": commit, "persist_state": "session", "height": 68}
        with st.container(horizontal=True, vertical_alignment="center", gap="xsmall", wrap=False):
            with st.container(gap="xsmall"):
                who = formats.plain(draft.spec.name) or "The persona"
                st.text_area(f"Someone says ({at + 1})", key=_seeded(f"{row}/user", user), **bound)
                st.text_area(f"{who} answers ({at + 1})", key=_seeded(f"{row}/persona", persona), **bound)
            _delete(draft.id, name, row, commit, f"Remove sample {at + 1}")
    st.button("Add a sample", icon=":material/add:", on_click=_add_row, args=(draft.id, name, ("", "")))


def _delete(draft_id: UUID, name: str, row: str, commit: Callable[[], None], label: str) -> None:
    st.button(
        ":material/delete:",
        type="tertiary",
        key=f"{row}/delete",
        help=label,
        on_click=_drop_row,
        args=(draft_id, name, row, commit),
    )


WIDGETS = {
    "text": _text,
    "area": _area,
    "choice": _choice,
    "list": _list,
    "limits": _limits,
    "samples": _samples,
    "slider": _slider,
}
