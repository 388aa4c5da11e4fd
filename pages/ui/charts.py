"""Charts: Plotly figures in the house's colours. Nothing here is imported before a page with a chart is opened."""

from collections.abc import Sequence
from datetime import date, datetime
from html import escape
from textwrap import wrap
from typing import Any

import plotly.graph_objects as go
import streamlit as st

from pages.ui import formats

PROVIDER_COLOURS = {
    "openai": "#6D55F2",
    "anthropic": "#D9733A",
    "google": "#4A86E0",
    "groq": "#CF4F7B",
    "local": "#9A8FB8",
}
OTHERS = ("#6D55F2", "#2E9E8A", "#D9733A", "#4A86E0", "#CF4F7B", "#B08B2C", "#9A8FB8", "#5E7A3A")
VIOLET, PALE, GREEN = "#6D55F2", "#B7B0CE", "#2E9E8A"
BAND = "rgba(109, 85, 242, 0.2)"
LONGEST_NAME = 26


Bar = tuple[str, float, str, str | None]
"""One horizontal bar: what it is called, how long it is, its colour, and what it stands for when it is chosen."""

Stack = tuple[str, str, Sequence[float]]
"""One layer of stacked bars: its name and colour, and a number for each place on the axis."""


def colour_of(name: str, place: int) -> str:
    """The colour of a provider, or of whatever stands at that place."""
    return PROVIDER_COLOURS.get(name, OTHERS[place % len(OTHERS)])


def show(figure: go.Figure, key: str, *, height: int, alt: str, chosen: Any = None) -> None:
    """Draw a figure; `chosen` is called when a bar of it is pressed."""
    figure.update_layout(
        height=height,
        margin={"l": 0, "r": 8, "t": 8, "b": 0},
        paper_bgcolor="rgba(0,0,0,0)",
        plot_bgcolor="rgba(0,0,0,0)",
        font={"color": _ink(), "size": 13},
        legend={
            "orientation": "h",
            "y": -0.16,
            "x": 0,
            "title": None,
            "traceorder": "normal",
            "font": {"color": _ink()},
        },
        hoverlabel={"font": {"size": 13}},
        bargap=0.25,
    )
    figure.update_xaxes(tickfont={"color": _ink()}, title=None, fixedrange=True)
    figure.update_yaxes(tickfont={"color": _ink()}, title=None, fixedrange=True)
    more = {"on_select": chosen, "selection_mode": "points"} if chosen else {}
    st.plotly_chart(figure, theme="streamlit", key=key, config={"displayModeBar": False}, alt=alt, **more)


def stacked(places: Sequence[date | datetime], layers: Sequence[Stack], *, money: bool = True) -> go.Figure:
    """Bars over time, one layer on the other."""
    unit = {"hovertemplate": "$%{y:,.4f}"} if money else {}
    figure = go.Figure(
        [
            go.Bar(
                x=list(places),
                y=list(numbers),
                name=_short(name),
                marker={"color": colour, "line": {"width": 0}},
                customdata=[place.isoformat() for place in places],
                **unit,
            )
            for name, colour, numbers in layers
        ]
    )
    figure.update_layout(barmode="stack", hovermode="x unified")
    figure.update_xaxes(showgrid=False, tickformat="%H:%M" if _is_hours(places) else "%-d %b")
    figure.update_yaxes(tickprefix="$" if money else "", rangemode="tozero", nticks=6)
    return figure


def with_projection(
    figure: go.Figure, days: Sequence[date], usd: Sequence[float], low: list[float], high: list[float]
) -> None:
    """Add what the days to come may cost: the band first, so that the line lies on it."""
    figure.add_scatter(
        x=[*days, *reversed(days)],
        y=[*high, *reversed(low)],
        fill="toself",
        fillcolor=BAND,
        mode="lines",
        line={"width": 0},
        name="Projected range",
        hoverinfo="skip",
    )
    figure.add_scatter(
        x=list(days),
        y=list(usd),
        mode="lines",
        line={"color": VIOLET, "dash": "dot", "width": 2},
        name="Projection",
        hovertemplate="$%{y:,.2f}",
    )


