"""The right side of the builder: the persona speaking as it is written."""

import hashlib
from functools import partial
from typing import Any
from uuid import UUID

import streamlit as st
from streamlit.delta_generator import DeltaGenerator

from engine.authoring.lint.samples import crossing
from engine.authoring.preview import FIRST_QUESTION, SURFACE
from engine.errors import StudioError
from engine.personas.drafts import Draft
from engine.personas.faces import accent_of
from engine.personas.prompt import Section
from engine.routing.route import Route
from engine.runs import Run
from pages.ui import formats
from pages.ui.ai_disabled_banner import ICON as PAUSE
from pages.ui.ai_disabled_banner import silence, unless_stopped
from pages.ui.asking import receipt, uses
from pages.ui.context import current_actor, get_studio
from pages.ui.likeness import likeness
from pages.ui.limit_notice import SWITCHED_OFF, paused, refused
from pages.ui.safe_markdown import safe_markdown
from pages.ui.stream import polled

ANSWER_PX = 190
STATES = {
    "writing": ("Writing", ":material/edit:", "violet"),
    "current": ("Up to date", ":material/check:", "green"),
    "behind": ("Behind", ":material/history:", "orange"),
    "stopped": ("Stopped", ":material/stop_circle:", "red"),
    "failed": ("Failed", ":material/error:", "red"),
    "cut": ("Cut off", ":material/error:", "red"),
}
ENDED = {"stopped": "Stopped by you", "cut": "The studio was restarted meanwhile; what had come is kept"}


def preview(draft: Draft, sections: tuple[Section, ...], *, height: int = ANSWER_PX) -> None:
    """Draw the preview. It speaks by itself only when that is free; otherwise it waits for Speak.

    What a stop kept from being said is said once nothing is stopped any more.
    """
    actor, studio = current_actor(), get_studio()
    with st.container(border=True):
        with st.container(horizontal=True, horizontal_alignment="distribute", vertical_alignment="center"):
            st.subheader("Live preview", anchor=False, width="content")
            with st.container(horizontal=True, width="content", vertical_alignment="center"):
                badge = st.empty()
                model = _model_picker(draft)
        try:
            route = studio.preview.route(actor, draft.spec, model=model)
            unless_stopped(actor, route, SURFACE)
        except StudioError as problem:
            refused(problem, place=_key(draft.id, "route"), built_in=partial(_use_built_in, draft.id))
            return
        question = question_of(draft)
        wanted = _fingerprint(sections, question, model)
        run, spoken = studio.preview.run(actor, draft.id), _spoken(draft.id)
        stop = studio.controls.notice(actor)
        off, hushed = silence(stop), run is not None and stop is None and isinstance(run.error, SWITCHED_OFF)
        if run is not None and not hushed:
            spoken.setdefault("of", wanted)
        if route.free and not off and _has_words(draft) and (hushed or spoken.get("of") != wanted):
            run = _speak(draft.id, question, model, wanted, unasked=True)
        talk = partial(_talk, draft, question, route, model, off, height)
        polled(talk, writing=run is not None and not run.over)
        if off:
            badge.badge("Paused", icon=PAUSE, color="red")
        else:
            _badge(badge, run, current=_spoken(draft.id).get("of") == wanted)
        _questions(draft)
        if route.provider == "local":
            st.caption("The small built-in model answers. It is free, and it says silly things.")


def _key(draft_id: UUID, what: str) -> str:
    return f"preview/{draft_id}/{what}"


def _has_words(draft: Draft) -> bool:
    spec = draft.spec
    return any(text.strip() for text in (spec.name, spec.role, spec.system_prompt, spec.context))


def _fingerprint(sections: tuple[Section, ...], question: str, model: str) -> str:
    text = "\0".join([*(section.text for section in sections), question, model])
    return hashlib.sha256(text.encode()).hexdigest()


def _spoken(draft_id: UUID) -> dict[str, Any]:
    """What this tab had spoken last: the fingerprint `of` it, and why it was refused."""
    return st.session_state.setdefault(_key(draft_id, "spoken"), {})


def _speak(draft_id: UUID, question: str, model: str, wanted: str, *, unasked: bool = False) -> Run | None:
    spoken: dict[str, Any] = {"of": wanted}
    st.session_state[_key(draft_id, "spoken")] = spoken
    try:
        return get_studio().preview.speak(current_actor(), draft_id, question, model=model, unasked=unasked)
    except StudioError as problem:
        spoken["refused"] = problem
        return None


def _asked(draft_id: UUID, model: str) -> None:
    """Speak as the draft stands now: what was typed last may have been saved by the same key."""
    draft = get_studio().drafts.get(current_actor(), draft_id)
    question = question_of(draft)
    sections = get_studio().preview.sections(current_actor(), draft.spec)
    _speak(draft_id, question, model, _fingerprint(sections, question, model))


def _stop(draft_id: UUID) -> None:
    run = get_studio().preview.run(current_actor(), draft_id)
    if run is not None:
        run.stop()


def _model_picker(draft: Draft) -> str:
    choices = {choice.value: choice.label for choice in get_studio().models.choices(current_actor())}
    return st.selectbox(
        "Model",
        list(choices),
        format_func=lambda value: choices.get(value, value),
        key=_key(draft.id, "model"),
        label_visibility="collapsed",
        width=190,
        persist_state="session",
    )


