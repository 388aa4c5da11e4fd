"""Who answers when nothing is picked: the model, the persona, and whether AI answers at all."""

import streamlit as st

from engine.accounts.actor import Actor, Standing
from engine.conversations.assistant import Picks
from engine.errors import StudioError
from engine.routing.model_choices import ModelRow
from pages.ui import formats
from pages.ui.context import current_actor, get_studio
from pages.ui.errors import notice
from pages.ui.layout import card, say, slot
from pages.ui.own_limits import ai_switch
from pages.ui.pickers import name_of, persona_buttons
from pages.ui.why import PAYERS

HOW, PROFILE, MODEL, KNOWN, REFUSED = (f"mine/{name}" for name in ("how", "profile", "model", "known", "refused"))
AUTOMATIC, ONE_PROFILE, ONE_MODEL = "Automatic", "A profile", "One model"
PERSONA = "mine/persona"


def ai_settings_panel(actor: Actor, rows: list[ModelRow] | None = None) -> None:
    """Draw the choices; each is saved when it is made. `rows` are the models that one can have, when they are known."""
    with card("When I do not choose", "This wins over mode and page settings. An admin's stop still wins over this."):
        with st.container(horizontal=True, vertical_alignment="center"):
            _model(actor, get_studio().models.rows(actor) if rows is None else rows)
        with slot():
            if problem := st.session_state.pop(REFUSED, None):
                notice(problem)
        st.caption(_today(actor))
        with st.container(horizontal=True, vertical_alignment="center", horizontal_alignment="distribute"):
            _persona(actor)
            ai_switch(actor)


def _model(actor: Actor, rows: list[ModelRow]) -> None:
    models = get_studio().models
    profiles = [choice.value for choice in models.choices(actor) if choice.value and ":" not in choice.value]
    refs = [row.ref for row in rows]
    wish = models.preferred(actor)
    _recall(wish)
    how = st.segmented_control(
        "What answers", (AUTOMATIC, ONE_PROFILE, ONE_MODEL), required=True, wrap=False, key=HOW, on_change=_how,
        label_visibility="collapsed",
    )  # fmt: skip
    if how == ONE_PROFILE:
        offered = list(dict.fromkeys([*profiles, *([wish] if wish and ":" not in wish else [])]))
        if offered:
            st.pills("Profile", offered, key=PROFILE, on_change=_save, args=(PROFILE,), label_visibility="collapsed")
        else:
            st.caption("No profile has a key yet.", width="content")
    if how == ONE_MODEL:
        offered = list(dict.fromkeys([*refs, *([wish] if ":" in wish else [])]))
        st.selectbox(
            "Model", offered, None, placeholder="Choose a model", key=MODEL, on_change=_save, args=(MODEL,),
            label_visibility="collapsed", width=320,
        )  # fmt: skip


def _recall(wish: str) -> None:
    """Set the fields to what is saved, when they are new or it was changed elsewhere."""
    state = st.session_state
    if HOW in state and state.get(KNOWN) == wish:
        return
    state[KNOWN] = wish
    state[HOW] = AUTOMATIC if not wish else ONE_MODEL if ":" in wish else ONE_PROFILE
    state[PROFILE] = wish if state[HOW] == ONE_PROFILE else None
    state[MODEL] = wish if state[HOW] == ONE_MODEL else None


def _today(actor: Actor) -> str:
    """What the saved choice gives now, in one sentence."""
    surface = "assistant" if actor.standing >= Standing.VERIFIED else "persona-preview"
    try:
        route = get_studio().assistant.route(actor, Picks(surface=surface))
    except StudioError as problem:
        return " ".join(formats.plain(part) for part in (problem.message, problem.hint) if part)
    mine = route.steps[0]
    gives = f"{formats.plain(route.model)} today: {PAYERS[route.key_source]}"
    if mine.outcome == "lost":
        return (
            f"**{formats.plain(mine.proposal or '')}** cannot be used, {formats.plain(mine.reason)}. Instead {gives}."
        )
    return f"**{formats.plain(mine.proposal or 'Automatic')}** gives {gives}."


def _persona(actor: Actor) -> None:
    key = get_studio().assistant.default_persona(actor)
    with st.container(horizontal=True, vertical_alignment="center", gap="xsmall", width="content"):
        st.markdown("Persona", width="content")
        with st.popover(formats.plain(name_of(key)), icon=":material/face:"):
            persona_buttons(PERSONA, _save_persona)


def _how() -> None:
    """Going back to Automatic is a choice at once; the others wait for what is chosen."""
    if st.session_state[HOW] == AUTOMATIC:
        _prefer("")


def _save(field: str) -> None:
    if wish := st.session_state[field]:
        _prefer(wish)


def _prefer(wish: str) -> None:
    try:
        get_studio().models.set_preferred(current_actor(), wish)
    except StudioError as problem:
        st.session_state[REFUSED] = problem
    else:
        say(f"{wish.partition(':')[2] or wish or 'The house'} answers when you pick nothing")


def _save_persona(key: str) -> None:
    try:
        get_studio().assistant.set_default_persona(current_actor(), key)
    except StudioError as problem:
        st.session_state[REFUSED] = problem
    else:
        say("They answer when you pick nobody")
