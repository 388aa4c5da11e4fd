"""Rehearsal: the checks of a persona, asked of its versions on several models. `?key=<key>`."""

from collections import Counter

import streamlit as st

from engine.errors import NotFound
from pages.ui import formats
from pages.ui.check_editor import edit_checks
from pages.ui.context import MEMBERS, current_actor, get_studio, require
from pages.ui.layout import empty, slot, title_row
from pages.ui.rehearsal_run import badge_line, how_far, run_checks, stop
from pages.ui.stream import polled

BUILDER, CATALOGUE = "studio/persona_builder.py", "studio/personas.py"
KINDS = {
    "sample": ("sample", "samples"),
    "limit": ("limit probe", "limit probes"),
    "own": ("of your own", "of your own"),
}

actor = require(*MEMBERS)
studio = get_studio()
key = st.query_params.get("key", "")


def counted() -> str:
    """How many checks there are, and of which kind."""
    kinds = Counter(check.kind for check in checks)
    said = ", ".join(formats.counted(kinds[kind], *words) for kind, words in KINDS.items() if kinds[kind])
    return f"{formats.counted(len(checks), 'check', 'checks')}{f': {said}' if said else ''}"


def stage() -> bool:
    """The newest run and all results; whether the run is still being written."""
    now = studio.rehearsal.progress(current_actor(), key)
    running = now is not None and now.state == "writing"
    with slot():
        if now is not None:
            badge_line(now)
            how_far(key, now)
    matrix = studio.rehearsal.matrix(current_actor(), key)
    if matrix.models:
        from pages.ui.rehearsal_results import results

        results(history, matrix, writing=running)
    elif not running:
        nothing_yet()
    return running


def nothing_yet() -> None:
    """What stands where nothing was rehearsed."""
    if checks and empty(
        "Nobody has been put to the test yet",
        "Every check is asked of the versions and models that you choose.",
        "Run all",
    ):
        run_checks(history)
    elif not checks and empty(
        "There is nothing to check yet",
        "Write a limit or a sample in the builder, or add a check of your own.",
        "Add a check",
    ):
        edit_checks(key)


try:
    history, checks = studio.versions.all(actor, key), studio.checks.all(actor, key)
except NotFound as gone:
    with title_row("Rehearsal", "Checks for a persona, by version and model"):
        pass
    if empty(formats.plain(gone.message), formats.plain(gone.hint), "See all personas"):
        st.switch_page(CATALOGUE)
    st.stop()

progress = studio.rehearsal.progress(actor, key)
writing = progress is not None and progress.state == "writing"
with title_row("Rehearsal", f"{formats.plain(history.name)} · {counted()}"):
    if st.button("Back to builder", icon=":material/arrow_back:"):
        st.switch_page(BUILDER, query_params={"key": key})
    if st.button("Edit checks", icon=":material/edit:", disabled=writing):
        edit_checks(key)
    if writing:
        st.button("Stop", icon=":material/stop_circle:", on_click=stop, args=(key,))
    elif progress and st.button("Run all", icon=":material/play_arrow:", type="primary", disabled=not checks):
        run_checks(history)
polled(stage, writing=writing)
