"""The fields of a persona, drawn from what `PersonaSpec` says about them and saved as they are written.

A field keeps what was typed when it is refused, or when another tab changed it first: the draft has the last good
value, the page the last words.
"""

from collections.abc import Callable, Collection
from enum import Enum
from functools import partial
from typing import Any, get_args
from uuid import UUID

import streamlit as st

from engine.errors import BadInput, EditConflict, StudioError
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


def field(draft: Draft, name: str, *, without: Collection[str] = (), alone: bool = False) -> None:
    """Draw one field of the draft; it saves itself. `without` leaves choices out, `alone` what `problem` says."""
    about = PersonaSpec.model_fields[name]
    if _key(draft.id, name, "theirs") in st.session_state:
        _forget(draft.id, name)
    st.session_state.setdefault(_key(draft.id, name, "seen"), _stored(draft, name))
    WIDGETS[about.json_schema_extra["widget"]](draft, name, about, frozenset(without))
    if not alone:
        problem(draft.id, name)


def problem(draft_id: UUID, name: str) -> None:
    """Say under a field why it was not saved, and what to do."""
    typed_and_why = st.session_state.get(_key(draft_id, name, "refused"))
    if typed_and_why is None:
        return
    why = typed_and_why[1]
    if isinstance(why, EditConflict):
        _choose(draft_id, name, why)
        return
    again = "" if isinstance(why, BadInput) else " Change the field once more to try again."
    st.markdown(f":red[:material/error: Not saved. {formats.plain(why.message)}{again}]")


def save(draft_id: UUID, name: str, value: Any, *, over: bool = False) -> None:
    """Write one field into the draft, or remember what was typed and why it is not saved.

    `over` writes it over what another tab has made of the field meanwhile.
    """
    refused, seen = _key(draft_id, name, "refused"), _key(draft_id, name, "seen")
    known = None if over else {name: st.session_state[seen]}
    try:
        saved = get_studio().drafts.save(current_actor(), draft_id, {name: value}, known=known)
    except StudioError as why:
        st.session_state[refused] = (value, why)
    else:
        st.session_state.pop(refused, None)
        st.session_state[seen] = _stored(saved, name)


def unsaved(draft_id: UUID | str) -> dict[str, str]:
    """What was typed into a draft and is not in it, by the title of its field."""
    held = {name: st.session_state.get(_key(draft_id, name, "refused")) for name in PersonaSpec.model_fields}
    return {PersonaSpec.model_fields[name].title or name: _as_text(each[0]) for name, each in held.items() if each}


def choice_word(name: str, value: str) -> str:
    """How a choice is called."""
    return WORDS.get(name, {}).get(value, value.capitalize())


def _key(*parts: object) -> str:
    return "/".join(["draft", *map(str, parts)])


def _stored(draft: Draft, name: str) -> Any:
    return draft.spec.model_dump(mode="json", include={name})[name]


def _as_text(value: Any) -> str:
    """The value of a field as one would read it aloud."""
    if isinstance(value, dict):
        return " / ".join(map(str, value.values()))
    return "\n".join(map(_as_text, value)) if isinstance(value, list | tuple) else str(value)


def _choose(draft_id: UUID, name: str, conflict: EditConflict) -> None:
    """Two tabs, two texts: show the other one, and let the writer take their pick."""
    theirs = formats.start(_as_text(conflict.theirs), 160)
    there = f"There it says “{formats.plain(theirs)}”." if theirs else "There it is empty."
    with st.container(gap="xsmall"):
        st.markdown(f":orange[:material/sync_problem: {formats.plain(conflict.message)}] {there}")
        with st.container(horizontal=True, gap="xsmall"):
            st.button("Keep mine", key=f"mine/{draft_id}/{name}", on_click=_keep_mine, args=(draft_id, name))
            st.button("Take theirs", key=f"theirs/{draft_id}/{name}", on_click=_take_theirs, args=(draft_id, name))


def _keep_mine(draft_id: UUID, name: str) -> None:
    if refused := st.session_state.get(_key(draft_id, name, "refused")):
        save(draft_id, name, refused[0], over=True)


def _take_theirs(draft_id: UUID, name: str) -> None:
    st.session_state[_key(draft_id, name, "theirs")] = True


def _forget(draft_id: UUID, name: str) -> None:
    """Drop what this tab holds of a field; it is then drawn as the draft has it."""
    own = _key(draft_id, name)
    for key in [key for key in map(str, st.session_state) if key == own or key.startswith(f"{own}/")]:
        del st.session_state[key]


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
