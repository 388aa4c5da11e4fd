"""What of the usage is looked at: it stands in the address, and the row of filters changes it."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import date

import streamlit as st

from engine.usage.dashboard import Choice, Period
from engine.usage.view import Span, View
from pages.ui import formats

PERIODS = {"today": "Today", "7-days": "7 days", "month": "Month", "90-days": "90 days"}
FIRST = {"key_source": "Paid by", "provider": "Provider", "persona": "Persona", "department": "Department"}
MORE = {
    "person": "Person",
    "model": "Model",
    "profile": "Profile",
    "surface": "Surface",
    "mode": "Mode",
    "tier": "Standing",
}
NAMES = FIRST | MORE
SHOW = "show"
_WIDEST = 22


def current_view() -> View:
    """The view of the address."""
    return View.of({name: st.query_params.get_all(name) for name in st.query_params})


def turn_to(view: View, show: str | None = None) -> None:
    """Have the address say another view; `show` is the part of the page, None the one that is shown."""
    part = st.query_params.get(SHOW, "") if show is None else show
    st.query_params.from_dict(view.to_query() | ({SHOW: part} if part else {}))


def period_and_filters(view: View, period: Period, choices: dict[str, list[Choice]]) -> None:
    """The filter row."""
    with st.container(horizontal=True, vertical_alignment="center", gap="xsmall"):
        st.session_state["usage/period"] = view.period if view.period in PERIODS and not view.since else None
        st.segmented_control(
            "Period",
            list(PERIODS),
            format_func=PERIODS.__getitem__,
            key="usage/period",
            on_change=_set_period,
            label_visibility="collapsed",
            wrap=False,
        )
        _dates(view, period)
        for name, title in FIRST.items():
            chosen = view.values(name)
            with st.popover(_label(title, chosen, choices[name])):
                _filter(name, title, chosen, choices[name])
        count = sum(len(view.values(name)) > 0 for name in MORE)
        with st.popover(f"More: {count}" if count else "More"):
            for name, title in MORE.items():
                _filter(name, title, view.values(name), choices[name])
        if view.only:
            st.button("Clear", type="tertiary", icon=":material/close:", on_click=_clear)
        st.space("stretch")
        st.session_state["usage/against"] = view.against
        st.toggle(f"Against {against(view, period)}", key="usage/against", on_change=_set_against)


def against(view: View, period: Period) -> str:
    """What the period is compared with."""
    if view.since or not view.period.endswith("month"):
        days = len(period.before.days)
        return "the day before" if days == 1 else f"the {days} days before"
    return f"{period.before.since:%B}"


def said(span: Span) -> str:
    """`1 to 22 November 2026`."""
    first, last = span.since, span.last
    if first == last:
        return f"{last.day} {last:%B %Y}"
    if first.year != last.year:
        return f"{first.day} {first:%B %Y} to {last.day} {last:%B %Y}"
    return f"{first.day}{'' if first.month == last.month else f' {first:%B}'} to {last.day} {last:%B %Y}"


def _dates(view: View, period: Period) -> None:
    with st.popover(said(period.now) if view.since or view.period not in PERIODS else "Dates"):
        st.session_state["usage/dates"] = (period.now.since, period.now.last)
        st.date_input("From the first to the last day", key="usage/dates", on_change=_set_dates, max_value=period.today)
        st.button("Last month", on_click=_last_month)


def _filter(name: str, title: str, chosen: Sequence[str], choices: Sequence[Choice]) -> None:
    names = {choice.value: choice.name for choice in choices}
    key = f"usage/{name}"
    st.session_state[key] = list(chosen)
    st.multiselect(
        title,
        list(names),
        format_func=lambda value: formats.start(names.get(value, value), 40),
        key=key,
        on_change=_set_filter,
        args=(name,),
        placeholder="Everything",
        width=300,
    )


def _label(title: str, chosen: Sequence[str], choices: Sequence[Choice]) -> str:
    """The title, and what is chosen."""
    names = [choice.name for choice in choices if choice.value in chosen]
    if not names:
        return title
    return f"{title}: {formats.plain(formats.start(names[0], _WIDEST)) if len(names) == 1 else len(names)}"


def _set_period() -> None:
    chosen = st.session_state["usage/period"] or "month"
    turn_to(replace(current_view(), period=chosen, since=None, until=None))


def _set_dates() -> None:
    chosen: tuple[date, ...] = st.session_state["usage/dates"]
    if len(chosen) == 2:
        turn_to(replace(current_view(), since=chosen[0], until=chosen[1]))


def _last_month() -> None:
    turn_to(replace(current_view(), period="last-month", since=None, until=None))


def _set_filter(name: str) -> None:
    turn_to(current_view().with_only(name, st.session_state[f"usage/{name}"]))


def _set_against() -> None:
    turn_to(replace(current_view(), against=st.session_state["usage/against"]))


def _clear() -> None:
    turn_to(replace(current_view(), only=()))
