"""A model helping the writer: what it proposes stands beside the draft until the writer takes it or sends it away."""

import re
from collections.abc import Callable
from functools import partial
from typing import Any
from uuid import UUID

import streamlit as st

from engine.authoring.writing.proposals import PersonaForm
from engine.authoring.writing.tasks import DRAFT, IMPROVABLE, IMPROVE
from engine.authoring.writing.writing import Written
from engine.errors import StudioError
from engine.personas.drafts import Draft
from engine.personas.merging import title_of
from engine.personas.spec import fields_of
from engine.runs import Run
from pages.ui import formats
from pages.ui.asking import cost_before, receipt, uses
from pages.ui.context import current_actor, get_studio
from pages.ui.draft_state import as_text, key_of, put, stored
from pages.ui.limit_notice import refused
from pages.ui.safe_markdown import safe_markdown
from pages.ui.stream import polled

ENDED = {"stopped": "Stopped by you; nothing was taken.", "cut": "The studio was restarted meanwhile."}
SILLY = (
    "The small built-in model fills in forms, but it makes little sense. A provider key under Keys brings a better one."
)
_FIELD = re.compile(r'"(\w+)"\s*:')


def improve_popover(draft: Draft, step: str) -> None:
    """Choose a field of the step, say what is wished, and ask."""
    fields = [name for name in fields_of(step) if name in IMPROVABLE]
    popover = st.popover(
        "Improve",
        icon=":material/auto_fix_high:",
        type="tertiary",
        help="Have a model rewrite a field",
        key=key_of(draft.id, "improve/open"),
        on_change="rerun",
    )
    if popover.open:
        with popover:
            name = st.selectbox("Field", fields, format_func=title_of, key=key_of(draft.id, "improve/field", step))
            key = key_of(draft.id, "wish", step)
            st.text_input("What to change", placeholder="Shorter, and less polite", key=key, live="600ms")
            ask(draft, f"{IMPROVE}{name}", "Propose a better one", said=key)


def improvement(draft: Draft, name: str) -> None:
    """What a model proposes for a field, under it."""
    if name in IMPROVABLE:
        watch(draft, f"{IMPROVE}{name}", partial(_improved, draft, name))


def ask(draft: Draft, task: str, label: str, *, said: str = "") -> None:
    """The button that begins a task, with what it costs; `said` is the key of the field with its words."""
    words = _words(said)
    choices = {choice.value: choice.label for choice in get_studio().models.choices(current_actor())}
    with st.container(horizontal=True, vertical_alignment="center"):
        model = st.selectbox(
            "Model that writes",
            list(choices),
            format_func=lambda value: choices.get(value, value),
            key=key_of(draft.id, task, "model"),
            label_visibility="collapsed",
            width=190,
            persist_state="session",
        )
        try:
            quote = get_studio().writing.quote(current_actor(), draft.id, task, said=words, model=model)
        except StudioError as problem:
            refused(problem, place=key_of(draft.id, task, "quote"))
            return
        st.button(
            f"{label}{uses(quote.route)}",
            icon=":material/auto_fix_high:",
            key=key_of(draft.id, task, "ask"),
            on_click=_begin,
            args=(draft.id, task, said),
        )
        st.caption(cost_before(quote.route, quote.cost_usd), width="content")
    if why := st.session_state.pop(key_of(draft.id, task, "why"), None):
        refused(why, place=key_of(draft.id, task, "refused"))


def watch(draft: Draft, task: str, show: Callable[[Run[Written]], None]) -> None:
    """Draw what came of a task, as it comes; nothing when it was not begun."""
    run = get_studio().writing.run(current_actor(), draft.id, task)
    if run is None:
        return

    def look() -> bool:
        found = get_studio().writing.run(current_actor(), draft.id, task)
        if found is None:
            return False
        if not found.over:
            _writing(found, draft.id, task, show)
        elif found.error is not None:
            refused(found.error, place=key_of(draft.id, task, "failed"))
            _send_away(draft.id, task)
        elif found.result is None:
            st.caption(ENDED.get(found.state, ""))
            _send_away(draft.id, task)
        elif not found.result.proposal.readable:
            _unreadable(found, draft.id, task)
        else:
            show(found)
        return not found.over

    polled(look, writing=not run.over)


def written_by(run: Run[Written]) -> None:
    """What it cost, and a word about the model of the house."""
    if run.result is not None:
        st.caption(" · ".join(receipt(run.result.answer)))
        if run.result.answer.route.provider == "local":
            st.caption(SILLY)


