"""Usage and cost: who spent what on what, what the month will cost, and what it would cost otherwise."""

from functools import partial
from uuid import UUID

import streamlit as st

from engine.usage.view import View
from pages.ui.context import ADMINS, get_studio, require, session_id
from pages.ui.errors import explained
from pages.ui.layout import title_row
from pages.ui.usage_cards import by_day, headline, month_end, top
from pages.ui.usage_filters import SHOW, current_view, period_and_filters, said, turn_to
from pages.ui.usage_invoice import invoice
from pages.ui.usage_speed import speed
from pages.ui.usage_table import FIND, table
from pages.ui.usage_what_if import WHAT_IF, what_if

INVOICE = "invoice"

actor = require(*ADMINS)
studio = get_studio()


def go(part: str) -> None:
    """Turn to a part of the page, with the same view."""
    turn_to(current_view(), part)


def export(session: UUID | None, view: View, find: str, form: str) -> bytes:
    """What the page shows as a file, if whoever presses the button may still see it."""
    return studio.on_screen.export(studio.access.actor(session), view, form, find=find)


def payers(view: View) -> str:
    """Whose money it is about."""
    wanted = set(view.values("key_source"))
    return "house and member keys" if not wanted else "member keys" if wanted == {"user"} else "house keys"


def dashboard(view: View) -> None:
    """Everything, the first chart first: a card asks its question when its turn has come."""
    period = studio.dashboard.period(actor, view)
    zone = "UTC days" if period.zone == "UTC" else f"days in {period.zone}"
    with title_row("Usage and cost", f"{said(period.now)}, {zone} · {payers(view)}"):
        if period.demo:
            st.badge("Demo data", icon=":material/theater_comedy:", color="blue")
        st.button("What if", icon=":material/query_stats:", on_click=go, args=(WHAT_IF,))
        st.button("Invoice check", icon=":material/request_quote:", on_click=go, args=(INVOICE,))
        with st.popover("Export", icon=":material/download:"):
            for form, mime in (("csv", "text/csv"), ("json", "application/json")):
                made = partial(export, session_id(), view, st.session_state.get(FIND) or "", form)
                file = {"file_name": f"usage.{form}", "mime": mime, "on_click": "ignore", "width": "stretch"}
                st.download_button(f"{form.upper()} of this view", made, **file)
    filters, figures = st.container(), st.container()
    stage, side = st.columns([2, 1], gap="small")
    with figures, explained(), st.skeleton(190):
        headline(actor, view, period)
    with stage, explained(), st.skeleton(420):
        by_day(actor, view, period)
    with filters, explained():
        period_and_filters(view, period, studio.dashboard.choices(actor, view))
    with side, explained(), st.skeleton(420):
        month_end(actor)
    left, right = st.columns(2, gap="small")
    with left, explained(), st.skeleton(380):
        top(actor, view, "persona", "By persona")
    with right, explained(), st.skeleton(380):
        top(actor, view, "model", "By model")
    with explained(), st.skeleton(380):
        speed(actor, view)
    with explained(), st.skeleton(380):
        table(actor, view, period)


match st.query_params.get(SHOW):
    case "what-if":
        with explained():
            what_if(actor, current_view())
    case "invoice":
        with explained():
            invoice(actor)
    case _:
        dashboard(current_view())