def bars(found: Sequence[Bar]) -> go.Figure:
    """Horizontal bars that carry their value, the first at the top."""
    names, usd, colours, values = zip(*found, strict=True)
    places = [str(place) for place in range(len(found))]
    figure = go.Figure(
        go.Bar(
            x=usd,
            y=places,
            orientation="h",
            marker={"color": colours, "line": {"width": 0}},
            text=[_dollars(each) for each in usd],
            textposition="outside",
            cliponaxis=False,
            customdata=values,
            hovertext=[f"{escape(name)}: {_dollars(each)}" for name, each in zip(names, usd, strict=True)],
            hoverinfo="text",
        )
    )
    figure.update_xaxes(visible=False, range=[0, (max(usd) or 1) * 1.22])
    figure.update_yaxes(autorange="reversed", tickvals=places, ticktext=[_short(name) for name in names])
    return figure


def before_and_after(names: Sequence[str], before: Sequence[float], after: Sequence[float]) -> go.Figure:
    """Two bars for each name."""
    pairs = (("As it was", PALE, before), ("What if", VIOLET, after))
    figure = go.Figure(
        [
            go.Bar(
                x=[_folded(name) for name in names],
                y=list(usd),
                name=title,
                marker={"color": colour},
                hovertemplate="$%{y:,.4f}",
            )
            for title, colour, usd in pairs
        ]
    )
    figure.update_layout(barmode="group", hovermode="x unified")
    figure.update_xaxes(showgrid=False, tickangle=0)
    figure.update_yaxes(tickprefix="$", rangemode="tozero", nticks=6)
    return figure


def lines(places: Sequence[date | datetime], layers: Sequence[tuple[str, str, Sequence[float | None]]]) -> go.Figure:
    """Seconds over time, a line for each name."""
    figure = go.Figure(
        [
            go.Scatter(
                x=list(places),
                y=list(numbers),
                name=name,
                mode="lines+markers",
                marker={"size": 4},
                line={"color": colour, "width": 2},
                hovertemplate="%{y:.2f} s",
            )
            for name, colour, numbers in layers
        ]
    )
    figure.update_layout(hovermode="x unified")
    figure.update_xaxes(showgrid=False, tickformat="%H:%M" if _is_hours(places) else "%-d %b")
    figure.update_yaxes(ticksuffix=" s", rangemode="tozero", nticks=5)
    return figure


def calendar(calls: dict[date, int]) -> go.Figure:
    """Calls by day: a column for each week, which begins on a Monday."""
    days = sorted(calls)
    weeks = [days[at : at + 7] for at in range(0, len(days), 7)]
    rows = [[calls[week[at]] if at < len(week) else None for week in weeks] for at in range(7)]
    told = [[_on(week[at], calls) if at < len(week) else "" for week in weeks] for at in range(7)]
    figure = go.Figure(
        go.Heatmap(
            z=rows,
            x=[f"{week[0].day} {week[0]:%b}" for week in weeks],
            y=["Mon", "", "Wed", "", "Fri", "", "Sun"],
            text=told,
            hoverinfo="text",
            showscale=False,
            xgap=3,
            ygap=3,
            colorscale=[[0, "rgba(109, 85, 242, 0.08)"], [1, VIOLET]],
            zmin=0,
            zmax=max(1, *calls.values()),
        )
    )
    figure.update_traces(y=list(range(7)))
    figure.update_xaxes(showgrid=False, nticks=6)
    figure.update_yaxes(
        showgrid=False,
        zeroline=False,
        autorange="reversed",
        tickvals=[0, 2, 4, 6],
        ticktext=["Mon", "Wed", "Fri", "Sun"],
    )
    return figure


def _on(day: date, calls: dict[date, int]) -> str:
    return f"{day.day} {day:%B}: {formats.counted(calls[day], 'call', 'calls')}"


def _is_hours(places: Sequence[date | datetime]) -> bool:
    return bool(places) and isinstance(places[0], datetime)


def _short(name: str) -> str:
    """A name as Plotly may show it, which would take tags for tags."""
    return escape(formats.start(name, LONGEST_NAME))


def _folded(name: str) -> str:
    """The same on at most two lines."""
    lines = wrap(formats.start(name, LONGEST_NAME), width=13)
    return "<br>".join(escape(line) for line in [lines[0], formats.start(" ".join(lines[1:]), 13)] if line)


def _dollars(usd: float) -> str:
    return f"${usd:,.2f}" if usd >= 0.1 or not usd else f"${usd:.4f}"


def _ink() -> str:
    return "#D5CFE4" if st.context.theme.type == "dark" else "#4A4460"
