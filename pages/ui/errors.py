"""Errors in words: what happened, what was kept, what to do."""

import logging
from collections.abc import Iterator
from contextlib import contextmanager
from uuid import uuid4

import streamlit as st

from engine.errors import NotAllowed, StudioError
from pages.ui.formats import plain

_log = logging.getLogger("studio.pages")


def notice(problem: StudioError) -> None:
    """Show a refusal in amber and a failure in red."""
    text = f"{plain(problem.message)} {plain(problem.hint)}".strip()
    if isinstance(problem, NotAllowed):
        st.warning(text, icon=":material/info:")
    else:
        st.error(text, icon=":material/error:")


@contextmanager
def explained() -> Iterator[None]:
    """Around what a page or a fragment draws: a refusal becomes a sentence."""
    try:
        yield
    except StudioError as problem:
        notice(problem)


def unexpected(problem: Exception) -> bool:
    """Show a reference to the log, where Streamlit puts the traceback. The server calls this for what nobody caught."""
    if isinstance(problem, StudioError):  # from a callback, which runs before anything is drawn
        notice(problem)
        return True
    st.error(
        f"Something went wrong on our side, reference `{reference(problem)}`. What was saved is kept. "
        "Reload the page; if it happens again, tell your administrator the reference.",
        icon=":material/error:",
    )
    return True


def reference(problem: Exception) -> str:
    """The id under which the log has a problem and its traceback: once, however often it is shown."""
    known: str | None = getattr(problem, "studio_reference", None)
    if known is None:
        known = problem.studio_reference = uuid4().hex[:8]
        _log.error("unexpected, reference %s", known, exc_info=problem)
    return known
