"""The five steps of the builder and the review: which fields each asks for, and when it is done."""

from collections.abc import Callable
from uuid import UUID

import streamlit as st

from engine.authoring.guidance import guidance, voices
from engine.authoring.lint import lint
from engine.errors import EditConflict, StudioError
from engine.personas.drafts import Draft
from engine.personas.spec import PersonaSpec, asked_for, fields_of
from pages.ui import formats
from pages.ui.builder_head import offered, turn_to
from pages.ui.card_import import import_card
from pages.ui.context import current_actor, get_studio
from pages.ui.draft_state import key_of, problem, put, stored, unsaved
from pages.ui.errors import notice
from pages.ui.forms import choice_word, field
from pages.ui.layout import card_head, list_row, say, slot
from pages.ui.newer_version import was_published_meanwhile
from pages.ui.portrait_picker import drawn, portrait_popover
from pages.ui.rehearsal_offer import after_publishing
from pages.ui.writing_help import improve_popover, improvement

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
    with st.container(border=True):
        with card_head(title, question), st.container(horizontal=True, width="content", gap="xsmall"):
            if step == "review":
                _things_to_look_at(draft)
            else:
                _guidance(draft, step)
                improve_popover(draft, step)
        DRAWN.get(step, _plain_step)(draft, step)
        _foot(draft, step)


def go(draft_id: UUID, step: str) -> None:
    """Open a step."""
    st.session_state[step_key(draft_id)] = step
    _keep_step(draft_id)


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


def _guidance(draft: Draft, step: str) -> None:
    """Tips, and examples to begin with; one is only taken into a field that is empty."""
    found = guidance(step)
    with st.popover("Guidance", icon=":material/lightbulb:", type="tertiary"):
        st.markdown("\n".join(f"- {tip}" for tip in found.tips))
        for number, example in enumerate(found.examples):
            with st.container(border=True, gap="xsmall"):
                st.markdown(f"**{example.name}**")
                st.caption(
                    formats.plain(example.text) if "\n" not in example.text else example.text.replace("\n", "  \n")
                )
                title = PersonaSpec.model_fields[example.field].title
                st.button(
                    f"Use it as {title.lower()}",
                    key=key_of(draft.id, "example", step, number),
                    on_click=_take_example,
                    args=(draft, example.field, example.text),
                    disabled=bool(stored(draft, example.field)),
                    help="The field has text already" if stored(draft, example.field) else None,
                )


def _take_example(draft: Draft, name: str, text: str) -> None:
    put(draft, {name: text if asked_for()[name]["widget"] == "area" else text.splitlines()})


def _plain_step(draft: Draft, step: str) -> None:
    for name in fields_of(step):
        _field(draft, name)


def _field(draft: Draft, name: str) -> None:
    field(draft, name)
    with slot():
        improvement(draft, name)


def _role_step(draft: Draft, _: str) -> None:
    with slot():
        if draft.spec == PersonaSpec():
            _ways_to_begin()
    with st.container(horizontal=True, vertical_alignment="bottom"):
        drawn(draft, width=68)
        with st.container(width=240):
            field(draft, "name", alone=True)
        portrait_popover(draft)
    with slot():
        problem(draft.id, "name")
    for name in ("role", "system_prompt", "context"):
        _field(draft, name)
    left, right = st.columns(2)
    with left:
        field(draft, "modality")
    with right:
        field(draft, "tags")


def _ways_to_begin() -> None:
    with st.container(horizontal=True, vertical_alignment="center", gap="xsmall"):
        st.caption("Begin with a name, with one sentence, or with a card.", width="content")
        if st.button("Import card", icon=":material/upload_file:", type="tertiary"):
            import_card()


def _voice_step(draft: Draft, step: str) -> None:
    """The field, and chips to begin with while nothing stands in it."""
    _plain_step(draft, step)
    begun, key = voices(), key_of(draft.id, "voices")

    def take() -> None:
        if st.session_state.get(key) in begun:
            put(draft, {"voice": begun[st.session_state[key]]})
        st.session_state[key] = None

    if not draft.spec.voice.strip():
        st.markdown("##### Begin with")
        st.pills("Begin with", list(begun), key=key, on_change=take, label_visibility="collapsed")


def _things_to_look_at(draft: Draft) -> None:
    found = len([finding for finding in lint(draft.spec) if finding.severity != "hint"])
    if found:
        st.badge(f"{formats.counted(found, 'thing', 'things')} to look at", icon=":material/lightbulb:", color="orange")
    else:
        st.badge("Nothing in the way", icon=":material/check:", color="green")


def _review_step(draft: Draft, _: str) -> None:
    actor = current_actor()
    for step in ORDER[:-1]:
        done = is_done(draft.spec, step)
        with list_row(DONE if done else OPEN, f"**{STEPS[step][0]}**", summary(draft.spec, step)):
            st.button("Edit", key=f"edit/{step}", type="tertiary", on_click=go, args=(draft.id, step))
    if draft.yours:  # for somebody else's, its owner decides
        field(draft, "visibility", without=() if actor.department_id else ("department",))
        field(draft, "prompt_open")
    left, right = st.columns(2)
    with left:
        field(draft, "preferred_profile")
    with right:
        field(draft, "talkativeness")
    st.text_input("Note for this version", placeholder="What changed, in a few words", key=_note(draft.id))


DRAWN: dict[str, Callable[[Draft, str], None]] = {
    "role": _role_step,
    "voice": _voice_step,
    "review": _review_step,
}


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
        st.button("Back", icon=":material/arrow_back:", disabled=not back, on_click=go, args=(draft.id, back))
        if step != "review":
            following = ORDER[at + 1]
            st.button(
                f"Next: {STEPS[following][0].lower()}",
                icon=":material/arrow_forward:",
                icon_position="right",
                type="primary",
                on_click=go,
                args=(draft.id, following),
            )
            return
        with st.container(horizontal=True, width="content"):
            if "Rehearse" in offered(draft) and st.button("Rehearse first", icon=":material/checklist:"):
                turn_to("Rehearse", draft)
            asked = st.button(
                f"Publish version {draft.base_version + 1}",
                icon=":material/publish:",
                type="primary",
                disabled=bool(unsaved(draft.id)),
                help="A field was not saved. Correct it first." if unsaved(draft.id) else None,
            )
    if asked:
        _publish(draft)


def _publish(draft: Draft) -> None:
    try:
        key = get_studio().drafts.publish(current_actor(), draft.id, note=st.session_state[_note(draft.id)])
    except EditConflict as newer:
        was_published_meanwhile(draft.id, newer)
        st.rerun()
    except StudioError as refused:
        notice(refused)
        return
    say(f"{draft.spec.name} is published. {after_publishing(key)}".removesuffix(". "))
    st.switch_page("studio/personas.py")


def _note(draft_id: UUID) -> str:
    return f"note/{draft_id}"