def _badge(slot: DeltaGenerator, run: Run | None, *, current: bool) -> None:
    if run is not None:
        state = run.state if run.state != "done" else "current" if current else "behind"
        word, icon, colour = STATES[state]
        slot.badge(word, icon=icon, color=colour)


def _talk(draft: Draft, question: str, route: Route, model: str, off: str, height: int) -> bool:
    """The question, the answer so far, its receipt, and the one button that fits; whether it is still being written.

    `off` is why nobody could answer when the page was drawn; when that has changed, all of it is drawn anew.
    """
    run, spoken = get_studio().preview.run(current_actor(), draft.id), _spoken(draft.id)
    stop = get_studio().controls.notice(current_actor()) if run is None or run.over else None
    if (run is None or run.over) and silence(stop) != off:
        st.rerun()
    if run is None and not _has_words(draft):
        st.caption("Nobody is here yet. Write a name and who they are, and they begin to speak.")
        return False
    with st.chat_message("user", avatar=":material/person:"):
        st.markdown(safe_markdown(run.question if run is not None else question))
    if run is not None:
        _answer(draft, run, height, off=bool(off))
        if run.state == "done":
            _crossing(draft, run)
    if "refused" in spoken:
        refused(spoken["refused"], place=_key(draft.id, "refused"), built_in=partial(_use_built_in, draft.id))
    if stop is not None and off:
        paused(stop, place=_key(draft.id, "paused"))
    _act(draft, run, route, question, model, off)
    return run is not None and not run.over


def _act(draft: Draft, run: Run | None, route: Route, question: str, model: str, off: str) -> None:
    """The receipt of the answer, and the one button that fits; what the next one costs stands beside it."""
    said, writing = _receipt(run), run is not None and not run.over
    if not route.free and not writing:
        if said:
            st.caption(said)
        cost = get_studio().preview.cost_estimate(current_actor(), draft.spec, question, model=model)
        said = f"{'The next costs' if said else 'Costs'} at most {formats.money(cost)}"
    with st.container(horizontal=True, horizontal_alignment="distribute", vertical_alignment="center"):
        st.caption(said, width="content")
        if writing:
            st.button("Stop", icon=":material/stop_circle:", type="tertiary", on_click=_stop, args=(draft.id,))
        elif _has_words(draft):
            free, word = route.free, "Again" if route.free and run is not None else "Speak"
            st.button(
                f"{word}{uses(route)}",
                icon=":material/refresh:" if free else ":material/record_voice_over:",
                type="tertiary" if free else "secondary",
                shortcut=None if free else "Ctrl+Enter",
                on_click=_asked,
                args=(draft.id, model),
                disabled=bool(off),
            )


def _use_built_in(draft_id: UUID) -> None:
    """Have the model that costs nothing answer."""
    choices = get_studio().models.choices(current_actor())
    st.session_state[_key(draft_id, "model")] = next(each.value for each in choices if each.free and each.value)


def _answer(draft: Draft, run: Run, height: int, *, off: bool) -> None:
    if run.text or not run.over:
        name = formats.plain(draft.spec.name) or "No name yet"
        with st.chat_message("assistant", avatar=likeness(draft.key, draft.spec.avatar)):
            st.markdown(f":{accent_of(draft.key)}[**{name}**]")
            with st.container(height=height, border=False, autoscroll=True):
                if run.text:
                    st.markdown(safe_markdown(run.text))
                else:
                    st.caption("Reading the persona")
    if run.error is not None and not (off and isinstance(run.error, SWITCHED_OFF)):
        refused(run.error, place=_key(draft.id, "failed"), built_in=partial(_use_built_in, draft.id))


def _receipt(run: Run | None) -> str:
    if run is None:
        return ""
    if run.result is not None:
        return " · ".join(receipt(run.result))
    if run.over:
        return ENDED.get(run.state, "")
    first = run.first_word_ms
    return "Writing" if first is None else f"Writing, {formats.seconds(first)} to first word"


def _crossing(draft: Draft, run: Run) -> None:
    """Say when words of the answer cross a limit, as far as rules can see."""
    for number, limit in enumerate(draft.spec.constraints, 1):
        if found := crossing(limit, run.text):
            st.markdown(f":orange[:material/warning: Limit {number} looks crossed: “{formats.plain(found)}”]")
            return


def _suggestions(draft: Draft) -> list[str]:
    own = dict.fromkeys(query for query in draft.spec.sample_queries if query.strip())
    return list(own)[:4] or [FIRST_QUESTION]


def question_of(draft: Draft) -> str:
    """What is asked: an own question, else the chosen suggestion, else the first."""
    own = st.session_state.get(_key(draft.id, "own"), "").strip()
    chosen = st.session_state.get(_key(draft.id, "chosen"))
    suggestions = _suggestions(draft)
    return own or (chosen if chosen in suggestions else suggestions[0])


def _questions(draft: Draft) -> None:
    """What to ask: the draft's own questions to try, or any other."""
    own = _key(draft.id, "own")

    def ask_suggested() -> None:
        st.session_state[own] = ""

    suggestions = _suggestions(draft)
    if len(suggestions) > 1:
        st.pills(
            "Questions to try",
            suggestions,
            format_func=formats.plain,
            key=_key(draft.id, "chosen"),
            on_change=ask_suggested,
            label_visibility="collapsed",
        )
    st.text_input(
        "Your own question",
        placeholder="Ask them something else",
        icon=":material/chat_bubble:",
        key=own,
        label_visibility="collapsed",
        persist_state="session",
    )
