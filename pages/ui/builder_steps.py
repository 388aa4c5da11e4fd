"""The five steps of the builder and the review: which fields each asks for, and when it is done."""

from collections.abc import Callable
from uuid import UUID

import streamlit as st

from engine.errors import StudioError
from engine.personas.drafts import Draft
from engine.personas.spec import PersonaSpec, fields_of
from pages.ui import formats
from pages.ui.context import current_actor, get_studio
from pages.ui.errors import notice
from pages.ui.forms import choice_word, field, problem, unsaved
from pages.ui.layout import card, list_row, portrait, say

# step: its name in the stepper, the head of its card, the question it opens with
STEPS = {
    "role": ("Role", "Role and setting", "Who is speaking, and where do they stand?"),
    "voice": ("Voice", "Voice and tone", "How do they sound?"),
    "knows": ("Knows", "Knowledge", "What do they know, and what not?"),
    "limits": ("Limits", "Hard limits", "What must never happen, whoever asks?"),
    "samples": ("Samples", "Sample interactions", "Show, do not tell."),
    "review": ("Review", "Ready to publish", "Everything the model will know, on one page."),
}
ORDER = tuple(STEPS)
DONE, OPEN = ":green[:material/check_circle:]", ":orange[:material/lightbulb:]"


def step_key(draft_id: UUID) -> str:
    """Where this tab keeps the step it shows."""
    return f"step/{draft_id}"


def place(step: str) -> str:
    """How far a draft has come."""
    return "In review" if step == "review" else f"Step {ORDER.index(step) + 1} of {len(ORDER) - 1}"


def stepper(draft: Draft) -> str:
    """Draw the row of steps and say which one is open."""
    key = step_key(draft.id)
    st.session_state.setdefault(key, draft.step)
    labels = {step: _label(draft.spec, step) for step in ORDER}
    return st.segmented_control(
        "Step",
        ORDER,
        format_func=lambda step: labels[step],
        required=True,
        key=key,
        on_change=_keep_step,
        args=(draft.id,),
        width="stretch",
        wrap=False,
        label_visibility="collapsed",
        persist_state="session",
    )


def step_card(draft: Draft, step: str) -> None:
    """Draw a step with its fields and the way on."""
    _, title, question = STEPS[step]
    with card(title, question):
        DRAWN.get(step, _plain_step)(draft, step)
        _foot(draft, step)


def is_done(spec: PersonaSpec, step: str) -> bool:
    """Whether a step has said what it is there for."""
    needed = {
        "role": (spec.name, spec.system_prompt or spec.context or spec.role),
        "voice": (spec.voice,),
        "knows": (spec.knowledge or spec.unknowns,),
        "limits": (spec.constraints,),
        "samples": (spec.sample_interactions,),
    }
    return step in needed and all(needed[step])


def _label(spec: PersonaSpec, step: str) -> str:
    name = STEPS[step][0]
    if step == "review":
        return name
    return f":material/check: {name}" if is_done(spec, step) else f"{ORDER.index(step) + 1} {name}"


def _keep_step(draft_id: UUID) -> None:
    try:
        get_studio().drafts.save(current_actor(), draft_id, {}, step=st.session_state[step_key(draft_id)])
    except StudioError:
        return  # the step is a convenience; the next change of a field says what is wrong


def _go(draft_id: UUID, step: str) -> None:
    st.session_state[step_key(draft_id)] = step
    _keep_step(draft_id)


def _plain_step(draft: Draft, step: str) -> None:
    for name in fields_of(step):
        field(draft, name)


def _role_step(draft: Draft, _: str) -> None:
    with st.container(horizontal=True, vertical_alignment="bottom"):
        portrait(draft.spec.name, draft.key, emoji=draft.spec.avatar, width=68)
        with st.container(width=240):
            field(draft, "name", alone=True)
        with st.popover("Portrait", icon=":material/palette:"):
            field(draft, "avatar")
            st.caption(PersonaSpec.model_fields["avatar"].description)
    problem(draft.id, "name")
    for name in ("role", "system_prompt", "context"):
        field(draft, name)
    left, right = st.columns(2)
    with left:
        field(draft, "modality")
    with right:
        field(draft, "tags")


def _review_step(draft: Draft, _: str) -> None:
    actor = current_actor()
    for step in ORDER[:-1]:
        done = is_done(draft.spec, step)
        with list_row(DONE if done else OPEN, f"**{STEPS[step][0]}**", summary(draft.spec, step)):
            st.button("Edit", key=f"edit/{step}", type="tertiary", on_click=_go, args=(draft.id, step))
    field(draft, "visibility", without=() if actor.department_id else ("department",))
    left, right = st.columns(2)
    with left:
        field(draft, "preferred_profile")
    with right:
        field(draft, "talkativeness")
    st.text_input("Note for this version", placeholder="What changed, in a few words", key=_note(draft.id))


DRAWN: dict[str, Callable[[Draft, str], None]] = {"role": _role_step, "review": _review_step}


def summary(spec: PersonaSpec, step: str) -> str:
    """A step in one line."""
    said = {
        "role": [spec.role, choice_word("modality", spec.modality)] if spec.name else [],
        "voice": [formats.start(spec.voice, 70)] if spec.voice else [],
        "knows": [
            formats.counted(len(spec.knowledge), "topic", "topics") if spec.knowledge else "",
            formats.counted(len(spec.unknowns), "gap", "gaps") if spec.unknowns else "",
            f"tools: {', '.join(spec.tools)}" if spec.tools else "",
        ],
        "limits": [formats.counted(len(spec.constraints), "limit", "limits")] if spec.constraints else [],
        "samples": [
            formats.counted(len(spec.sample_interactions), "exchange", "exchanges") if spec.sample_interactions else "",
            formats.counted(len(spec.sample_queries), "question to try", "questions to try")
            if spec.sample_queries
            else "",
        ],
    }[step]
    return formats.plain(" · ".join(part for part in said if part)) or HINTS[step]


HINTS = {
    "role": "Give them a name, and say who they are",
    "voice": "Two or three words already change how they sound",
    "knows": "Nothing yet: they will guess",
    "limits": "Nothing yet: the model's own manners apply",
    "samples": "Two or three exchanges make the voice steadier",
}


def _foot(draft: Draft, step: str) -> None:
    at = ORDER.index(step)
    with st.container(horizontal=True, horizontal_alignment="distribute"):
        back = ORDER[at - 1] if at else ""
        st.button("Back", icon=":material/arrow_back:", disabled=not back, on_click=_go, args=(draft.id, back))
        if step == "review":
            asked = st.button(
                f"Publish version {draft.base_version + 1}",
                icon=":material/publish:",
                type="primary",
                disabled=bool(unsaved(draft.id)),
                help="A field was not saved. Correct it first." if unsaved(draft.id) else None,
            )
        else:
            asked, following = False, ORDER[at + 1]
            st.button(
                f"Next: {STEPS[following][0].lower()}",
                icon=":material/arrow_forward:",
                icon_position="right",
                type="primary",
                on_click=_go,
                args=(draft.id, following),
            )
    if asked:
        _publish(draft)


def _publish(draft: Draft) -> None:
    try:
        get_studio().drafts.publish(current_actor(), draft.id, note=st.session_state[_note(draft.id)])
    except StudioError as refused:
        notice(refused)
        return
    say(f"{draft.spec.name} is published")
    st.switch_page("studio/personas.py")


def _note(draft_id: UUID) -> str:
    return f"note/{draft_id}"
