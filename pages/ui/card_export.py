"""Give personas out as card files: choose a format, see what it keeps, download."""

from collections.abc import Sequence

import streamlit as st

from engine.errors import StudioError
from engine.personas.cards import FORMATS
from pages.ui import formats
from pages.ui.card_report import draw_report, lossless_badge
from pages.ui.context import MEMBERS, get_studio, require
from pages.ui.errors import notice


def export_dialog(key: str) -> None:
    """Ask for a format and hand out one persona."""
    export_cards([key])


@st.dialog("Export as a card", width="medium")
def export_cards(keys: Sequence[str]) -> None:
    """Ask for a format and hand out one persona, or several in one archive."""
    actor = require(*MEMBERS)
    ending = st.selectbox("Format", list(FORMATS), format_func=_called, key="card/format")
    st.caption(FORMATS[ending].about)
    cards = get_studio().cards
    try:
        many = len(keys) != 1
        made = cards.export_many(actor, keys, ending) if many else cards.export(actor, keys[0], ending)
    except StudioError as problem:
        notice(problem)
        return
    with st.container(horizontal=True, vertical_alignment="center"):
        st.markdown(f"**{formats.plain(made.filename)}** · {_size(len(made.data))}", width="content")
        lossless_badge(made.report)
    draw_report(made.report)
    with st.container(horizontal=True, horizontal_alignment="right"):
        st.download_button(
            "Download",
            made.data,
            made.filename,
            made.media_type,
            icon=":material/download:",
            type="primary",
            on_click="ignore",
            key="card/download",
        )


def _called(ending: str) -> str:
    return f"{FORMATS[ending].title} ({ending})"


def _size(number: int) -> str:
    """`14 KiB`, or `1.2 MiB`."""
    return f"{max(1, round(number / 1024)):,} KiB" if number < 2**20 else f"{number / 2**20:.1f} MiB"
