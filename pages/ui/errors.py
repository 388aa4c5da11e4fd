"""Errors in words: what happened, what was kept, what to do."""

import logging
from collections.abc import Iterator
from contextlib import contextmanager
from uuid import uuid4

import streamlit as st

from engine.errors import AIDisabled, LimitExceeded, NotAllowed, SampleUsedUp, StoppedByAdmin, StudioError
from pages.ui import formats

_log = logging.getLogger("studio.pages")


def notice(problem: StudioError) -> None:
    """Show what stops one in red, another refusal in amber, and a failure in red."""
    if isinstance(problem, LimitExceeded | SampleUsedUp):
        st.error(_with_limit(problem), icon=":material/hourglass_full:")
    elif isinstance(problem, StoppedByAdmin | AIDisabled):
        st.error(_with_end(problem), icon=":material/pause_circle:")
    elif isinstance(problem, NotAllowed):
        st.warning(_words(problem), icon=":material/info:")
    else:
        st.error(_words(problem), icon=":material/error:")


def _words(problem: StudioError, *facts: str) -> str:
    """What happened, the facts, what to do."""
    return " ".join(filter(None, (formats.plain(problem.message), *facts, formats.plain(problem.hint))))


def _with_limit(problem: StudioError) -> str:
    """A limit with how much of it is used, and when it comes back."""
    head = f"**{formats.plain(problem.message)}**"
    facts: list[str] = []
    if isinstance(problem, LimitExceeded):
        if problem.meter == "money":
            used, most = formats.dollars(problem.used), formats.dollars(problem.limit)
            facts.append(f"{used} of {most} is spent or held for answers being written.")
        elif problem.meter != "concurrent":
            facts.append(f"{problem.used:,} of {problem.limit:,} used.")
        if problem.resets_at:
            facts.append(formats.resets(problem.resets_at))
    return " ".join(filter(None, (head, *facts, formats.plain(problem.hint))))


def _with_end(problem: StudioError) -> str:
    """A stop with the end of it where the reader is."""
    until = problem.until if isinstance(problem, StoppedByAdmin) else None
    return _words(problem, f"It ends by itself {formats.how_long(until)}: {formats.until(until)}." if until else "")


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
