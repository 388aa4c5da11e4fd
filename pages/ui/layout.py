"""The few shapes that pages are made of: title row, card head, list row, portrait, meter, bar."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from itertools import zip_longest
from pathlib import Path

import streamlit as st
from streamlit.delta_generator import DeltaGenerator

from engine.personas.faces import ACCENTS
from engine.usage.ledger import Meter
from pages.ui import formats
from pages.ui.likeness import likeness

# Chips in tables: pale, so that their text stays dark in both themes.
CHIPS = {
    "gray": "#E3DFE9",
    "blue": "#CFE0FA",
    "violet": "#DDD5FF",
    "green": "#CDEBDD",
    "orange": "#FBDDC4",
    "red": "#F8CFD4",
    "yellow": "#F6E3AE",
}
SCARCE = 0.8
LOGO, ICON = (str(Path(__file__).with_name(mark)) for mark in ("logo.svg", "icon.svg"))


@contextmanager
def title_row(title: str, caption: str) -> Iterator[None]:
    """The head of a page; what is drawn inside stands at its right."""
    with st.container(horizontal=True, horizontal_alignment="distribute", vertical_alignment="bottom"):
        with st.container(gap=None, width="content"):
            st.title(formats.plain(title), anchor=False)
            st.caption(caption)
        with st.container(horizontal=True, width="content", vertical_alignment="center"):
            yield


@contextmanager
def card(title: str, caption: str = "", *, height: str = "content") -> Iterator[None]:
    """A bordered card with its head."""
    with st.container(border=True, height=height):
        with st.container(gap=None):
            st.subheader(title, anchor=False)
            if caption:
                st.caption(caption)
        yield


@contextmanager
def card_head(title: str, caption: str) -> Iterator[None]:
    """The head of a card that has something to press at its right."""
    with st.container(horizontal=True, horizontal_alignment="distribute", vertical_alignment="center"):
        with st.container(gap=None, width="content"):
            st.subheader(title, anchor=False)
            st.caption(caption)
        yield


def slot() -> DeltaGenerator:
    """A place for what is not always there; it takes no room while it is empty.

    Streamlit tells elements apart by their number. Where something comes or goes without a slot, all that stands below
    is made anew: an open menu closes, a field loses its focus, and for a moment a tall card is seen twice.
    """
    return st.container()


@contextmanager
def list_row(icon: str, title: str, caption: str) -> Iterator[None]:
    """One line of a checklist; what is drawn inside stands at its right."""
    with st.container(horizontal=True, vertical_alignment="center", wrap=False):
        st.markdown(icon, width="content")
        with st.container(gap=None):
            st.markdown(title)
            st.caption(caption)
        yield


def say(done: str) -> None:
    """Tell on the next page what was done."""
    st.session_state.said = formats.plain(done)


def section_head(title: str, count: int | None, caption: str) -> None:
    """The head of a section outside cards."""
    with st.container(horizontal=True, vertical_alignment="center", gap="xsmall"):
        st.subheader(title, anchor=False, width="content")
        if count is not None:
            st.badge(str(count), color="gray")
        st.caption(caption, width="content")


def chips(label: str, words: list[tuple[str, str]], *, width: int | None = None) -> dict:
    """A column of a table whose words stand on colours of CHIPS."""
    return st.column_config.MultiselectColumn(
        label, options=[word for word, _ in words], color=[CHIPS[colour] for _, colour in words], width=width
    )


def empty(title: str, caption: str, label: str, act: Callable[[], None] | None = None) -> bool:
    """What stands in place of a list that has nothing in it, and the way on; returns whether that was taken."""
    with st.container(border=True, horizontal_alignment="center"):
        st.space("medium")
        st.markdown(f"#### {title}", text_alignment="center")
        st.caption(caption, width="content", text_alignment="center")
        taken = st.button(label, on_click=act)
        st.space("medium")
    return taken


def portrait(name: str, key: str, *, emoji: str = "", width: int = 48) -> None:
    """The face of a persona; `emoji` is its avatar, which may be a picture too."""
    st.image(likeness(key, emoji), width=width, alt=f"Portrait of {name}" if name else "Portrait")


def foremost(readings: list[Meter]) -> list[Meter]:
    """What somebody wants to know on every page: the first limit, and their own that are nearly used up."""
    scarce = [each for each in readings[1:] if each.scope == "person" and _share(each) >= SCARCE]
    return [*readings[:1], *scarce]


def left_today(meters: list[Meter]) -> str:
    """What is left of the foremost allowance, in a few words; nothing when there is no limit."""
    first = next(iter(foremost(meters)), None)
    if first is None or first.limit is None:
        return ""
    what, _, when = first.label.partition(" today")
    return f"{max(0, first.limit - first.used):,} {what} left{' today' if first.label.endswith('today') else when}"


def meters(readings: list[Meter]) -> None:
    """How much of each limit is used, and when it comes back: said once for those that come back together."""
    limited = [each for each in readings if each.limit is not None]
    for reading, following in zip_longest(limited, limited[1:]):
        meter(reading)
        if reading.resets_at and (following is None or following.resets_at != reading.resets_at):
            st.caption(formats.resets(reading.resets_at))
    for reading in readings:
        if reading.limit is None:
            meter(reading)


def meter(reading: Meter) -> None:
    """How much of an allowance is used; nothing for what is only counted and still zero."""
    show = formats.dollars if reading.unit == "nano_usd" else "{:,}".format
    label = reading.label[:1].lower() + reading.label[1:]
    if reading.limit is None and not reading.used:
        return
    if reading.limit is None:
        st.markdown(f"**{show(reading.used)}** {label}")
        return
    with st.container(gap="xxsmall"):
        st.markdown(f"**{show(reading.used)} of {show(reading.limit)}** {label}")
        st.progress(min(1.0, _share(reading)))


def _share(reading: Meter) -> float:
    """How much of a limit is used; all of it when there is none to use."""
    if reading.limit is None:
        return 0.0
    return reading.used / reading.limit if reading.limit else 1.0


def stacked_bar(parts: list[tuple[str, int]]) -> None:
    """Shares of a whole, side by side; each part is a colour of ACCENTS and a number."""
    whole, x, drawn = sum(number for _, number in parts) or 1, 0.0, ""
    for colour, number in parts:
        wide = 600 * number / whole
        drawn += f'<rect x="{x:.1f}" width="{wide:.1f}" height="12" fill="{ACCENTS[colour]}"/>'
        x += wide
    svg = f'<svg xmlns="http://www.w3.org/2000/svg" width="600" height="12" viewBox="0 0 600 12">{drawn}</svg>'
    st.image(svg, width="stretch", alt="Share of each section in the prompt")
