"""Audit: who did what and when, found by filters, with what was before and after, and as a file."""

from datetime import UTC, datetime, timedelta
from functools import partial
from math import ceil
from uuid import UUID

import streamlit as st

from engine.accounts.audit import Act, AuditFilter
from pages.ui import formats
from pages.ui.acts import KINDS, detail, kind_of, look_at, names_of_departments, said
from pages.ui.context import ADMINS, get_studio, require, session_id
from pages.ui.layout import chips, empty, title_row

PER_PAGE = 25
PERIODS = {"Today": 1, "7 days": 7, "30 days": 30, "All": None}
PICKED = "audit/picked"

actor = require(*ADMINS)
studio = get_studio()
people = {person.handle: person for person in studio.people.all(actor)}


def clear() -> None:
    """Forget the filters."""
    st.session_state.kind = st.session_state.who = None
    st.session_state.period = "All"


def filter_row() -> AuditFilter:
    """The filters, which stand in the address too, as the engine takes them."""
    look = {"bind": "query-params", "label_visibility": "collapsed"}
    with st.container(horizontal=True, vertical_alignment="center"):
        who = st.selectbox(
            "Who",
            list(people),
            None,
            format_func=lambda handle: people[handle].name,
            placeholder="Done by anybody",
            key="who",
            width=220,
            **look,
        )
        kinds = [kind for kind in KINDS if any(kind_of(action) == kind for action in studio.audit.actions(actor))]
        kind = st.pills("Kind", kinds, format_func=lambda kind: KINDS[kind][0], key="kind", wrap=True, **look)
        st.space("stretch")
        period = st.segmented_control(
            "Period", list(PERIODS), default="7 days", required=True, wrap=False, key="period", **look
        )
    days, today = PERIODS[period], datetime.now(UTC).replace(hour=0, minute=0, second=0, microsecond=0)
    since = today - timedelta(days=days - 1) if days else None
    return AuditFilter(action=kind or "", actor_id=people[who].id if who else None, since=since)


def export(session: UUID | None, wanted: AuditFilter, form: str) -> bytes:
    """All that the filters find, made when the button is pressed, if whoever presses it may still see it."""
    return studio.audit.export(studio.access.actor(session), wanted, form)


def table(acts: list[Act]) -> None:
    """The acts as rows; a row that is picked opens."""
    names, key = names_of_departments(), f"audit/{acts[0].id}/{len(acts)}"
    found = st.dataframe(
        {
            "When (UTC)": [f"{act.at.day} {act.at:%b %H:%M:%S}" for act in acts],
            "Who": [act.actor for act in acts],
            "Kind": [[KINDS[kind_of(act.action)][0]] for act in acts],
            "What": [said(act) for act in acts],
            "Detail": [detail(act, names) for act in acts],
            "From": [act.address for act in acts],
        },
        column_config={
            "Kind": chips("Kind", [*KINDS.values()], width=112),
            "What": st.column_config.TextColumn(width=260),
            "Detail": st.column_config.TextColumn(width=300),
        },
        hide_index=True,
        height="content",
        placeholder="–",
        on_select=partial(st.session_state.update, {PICKED: True}),
        selection_mode="single-row",
        key=key,
    )
    rows = [row for row in found.selection.rows if row < len(acts)]
    if st.session_state.pop(PICKED, False) and rows:
        look_at(acts[rows[0]])


head = st.container()
wanted = filter_row()
total = studio.audit.count(actor, wanted)
head_row = title_row("Audit", "Who did what, when. Rows cannot be changed or removed.")
with head, head_row, st.popover("Export", icon=":material/download:", disabled=not total):
    for form, mime in (("csv", "text/csv"), ("json", "application/json")):
        file = {"file_name": f"audit.{form}", "mime": mime, "on_click": "ignore", "width": "stretch"}
        st.download_button(form.upper(), partial(export, session_id(), wanted, form), **file)
if not total:
    empty("Nothing was done here", "Not of this kind, by this person, in this time.", "Show everything", clear)
    st.stop()
page_key = f"page/{wanted}"
skip = (st.session_state.get(page_key, 1) - 1) * PER_PAGE
table(studio.audit.page(actor, wanted, skip=skip, most=PER_PAGE))
with st.container(horizontal=True, horizontal_alignment="distribute", vertical_alignment="center"):
    if total > PER_PAGE:
        st.pagination(ceil(total / PER_PAGE), key=page_key)
    st.caption(f"{formats.counted(total, 'act', 'acts')} found. Choose a row to see what was before and after.")
