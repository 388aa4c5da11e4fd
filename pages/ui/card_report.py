"""What came along with a card and what did not, line by line."""

import streamlit as st

from engine.personas.cards.report import Report
from pages.ui import formats


def lossless_badge(report: Report) -> None:
    """The report in two words."""
    if report.lossless:
        st.badge("Lossless", icon=":material/check_circle:", color="green")
    else:
        left_out = formats.counted(len(report.dropped), "thing", "things")
        st.badge(f"{left_out} left out", icon=":material/info:", color="orange")


def draw_report(report: Report) -> None:
    """The whole report: what was left out comes first."""
    with st.container(gap="xsmall"):
        for line in report.dropped:
            st.markdown(f":orange[:material/remove_circle:] {formats.plain(line)}")
        for line in report.kept:
            st.markdown(f":green[:material/check_circle:] {formats.plain(line)}")
