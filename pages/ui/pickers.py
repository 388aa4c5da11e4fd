"""What is picked for the next message: mode, persona and model, each for itself, and each shown as what it is now."""

from collections.abc import Callable
from functools import partial

import streamlit as st

from engine.conversations.assistant import Picks
from engine.personas.catalogue import PersonaCard
from pages.ui import formats
from pages.ui.context import current_actor, get_studio

MODE, PERSONA, MODEL = "picks/mode", "picks/persona", "picks/model"
MOST = 8
GROUPS = (("own", "Yours"), ("team", "Team"), ("builtin", "Built-in"))


def picked(surface: str = "assistant") -> Picks:
    """What is picked now."""
    state = st.session_state
    return Picks(state.get(PERSONA, ""), state.get(MODE, ""), surface, state.get(MODEL, ""))


def name_of(key: str) -> str:
    """What a persona is called; its key when one may not use it any more."""
    return get_studio().personas.names(current_actor(), [key]).get(key, key)


def persona_name() -> str:
    """Who answers the next message."""
    return name_of(st.session_state.get(PERSONA) or get_studio().assistant.default_persona(current_actor()))


def use_built_in() -> None:
    """Have the model that costs nothing answer the next message."""
    choices = get_studio().models.choices(current_actor())
    st.session_state[MODEL] = next(each.value for each in choices if each.free and each.value)


def pickers() -> None:
    """Three popovers; the label of each is what is picked."""
    with st.container(horizontal=True, gap="xsmall", width="content"):
        _mode()
        tracked = {"key": f"{PERSONA}/open", "on_change": "rerun"}
        with st.popover(formats.plain(persona_name()), icon=":material/face:", **tracked) as who:
            st.caption("Who answers the next message")
            if who.open:  # whom one may ask is looked for when somebody wants to know
                persona_buttons(PERSONA, partial(_choose, PERSONA))
        _model()


def persona_buttons(name: str, choose: Callable[[str], None]) -> None:
    """A search and the personas it finds, in their groups; a click chooses one."""
    found = get_studio().personas.catalogue(
        current_actor(),
        search=st.text_input(
            "Find a persona", placeholder="Name, role, tag, department", icon=":material/search:", live="300ms",
            key=f"{name}/find",
            label_visibility="collapsed",
        ),
        most=MOST,
    )  # fmt: skip
    for group, title in GROUPS:
        cards: tuple[PersonaCard, ...] = getattr(found, group)
        if cards:
            total = found.totals[group]
            st.caption(title if total <= MOST else f"{title}: the first {MOST} of {total:,}")
            for card in cards:
                st.button(
                    f"{formats.plain(card.name)}", key=f"{name}/{card.key}", type="tertiary", help=card.role or None,
                    on_click=choose, args=(card.key,),
                )  # fmt: skip
    if not found.count:
        st.caption("Nobody goes by that name.")


def _mode() -> None:
    modes = get_studio().routing.modes(current_actor())
    now = st.session_state.get(MODE) or next(iter(modes))
    with st.popover(formats.plain(modes[now].title), icon=":material/bolt:"):
        st.session_state[f"{MODE}/radio"] = now
        st.radio(
            "Mode",
            list(modes),
            format_func=lambda key: modes[key].title,
            captions=[formats.start(modes[key].description, 90) for key in modes],
            key=f"{MODE}/radio",
            on_change=_take,
            args=(MODE, "radio"),
        )


def _model() -> None:
    studio, actor = get_studio(), current_actor()
    choices = {choice.value: choice.label for choice in studio.models.choices(actor)}
    marked = [ref for ref in studio.models.favourites(actor) if studio.models.available(actor, ref.partition(":")[0])]
    choices |= {ref: _short(ref) for ref in marked if ref not in choices}
    now = st.session_state.get(MODEL, "")
    now = now if now in choices else ""
    with st.popover(formats.plain(choices[now].partition(" · ")[0]), icon=":material/tune:"):
        if marked:
            st.session_state[f"{MODEL}/chips"] = now if now in marked else None
            st.pills(
                "Favourites", marked, format_func=_short, key=f"{MODEL}/chips", on_change=_take, args=(MODEL, "chips")
            )
        st.session_state[f"{MODEL}/radio"] = now
        st.radio(
            "Model",
            list(choices),
            format_func=lambda value: formats.plain(choices[value]),
            key=f"{MODEL}/radio",
            on_change=_take,
            args=(MODEL, "radio"),
        )


def _short(ref: str) -> str:
    return formats.plain(ref.partition(":")[2])


def _take(name: str, field: str) -> None:
    """Choose by one of its fields; a chip that is pressed again lets go."""
    st.session_state[name] = st.session_state[f"{name}/{field}"] or ""


def _choose(name: str, value: str) -> None:
    st.session_state[name], st.session_state[f"{name}/open"] = value, False
