"""Beside the builder: what to look at, what the model reads before every question, and what a turn costs."""

from collections.abc import Callable
from functools import partial
from uuid import UUID

import streamlit as st

from engine.authoring.lint import Finding, Severity, lint
from engine.authoring.writing.tasks import REVIEW
from engine.authoring.writing.writing import Written
from engine.personas.drafts import Draft
from engine.personas.prompt import Section
from engine.personas.spec import PersonaSpec, asked_for
from engine.runs import Run
from pages.ui import formats
from pages.ui.context import current_actor, get_studio
from pages.ui.draft_state import key_of, put
from pages.ui.layout import list_row, stacked_bar
from pages.ui.writing_help import ask, dismissed, watch, written_by

VIEWS = ("checks", "prompt", "cost")
OPENS_ON = {"limits": "checks", "samples": "checks", "review": "cost"}
ICONS: dict[Severity, str] = {
    "error": ":red[:material/error:]",
    "warning": ":orange[:material/warning:]",
    "hint": ":blue[:material/info:]",
}
COLOURS = {
    "mode": "gray",
    "role": "violet",
    "voice": "red",
    "knowledge": "blue",
    "limits": "orange",
    "samples": "green",
    "specialisation": "yellow",
}
ITEMS = {"sample_interactions": "sample", "constraints": "limit"}

Open = Callable[[UUID, str], None]


def inspector(draft: Draft, step: str, sections: tuple[Section, ...], question: str, *, open_step: Open) -> None:
    """Draw the card. It opens on what helps in the step; `open_step` goes to another one."""
    findings = lint(draft.spec)
    whole = sum(section.tokens for section in sections)
    alarm = ":material/error: " if any(finding.severity == "error" for finding in findings) else ""
    labels = {
        "checks": f"{alarm}Checks · {len(findings)}",
        "prompt": f"Prompt · {formats.counted(whole, 'token', 'tokens')}",
        "cost": "Cost per turn",
    }
    with st.container(border=True):
        view = st.segmented_control(
            "Look at",
            VIEWS,
            default=OPENS_ON.get(step, "prompt"),
            required=True,
            format_func=lambda each: labels[each],
            key=key_of(draft.id, "inspector", step),
            label_visibility="collapsed",
            width="stretch",
            wrap=False,
            persist_state="session",
        )
        if view == "checks":
            _checks(draft, findings, open_step)
        elif view == "cost":
            _cost(draft, question)
        else:
            _prompt(sections, whole)


def _checks(draft: Draft, findings: tuple[Finding, ...], open_step: Open) -> None:
    if not findings:
        with list_row(":green[:material/check_circle:]", "**Nothing to fix**", "As far as rules can see."):
            pass
    for number, finding in enumerate(findings):
        with list_row(ICONS[finding.severity], f"**{finding.title}**", formats.plain(finding.sentence)):
            key = key_of(draft.id, "finding", number)
            if finding.fix is not None:
                st.button(finding.fix_label, key=key, on_click=_mend, args=(draft.id, finding.rule, finding.field))
            else:
                label = f"Open {place_of(finding.field, finding.at)}"
                st.button(label, key=key, on_click=open_step, args=(draft.id, step_of(finding.field)))
    st.markdown("##### A second opinion")
    ask(draft, REVIEW, "Ask a model to review")
    watch(draft, REVIEW, partial(_reviewed, draft, open_step))


def step_of(field: str) -> str:
    """The step that asks for a field."""
    return str(asked_for()[field]["step"])


def place_of(field: str, at: int | None = None) -> str:
    """A field, or an item of it, as a button names it."""
    if at is not None and field in ITEMS:
        return f"{ITEMS[field]} {at + 1}"
    return (PersonaSpec.model_fields[field].title or field).lower()


def _mend(draft_id: UUID, rule: str, field: str) -> None:
    """Apply a fix to the draft as it stands now, when the rule still finds the same."""
    draft = get_studio().drafts.get(current_actor(), draft_id)
    found = next((each for each in lint(draft.spec) if (each.rule, each.field) == (rule, field)), None)
    if found is not None and found.fix is not None:
        put(draft, found.fix)


def _reviewed(draft: Draft, open_step: Open, run: Run[Written]) -> None:
    proposal = run.result.proposal
    if run.result.of != draft.spec:
        st.badge("Before your last changes", icon=":material/history:", color="orange")
    st.markdown(formats.plain(proposal.verdict))
    for number, remark in enumerate(proposal.remarks):
        title = f"**{PersonaSpec.model_fields[remark.field].title}** · {formats.plain(remark.problem)}"
        said = f"{formats.plain(remark.reason)} Instead: {formats.plain(remark.instead)}"
        with list_row(":violet[:material/rate_review:]", title, said):
            at = (draft.id, step_of(remark.field))
            if st.button("Open", key=key_of(draft.id, "remark", number), on_click=open_step, args=at):
                st.rerun()
    written_by(run)
    dismissed(draft.id, REVIEW, "Send it away")


def _prompt(sections: tuple[Section, ...], whole: int) -> None:
    stacked_bar([(COLOURS[section.key], section.tokens) for section in sections])
    for section in sections:
        label = f":{COLOURS[section.key]}[●] {section.title} · {formats.counted(section.tokens, 'token', 'tokens')}"
        with st.expander(label, type="compact"):
            st.code(section.text, language=None, wrap_lines=True)
    st.caption(f"{formats.counted(whole, 'token', 'tokens')}, read before every question.")


def _cost(draft: Draft, question: str) -> None:
    actor, preview = current_actor(), get_studio().preview
    costs = preview.turn_costs(actor, draft.spec, question)
    tokens_in, tokens_out = preview.turn_tokens(actor, draft.spec, question)
    thousand = [None if cost.usd is None else float(cost.usd) * 1000 for cost in costs]
    dearest = max([each for each in thousand if each] or [1.0])
    st.dataframe(
        {
            "Profile": [cost.profile for cost in costs],
            "Model": [cost.ref.model if cost.served else f"{cost.ref.model} (no key)" for cost in costs],
            "Per turn": [None if cost.usd is None else float(cost.usd) for cost in costs],
            "1,000 turns": thousand,
        },
        column_config={
            "Per turn": st.column_config.NumberColumn("Per turn", format="$%.4f", width=80),
            "1,000 turns": st.column_config.ProgressColumn(
                "1,000 turns", format="$%.2f", min_value=0, max_value=dearest
            ),
        },
        hide_index=True,
        height="content",
        placeholder="–",
    )
    said = f"{tokens_in:,} tokens in, {tokens_out} out, at today's list prices. Prompt caching is not counted."
    unknown = [cost.ref.model for cost in costs if cost.usd is None]
    if unknown:
        said += f" The price of {', '.join(map(formats.plain, dict.fromkeys(unknown)))} is unknown."
    st.caption(said)
    st.caption("The small built-in model is free.")
