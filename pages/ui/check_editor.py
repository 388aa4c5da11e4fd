"""The checks of a persona, to be looked at, changed, dropped and added."""

import streamlit as st

from engine.authoring.rehearsal.checks import Check
from engine.errors import StudioError
from pages.ui import formats
from pages.ui.context import MEMBERS, current_actor, get_studio, require
from pages.ui.errors import notice

NEW = ""
KINDS = {"sample": "Sample", "limit": "Limit", "own": "Own"}
HELP = (
    "One a line. Where phrases stand here, a rule judges: every one of the first has to occur, none of the second may."
)


@st.dialog("Checks", width="large")
def edit_checks(key: str) -> None:
    """Choose a check, or a new one, and change it."""
    actor = require(*MEMBERS)
    checks = {check.key: check for check in get_studio().checks.all(actor, key)}
    st.markdown(
        "They follow from the samples and the limits of the published version. Change what asks the wrong thing."
    )
    chosen = st.selectbox(
        "Check",
        [*checks, NEW],
        format_func=lambda each: (
            f"{KINDS[checks[each].kind]} · {checks[each].title}" if each in checks else "New check"
        ),
    )
    _form(key, checks.get(chosen))
    if dropped := get_studio().checks.dropped(actor, key):
        label = f"Bring back {formats.counted(dropped, 'dropped check', 'dropped checks')}"
        st.button(label, icon=":material/undo:", on_click=_bring_back, args=(key,))


def _bring_back(key: str) -> None:
    get_studio().checks.bring_back(current_actor(), key)


def _form(key: str, check: Check | None) -> None:
    about = check.key if check else NEW
    with st.form(f"check/{about}", border=False):
        title = st.text_input("Title", check.title if check else "", placeholder="Says what sources do not tell")
        question = st.text_area("Question", check.question if check else "", height=88)
        expected = st.text_area(
            "Expected", check.expected if check else "", height=88, help="What a model that judges is told to look for."
        )
        left, right = st.columns(2, gap="small")
        with left:
            must = st.text_area("Must occur", _lines(check.must if check else ()), height=68, help=HELP)
        with right:
            must_not = st.text_area("Must not occur", _lines(check.must_not if check else ()), height=68)
        with st.container(horizontal=True, horizontal_alignment="distribute"):
            saved = st.form_submit_button("Save check" if check else "Add check", type="primary")
            dropped = check is not None and st.form_submit_button(":red[Drop check]", type="tertiary")
    checks = get_studio().checks
    try:
        if dropped and check:
            checks.drop(current_actor(), key, check.key)
        elif saved:
            phrases = {"must": must.split("\n"), "must_not": must_not.split("\n")}
            checks.save(
                current_actor(), key, check.key if check else None, title=title, question=question, expected=expected,
                **phrases,
            )  # fmt: skip
        else:
            return
    except StudioError as problem:
        notice(problem)
        return
    st.rerun()


def _lines(phrases: tuple[str, ...]) -> str:
    return "\n".join(phrases)
