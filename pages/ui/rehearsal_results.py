"""What came of a rehearsal: the heatmap with what was lost, the answers of one cell, all checks by version."""

from collections.abc import Sequence

import pandas as pd
import streamlit as st

from engine.authoring.rehearsal.checks import Check
from engine.authoring.rehearsal.matrix import Lost, Matrix
from engine.authoring.rehearsal.rehearsal import RehearsedAnswer
from engine.personas.versions import DRAFT, History
from pages.ui import formats
from pages.ui.context import current_actor, get_studio
from pages.ui.heatmap import heatmap, row_name
from pages.ui.layout import card, card_head
from pages.ui.model_options import short
from pages.ui.rehearsal_run import ask_again
from pages.ui.safe_markdown import safe_markdown

MOST_ROWS, ROWS_SHOWN, MOST_LOST = 8, 5, 3
VERSION, MODEL, OPEN, ALL = "rehearsal/version", "rehearsal/model", "rehearsal/open", "rehearsal/all"
ICONS = {
    "passed": ":green[:material/check_circle:]",
    "failed": ":red[:material/cancel:]",
    "unjudged": ":orange[:material/help:]",
    "error": ":red[:material/error:]",
}
WORDS = {"passed": "Pass", "failed": "Fail", "unjudged": "Not judged", "error": "No answer"}
SHADES = {
    "Pass": "rgba(46, 158, 107, 0.16)",
    "Fail": "rgba(214, 69, 80, 0.16)",
    "Not judged": "rgba(217, 146, 92, 0.16)",
}
KINDS = {"sample": "Sample", "limit": "Limit probe", "own": "Your own"}


def results(history: History, matrix: Matrix, *, writing: bool) -> None:
    """Draw all that is known."""
    versions = shown(history, matrix)
    _keep_choice(matrix, versions)
    chosen = st.session_state[VERSION], st.session_state[MODEL]
    left, right = st.columns([1.5, 1], gap="small")
    with left:
        most = max(len(matrix.sets[version]) for version in versions)
        with card(f"Checks passed, of {most}", "The outlined cell is shown at the right."):
            heatmap(matrix, versions, chosen)
            lost(matrix.lost(), history.current)
    with right, st.container(border=True):
        _answers(history.key, matrix, versions, writing=writing)
    with card("All checks, by version", f"On {formats.plain(short(chosen[1]))}"):
        _table(matrix, versions, chosen[1])


def shown(history: History, matrix: Matrix) -> list[int]:
    """The newest versions that were rehearsed, and the current one."""
    begun = [
        version
        for version in matrix.versions
        if version == history.current or any(matrix.is_begun(version, model) for model in matrix.models)
    ]
    return begun[-MOST_ROWS:]


def lost(found: Sequence[Lost], current: int) -> None:
    """Say what the newest versions lost that an earlier one had."""
    newest = [each for each in found if each.version in (DRAFT, current)]
    by_cell: dict[tuple[int, int, str], int] = {}
    for each in newest:
        cell = (each.version, each.earlier, each.model)
        by_cell[cell] = by_cell.get(cell, 0) + 1
    for (version, earlier, model), number in list(by_cell.items())[:MOST_LOST]:
        name = "The draft" if version == DRAFT else f"Version {version}"
        checks = "one check" if number == 1 else f"{number} checks"
        st.warning(
            f"{name} lost {checks} on {formats.plain(short(model))} that version {earlier} passed.",
            icon=":material/trending_down:",
        )


def _keep_choice(matrix: Matrix, versions: list[int]) -> None:
    """Keep the chosen cell among those there are; at first the newest one that was begun."""
    if st.session_state.get(VERSION) not in versions or st.session_state.get(MODEL) not in matrix.models:
        begun = [(v, m) for v in versions for m in matrix.models if matrix.is_begun(v, m)]
        st.session_state[VERSION], st.session_state[MODEL] = begun[-1] if begun else (versions[-1], matrix.models[0])


def _answers(key: str, matrix: Matrix, versions: list[int], *, writing: bool) -> None:
    version, model = st.session_state[VERSION], st.session_state[MODEL]
    answers = get_studio().rehearsal.answers(current_actor(), key, version, model)
    judged = [each for each in answers if each.state in ICONS]
    passed = sum(each.state == "passed" for each in judged)
    with card_head("Answers", f"{passed} of {len(matrix.sets[version])} passed, failures first"):
        if judged and not writing and st.button("Re-run", icon=":material/refresh:", type="tertiary"):
            ask_again(key, version, judged[0].picked)
    left, right = st.columns([1, 2], gap="small")
    with left:
        st.selectbox("Version", versions, format_func=row_name, key=VERSION, label_visibility="collapsed")
    with right:
        st.selectbox("Model", matrix.models, format_func=short, key=MODEL, label_visibility="collapsed")
    if not judged:
        st.caption("Nothing was asked here yet.")
        return
    opened = st.session_state.get(OPEN)
    if opened not in {each.check.key for each in judged}:
        opened = judged[0].check.key
    few = judged if st.session_state.get(ALL) else judged[:ROWS_SHOWN]
    for answer in few:
        if answer.check.key == opened:
            _open(answer)
        else:
            _row(answer)
    if len(few) < len(judged):
        st.button(
            f"Show {len(judged) - len(few)} more", type="tertiary", icon=":material/expand_more:", on_click=_put,
            args=(ALL, True),
        )  # fmt: skip


def _open(answer: RehearsedAnswer) -> None:
    with st.container(border=True, gap="small"):
        st.markdown(f"{ICONS[answer.state]} **{formats.plain(answer.check.title)}**")
        st.markdown(f"*“{formats.plain(formats.start(answer.question, 300))}”*")
        if answer.answer:
            st.markdown(safe_markdown(answer.answer))
        who = {"rule": "Rule", "model": "Judge"}.get(answer.judged_by, "Not asked")
        expected = (
            f" Expected: {formats.plain(formats.start(answer.check.expected, 160))}" if answer.check.expected else ""
        )
        st.caption(f"{who}: {formats.plain(answer.reason)}{expected if answer.state != 'passed' else ''}")


def _row(answer: RehearsedAnswer) -> None:
    with st.container(horizontal=True, vertical_alignment="center", wrap=False):
        st.markdown(ICONS[answer.state], width="content")
        title = formats.plain(answer.check.title)
        st.markdown(title if answer.state == "passed" else f"**{title}**", width="stretch")
        key = f"show/{answer.check.key}"
        st.button("Show", type="tertiary", key=key, on_click=_put, args=(OPEN, answer.check.key))


def _put(name: str, value: object) -> None:
    st.session_state[name] = value


def _table(matrix: Matrix, versions: list[int], model: str) -> None:
    rows = [_line(matrix, versions, model, check) for check in matrix.checks]
    table = pd.DataFrame(rows)
    names = [row_name(version) for version in versions]
    styled = table.style.map(lambda word: f"background-color: {SHADES[word]}" if word in SHADES else "", subset=names)
    st.dataframe(styled, hide_index=True, placeholder="–", column_config={"Check": st.column_config.Column(width=190)})


def _line(matrix: Matrix, versions: list[int], model: str, check: Check) -> dict[str, str | None]:
    states = {row_name(version): WORDS.get(matrix.state(version, model, check.key)) for version in versions}
    return {"Check": check.title, "Kind": KINDS[check.kind], "Judged by": "rule" if check.by_rule else "model"} | states
