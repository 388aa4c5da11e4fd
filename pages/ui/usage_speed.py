"""How calls went: how long they took, and how many failed."""

import streamlit as st

from engine.accounts.actor import Actor
from engine.usage.sums import Histogram, quantile
from engine.usage.view import View
from pages.ui import charts
from pages.ui.context import get_studio
from pages.ui.layout import card

ABOUT = "About: times come from histograms whose steps double."


def speed(actor: Actor, view: View) -> None:
    """Waiting times and failures over time, and by model."""
    studio = get_studio()
    pace = studio.dashboard.pace(actor, view)
    left, right = st.columns([1, 1], gap="small")
    with left, card("Waiting times", ABOUT, height="stretch"):
        if not pace:
            st.caption("Nobody waited for anything in these days.")
        else:
            places = [each.at for each in pace]
            layers = [("Answer, p95", "#D9733A", [_seconds(each.answer, 0.95) for each in pace])]
            layers.append(("Answer, p50", charts.VIOLET, [_seconds(each.answer, 0.5) for each in pace]))
            if pace[0].first_word is not None:
                layers.append(("First word, p95", charts.GREEN, [_seconds(each.first_word, 0.95) for each in pace]))
            charts.show(charts.lines(places, layers), "usage/pace", height=300, alt="Waiting times")
    with right, card("Speed and errors by model", ABOUT, height="stretch"):
        _by_model(actor, view)


def _by_model(actor: Actor, view: View) -> None:
    dashboard = get_studio().dashboard
    found = sorted(dashboard.breakdown(actor, view, "model"), key=lambda line: -line.sums.calls)
    words: dict[str, Histogram] = {model: counts for (_, model), counts in dashboard.first_words(actor, view).items()}
    number = st.column_config.NumberColumn
    st.dataframe(
        {
            "Model": [line.name for line in found],
            "Calls": [line.sums.calls for line in found],
            "Failed": [line.sums.failed_share * 100 for line in found],
            "First word": [_seconds(words.get(line.values["model"]), 0.95) for line in found],
            "p50": [_seconds(line.sums.latency, 0.5) for line in found],
            "p95": [_seconds(line.sums.latency, 0.95) for line in found],
        },
        column_config={
            "Model": st.column_config.TextColumn(width=140),
            "Calls": number(format="localized"),
            "Failed": number(format="%.1f%%"),
            "First word": number(format="%.2f s", help="The time to it that 95 of 100 calls stayed under."),
            **dict.fromkeys(("p50", "p95"), number(format="%.2f s", help="The time that a whole answer took.")),
        },
        hide_index=True,
        placeholder="–",
        height=300,
    )


def _seconds(counts: Histogram | None, share: float) -> float | None:
    found = quantile(counts, share) if counts else None
    return None if found is None else found / 1000