def dismissed(draft_id: UUID, task: str, label: str) -> None:
    """A button that sends away what came of a task."""
    key = key_of(draft_id, task, "dismiss")
    if st.button(label, type="tertiary", key=key, on_click=dismiss, args=(draft_id, task)):
        st.rerun()


def _writing(run: Run[Written], draft_id: UUID, task: str, show: Callable[[Run[Written]], None]) -> None:
    with st.container(horizontal=True, horizontal_alignment="distribute", vertical_alignment="center"):
        st.badge("Writing", icon=":material/edit:", color="violet")
        st.button(
            "Stop",
            icon=":material/stop_circle:",
            type="tertiary",
            key=key_of(draft_id, task, "stop"),
            on_click=run.stop,
        )
    if task == DRAFT:
        done = [name for name in PersonaForm.model_fields if name in _FIELD.findall(run.text)]
        st.progress(
            len(done) / len(PersonaForm.model_fields), text=title_of(done[-1]) if done else "Reading the sentence"
        )
    elif run.text and task.startswith(IMPROVE) and not run.text.lstrip().startswith("{"):
        st.markdown(safe_markdown(run.text))
    else:
        st.caption(f"{len(run.text.split())} words so far" if run.text else "Reading the persona")


def _improved(draft: Draft, name: str, run: Run[Written]) -> None:
    task, new = f"{IMPROVE}{name}", run.result.proposal.fields.get(name)
    with st.container(border=True):
        if new is None or new == stored(draft, name):
            st.caption(
                f"The model would leave {title_of(name).lower()} as it is." if new else "The answer does not fit here."
            )
            dismissed(draft.id, task, "Close")
            return
        now, then = st.columns(2)
        with now:
            st.markdown("##### Now")
            _text(stored(draft, name))
        with then:
            st.markdown("##### Proposed")
            _text(new)
        written_by(run)
        with st.container(horizontal=True):
            at = (draft, task, [name])
            if st.button(
                "Take it", icon=":material/check:", key=key_of(draft.id, task, "take"), on_click=take, args=at
            ):
                st.rerun()
            dismissed(draft.id, task, "Keep mine")


def _unreadable(run: Run[Written], draft_id: UUID, task: str) -> None:
    cut = run.result.answer.response.finish_reason == "length"
    why = "The answer broke off before its end" if cut else "The answer had not the form that was asked for"
    st.warning(f"{why}, so nothing of it can be taken. Your draft is as it was. Larger models do better.")
    with st.expander("What it said", type="compact"):
        st.code(run.text, language=None, wrap_lines=True)
    written_by(run)
    _send_away(draft_id, task)


def _text(value: Any) -> None:
    """A value as it would stand in its field."""
    if isinstance(value, list):
        st.markdown("\n".join(f"- {formats.plain(as_text(item))}" for item in value) or "Nothing")
    else:
        st.markdown("\n\n".join(map(formats.plain, filter(None, str(value).splitlines()))) or "Nothing")


def _send_away(draft_id: UUID, task: str) -> None:
    dismissed(draft_id, task, "Close")


def _begin(draft_id: UUID, task: str, said: str) -> None:
    writing, actor, words = get_studio().writing, current_actor(), _words(said)
    model = st.session_state.get(key_of(draft_id, task, "model")) or ""
    try:
        if task == DRAFT:
            writing.draft_from_sentence(actor, draft_id, words, model=model)
        elif task.startswith(IMPROVE):
            writing.improve(actor, draft_id, task.removeprefix(IMPROVE), wish=words, model=model)
        else:
            writing.review(actor, draft_id, model=model)
    except StudioError as why:
        st.session_state[key_of(draft_id, task, "why")] = why
    else:
        st.session_state[key_of(draft_id, "improve/open")] = False
    for key in [key for key in map(str, st.session_state) if key.startswith(key_of(draft_id, "take"))]:
        del st.session_state[key]


def _words(key: str) -> str:
    """What was typed into a field, if there is one."""
    return str(st.session_state.get(key) or "").strip() if key else ""


def take(draft: Draft, task: str, names: list[str]) -> None:
    """Put these of the proposed fields into the draft, and send the rest away."""
    run = get_studio().writing.run(current_actor(), draft.id, task)
    if run is None or run.result is None:
        return
    if put(draft, {name: value for name, value in run.result.proposal.fields.items() if name in names}):
        dismiss(draft.id, task)


def dismiss(draft_id: UUID, task: str) -> None:
    """Send away what came of a task."""
    get_studio().writing.dismiss(current_actor(), draft_id, task)
    st.session_state.pop(key_of(draft_id, task, "open"), None)
