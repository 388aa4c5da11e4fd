"""The table of the usage page, by whatever one likes, and the calls behind the row that is picked."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import date
from functools import partial
from math import ceil
from uuid import UUID

import streamlit as st

from engine.accounts.actor import Actor
from engine.usage.calls import CallLine
from engine.usage.dashboard import Period
from engine.usage.people_usage import MOST, PersonLine
from engine.usage.reports import Line
from engine.usage.view import DIMENSIONS, View
from pages.ui import formats
from pages.ui.context import get_studio, session_id
from pages.ui.layout import card_head
from pages.ui.usage_filters import NAMES, current_view, turn_to

PER_PAGE = 25
PAYERS = {"env": "House", "system": "House", "user": "Own key"}
STATES = {"ok": "Done", "stopped": "Stopped", "failed": "Failed", "unknown": "Not reported"}
KINDS = {"late": "Reported late", "credit": "Try given back"}
FIND, FAILED = "usage/find", "usage/failed"


def table(actor: Actor, view: View, period: Period) -> None:
    """The sums of a view by one dimension; a row leads to its calls."""
    with st.container(border=True):
        head = card_head("People" if view.by == "person" else f"By {_title(view.by)}", _caption(view))
        with head, st.container(horizontal=True, width="content", vertical_alignment="center"):
            st.session_state["usage/by"] = view.by
            st.selectbox(
                "By",
                DIMENSIONS,
                format_func=lambda name: f"By {_title(name)}",
                key="usage/by",
                on_change=_set_by,
                label_visibility="collapsed",
                width=170,
            )
            find = ""
            if view.by == "person":
                find = st.text_input(
                    "Find a person",
                    placeholder="Find a person",
                    icon=":material/search:",
                    key=FIND,
                    width=190,
                    label_visibility="collapsed",
                    live="300ms",
                )
        if view.by == "person":
            _people(actor, view, period, find or "")
        else:
            found = get_studio().dashboard.breakdown(actor, view, view.by)
            _rows(view, [line.values[view.by] for line in found], _columns(found), {})
    calls(actor, view)


def calls(actor: Actor, view: View) -> None:
    """The calls behind a row, page by page."""
    if not view.picked and not view.failed:
        return
    service = get_studio().calls
    count = service.count(actor, view)
    name = _name_of(actor, view)
    with st.container(border=True):
        head = card_head(f"Calls of {formats.plain(name)}" if name else "Failed calls", f"{count:,}, newest first")
        with head, st.container(horizontal=True, width="content", vertical_alignment="center"):
            st.session_state[FAILED] = view.failed
            st.toggle("Only failed", key=FAILED, on_change=_set_failed)
            st.button("Clear", icon=":material/close:", type="tertiary", on_click=_clear, key="usage/unpick")
            st.download_button(
                "Calls as CSV",
                partial(_export, session_id(), view),
                "calls.csv",
                "text/csv",
                icon=":material/download:",
                on_click="ignore",
                disabled=not count,
            )
        if not count:
            st.caption("No call is behind this with these filters.")
            return
        pages, key = ceil(count / PER_PAGE), f"usage/page/{hash(view)}"
        at = min(st.session_state.get(key, 1), pages) - 1
        _calls(service.page(actor, view, skip=at * PER_PAGE, most=PER_PAGE))
        if pages > 1:
            st.pagination(pages, key=key)


def _people(actor: Actor, view: View, period: Period, find: str) -> None:
    found = get_studio().people_usage.people(actor, view, find=find)
    if not found.lines:
        st.caption("Nobody of that name has used anything." if find else "Nobody has used anything in these days.")
        return
    config = st.column_config
    _rows(
        view,
        [line.value for line in found.lines],
        {
            "Person": [line.name for line in found.lines],
            "Department": [line.department or None for line in found.lines],
            "Calls": [line.sums.calls for line in found.lines],
            "House paid": [float(line.sums.house_usd) for line in found.lines],
            "Own keys": [float(line.sums.own_usd) for line in found.lines],
            "Month used": [_percent(line) for line in found.lines],
            "8 weeks": [list(line.weeks) for line in found.lines],
            "Last call": [_day(line.last_day, period.today) for line in found.lines],
        },
        {
            "Calls": config.NumberColumn(format="localized"),
            "House paid": config.NumberColumn(format="$%.2f"),
            "Own keys": config.NumberColumn(format="$%.2f"),
            "Month used": config.ProgressColumn(
                format="%d%%", min_value=0, max_value=100, help="Of what the plan, or the person, allows a month."
            ),
            "8 weeks": config.AreaChartColumn(help="What each of the last eight weeks cost."),
        },
    )
    if found.count > MOST:
        st.caption(f"The {MOST} dearest of {found.count:,} people. Search finds the others; Export has the same rows.")


def _rows(view: View, values: Sequence[str], columns: dict, config: dict) -> None:
    picked = [values.index(view.picked)] if view.picked in values else []
    key = f"usage/rows/{view.by}/{hash((tuple(values), view.only, view.picked))}"
    st.dataframe(
        columns,
        column_config=config or _formats(),
        hide_index=True,
        placeholder="–",
        height=min(38 * len(values) + 40, 360),
        on_select=partial(_pick, key, tuple(values)),
        selection_mode="single-row",
        key=key,
        selection_default={"selection": {"rows": picked}} if picked else None,
    )


def _columns(found: Sequence[Line]) -> dict:
    sums = [line.sums for line in found]
    return {
        "Name": [line.name for line in found],
        "Calls": [each.calls for each in sums],
        "Failed": [each.errors for each in sums],
        "House paid": [float(each.house_usd) for each in sums],
        "Own keys": [float(each.own_usd) for each in sums],
        "Cache saved": [float(each.saved_usd) for each in sums],
        "Tokens in": [each.usage.tokens_in for each in sums],
        "of them cached": [each.usage.cache_read for each in sums],
        "Tokens out": [each.usage.tokens_out for each in sums],
        "of them reasoning": [each.usage.reasoning for each in sums],
        "p50": [_seconds(each.waited_ms(0.5)) for each in sums],
        "p95": [_seconds(each.waited_ms(0.95)) for each in sums],
        "No price": [each.unknown_price for each in sums],
    }


def _formats() -> dict:
    number, about = st.column_config.NumberColumn, "How long answers took, about."
    money = dict.fromkeys(("House paid", "Own keys", "Cache saved"), number(format="$%.4f"))
    counts = ("Calls", "Failed", "Tokens in", "of them cached", "Tokens out", "of them reasoning", "No price")
    waits = dict.fromkeys(("p50", "p95"), number(format="%.2f s", help=about))
    return money | dict.fromkeys(counts, number(format="localized")) | waits


def _calls(found: Sequence[CallLine]) -> None:
    number = st.column_config.NumberColumn
    st.dataframe(
        {
            "When (UTC)": [f"{line.at.day} {line.at:%b %H:%M:%S}" for line in found],
            "Person": [line.person for line in found],
            "Persona": [_persona(line) for line in found],
            "Surface": [line.surface for line in found],
            "Model": [line.model for line in found],
            "Paid by": [PAYERS.get(line.key_source, line.key_source) for line in found],
            "Tokens in": [line.tokens.tokens_in for line in found],
            "of them cached": [line.tokens.cache_read for line in found],
            "Tokens out": [line.tokens.tokens_out for line in found],
            "Cost": [None if line.cost_usd is None else float(line.cost_usd) for line in found],
            "First word": [_seconds(line.first_token_ms) for line in found],
            "State": [_state(line) for line in found],
        },
        column_config={
            **dict.fromkeys(("Tokens in", "of them cached", "Tokens out"), number(format="localized")),
            "Cost": number(format="$%.4f", help="Without a sum: its price was not known."),
            "First word": number(format="%.2f s"),
        },
        hide_index=True,
        placeholder="–",
        height="content",
    )


def _persona(line: CallLine) -> str | None:
    return f"{line.persona} v{line.persona_version}" if line.persona_version else line.persona


def _state(line: CallLine) -> str:
    if line.kind not in ("call", "expired"):
        return KINDS.get(line.kind, "Corrected")
    told = STATES.get(line.status, line.status)
    code = f": {line.error_code.replace('_', ' ')}" if line.error_code else ""
    return f"{told}{code}{'' if line.charged else ', not charged'}"


def _percent(line: PersonLine) -> int | None:
    return None if line.month_share is None else round(line.month_share * 100)


def _seconds(milliseconds: int | None) -> float | None:
    return None if milliseconds is None else milliseconds / 1000


def _day(day: date | None, today: date) -> str | None:
    if day is None:
        return None
    ago = (today - day).days
    return {0: "Today", 1: "Yesterday"}.get(ago) or (
        f"{day:%a} {day.day} {day:%b}" if ago < 7 else f"{day.day} {day:%b}"
    )


def _title(name: str) -> str:
    return "day" if name == "day" else NAMES[name].lower()


def _caption(view: View) -> str:
    return "Choose a row to see the calls behind it" if not view.picked else "The calls of the chosen row are below"


def _name_of(actor: Actor, view: View) -> str:
    if not view.picked:
        return ""
    if view.by == "day":
        day = date.fromisoformat(view.picked)
        return f"{day.day} {day:%B}"
    shown = get_studio().dashboard.choices(actor, view.with_only(view.by, [view.picked]))[view.by]
    return next(choice.name for choice in shown if choice.value == view.picked)


def _pick(key: str, values: Sequence[str]) -> None:
    rows = st.session_state[key].selection.rows
    turn_to(replace(current_view(), picked=values[rows[0]] if rows else ""))


def _set_by() -> None:
    turn_to(replace(current_view(), by=st.session_state["usage/by"], picked=""))


def _set_failed() -> None:
    turn_to(replace(current_view(), failed=st.session_state[FAILED]))


def _clear() -> None:
    turn_to(replace(current_view(), picked="", failed=False))


def _export(session: UUID | None, view: View) -> bytes:
    """The calls as a file, if whoever presses the button may still see them."""
    studio = get_studio()
    return studio.calls.export(studio.access.actor(session), view)
