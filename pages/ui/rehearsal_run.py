"""Starting a rehearsal, going on with it and stopping it; how far it is, and why it ended early."""

from collections.abc import Callable

import streamlit as st

from engine.authoring.rehearsal.planning import MOST_MODELS, MOST_VERSIONS
from engine.authoring.rehearsal.rehearsal import Estimate, Progress, Wish
from engine.errors import StudioError
from engine.personas.versions import DRAFT, History
from pages.ui import formats
from pages.ui.context import MEMBERS, current_actor, get_studio, require
from pages.ui.errors import notice
from pages.ui.model_options import model_options, short

# state of a run: the word on its badge, icon, colour
STATES = {
    "writing": ("Running", ":material/play_arrow:", "violet"),
    "done": ("Finished", ":material/check:", "green"),
    "stopped": ("Stopped", ":material/stop_circle:", "red"),
    "failed": ("Ended early", ":material/error:", "red"),
    "cut": ("Cut off", ":material/error:", "red"),
}
ENDED = {
    "stopped": "Stopped by you. What has its verdict is kept.",
    "cut": "The studio was restarted meanwhile. What has its verdict is kept.",
}


@st.dialog("Rehearse", width="medium")
def run_checks(history: History) -> None:
    """Choose versions, models and the judge; say what it costs, then ask."""
    require(*MEMBERS)
    options = model_options()
    names = {each.number: "Draft" if each.number == DRAFT else f"Version {each.number}" for each in history.versions}
    versions = st.multiselect(
        "Versions", list(names), [history.versions[0].number], format_func=names.get, max_selections=MOST_VERSIONS
    )
    left, right = st.columns([1.6, 1], gap="small")
    with left:
        models = st.multiselect(
            "Models, up to four", list(options), list(options)[:1], format_func=options.get, max_selections=MOST_MODELS
        )
    with right:
        judge = st.selectbox("Judge", list(options), format_func=options.get, help="Rules judge what they can.")
    again = st.checkbox("Ask again what has its verdict already")
    wish = Wish(tuple(versions), tuple(models), judge or "", again=again)
    _ask(lambda: get_studio().rehearsal.estimate(current_actor(), history.key, wish), history.key, wish)


@st.dialog("Rehearse this again?")
def ask_again(key: str, version: int, picked: str) -> None:
    """Ask all checks of one version on one model once more, after the cost was shown."""
    require(*MEMBERS)
    name = "the draft" if version == DRAFT else f"version {version}"
    st.markdown(f"Every check of {name} is asked once more; earlier verdicts are replaced.")
    wish = Wish((version,), (picked,), again=True)
    _ask(lambda: get_studio().rehearsal.estimate(current_actor(), key, wish), key, wish)


@st.dialog("Go on?")
def go_on(key: str) -> None:
    """Say what is left and what it costs, then ask."""
    require(*MEMBERS)
    _ask(lambda: get_studio().rehearsal.left(current_actor(), key), key, None)


def stop(key: str) -> None:
    """End the run; what has its verdict is kept."""
    get_studio().rehearsal.stop(current_actor(), key)


def badge_line(progress: Progress) -> None:
    """How the newest run stands, in badges."""
    word, icon, colour = STATES[progress.state]
    when = f" {formats.clock(progress.saved_at)}" if progress.state == "done" else ""
    with st.container(horizontal=True, gap="xsmall"):
        st.badge(f"{word}{when}", icon=icon, color=colour)
        st.badge(formats.counted(progress.calls, "call", "calls"), color="gray")
        st.badge(_spent(progress), color="gray")
        judge = model_options().get(progress.judge, progress.judge).rpartition(" · ")[2]
        then = f", then {judge}" if progress.judge else ""
        st.badge(f"Judge: rules first{formats.plain(then)}", color="gray")


def how_far(key: str, progress: Progress) -> None:
    """The bar of a run that is being written; for one that ended early why, and the way on."""
    if progress.state == "writing":
        share = progress.done / progress.total if progress.total else 0.0
        st.progress(share, text=f"{progress.done} of {progress.total}, {_spent(progress)} so far")
        return
    if progress.state == "done":
        return
    error = progress.error or {}
    said = f"{formats.plain(error.get('message', ''))} {formats.plain(error.get('hint', ''))}".strip()
    with st.container(border=True, horizontal=True, vertical_alignment="center", horizontal_alignment="distribute"):
        with st.container(gap=None, width="stretch"):
            st.markdown(
                f":orange[:material/warning:] **{progress.done} of {progress.total} checks have their verdict**"
            )
            st.caption(said or ENDED.get(progress.state, "What has its verdict is kept."))
        if st.button("Go on", icon=":material/play_arrow:"):
            go_on(key)


def _spent(progress: Progress) -> str:
    unknown = progress.unknown_price
    more = f" and {formats.counted(unknown, 'call', 'calls')} of unknown price" if unknown else ""
    return f"{formats.money(progress.cost_usd)}{more}"


def _ask(estimated: Callable[[], Estimate], key: str, wish: Wish | None) -> None:
    """The estimate and the button that begins; `wish` None goes on with the last run."""
    rehearsal = get_studio().rehearsal
    try:
        found = estimated()
    except StudioError as problem:
        notice(problem)
        return
    if not found.calls:
        st.markdown("Every one of these has its verdict already.")
    else:
        cost = "free" if found.free else f"about {formats.money(found.cost_usd)}"
        st.markdown(f"**{formats.counted(found.calls, 'call', 'calls')}**, {cost}.")
        who = formats.plain(", ".join(map(short, found.models)))
        judge = f", judged by rules first, then by {formats.plain(short(found.judge))}" if found.judge else ""
        st.caption(f"{formats.counted(found.cells, 'answer', 'answers')} by {who}{judge}.")
    with st.container(horizontal=True, horizontal_alignment="right"):
        if st.button("Not now"):
            st.rerun()
        label = "Go on" if wish is None else "Run"
        if st.button(
            label, type="primary", icon=":material/play_arrow:", key="rehearsal/begin", disabled=not found.calls
        ):
            try:
                rehearsal.go_on(current_actor(), key) if wish is None else rehearsal.start(current_actor(), key, wish)
            except StudioError as problem:
                notice(problem)
                return
            st.rerun()
