"""Controls: stop what must stop, say why and until when; what everybody may use, and what has been used of it."""

from datetime import date, timedelta

import streamlit as st

from engine.usage.alerts import Alert
from engine.usage.stops import EVERYTHING
from pages.ui import formats
from pages.ui.budgets import budget_line
from pages.ui.context import ADMINS, get_studio, require
from pages.ui.corrections import correct_a_call
from pages.ui.layout import card, card_head, list_row, title_row
from pages.ui.plans_editor import edit_plans, plans_table
from pages.ui.stop_form import as_others_see_it, in_force, lift, stop_everything, stop_form

MOST_ALERTS = 8
ALERT_DAYS = 31

actor = require(*ADMINS)
studio = get_studio()
lines = studio.controls.in_force(actor)
switched_on = studio.settings.ai_features_enabled


def state_card() -> None:
    """Whether anybody is answered, and the one button that changes that for all."""
    all_stopped = [line for line in lines if line.stop.scope == EVERYTHING]
    title = ":green[:material/check_circle:] AI is running"
    if not switched_on:
        title = ":red[:material/power_settings_new:] AI is switched off by the operator"
    elif all_stopped:
        title = ":red[:material/pause_circle:] AI is stopped for everyone"
    writing = formats.counted(studio.controls.writing(actor), "answer", "answers")
    stops = formats.counted(len(lines), "stop", "stops")
    with st.container(border=True), card_head(title, f"{stops} in force · {writing} being written now"):
        if all_stopped:
            st.button("Let everything go on", icon=":material/play_arrow:", on_click=lift, args=(all_stopped,))
        elif st.button(":red[Stop everything]", icon=":material/pause_circle:"):
            stop_everything()


def limits() -> None:
    """The plans, the house's budget, and the outer switch, which only the server can turn."""
    state = "on" if switched_on else "off"
    with st.container(border=True):
        with (
            card_head(
                "Limits of the house", f"The outer switch AI_FEATURES_ENABLED is {state} and is set on the server only"
            ),
            st.container(horizontal=True, width="content"),
        ):
            if st.button("Correct a call", icon=":material/receipt_long:"):
                correct_a_call()
            if st.button("Edit plans", icon=":material/edit:"):
                edit_plans()
        plans_table(studio.allowances.plans(actor), studio.allowances.people_by_plan(actor))
        st.markdown("##### The house, all together")
        budget_line(next(each for each in studio.allowances.budgets(actor) if each.scope == "house"))


def alerts() -> None:
    """Which budgets passed 50, 80, 95 or 100 per cent lately; of each month and budget the highest."""
    since = formats.now() - timedelta(days=ALERT_DAYS)
    highest: dict[tuple[str, str, str], Alert] = {}
    for alert in studio.allowances.alerts(actor, since):
        of = (alert.scope, alert.scope_id, alert.period)
        highest[of] = max(alert, highest.get(of, alert), key=lambda each: each.threshold)
    with card("Budget alerts", f"The last {ALERT_DAYS} days, also sent by mail"):
        for alert in list(highest.values())[:MOST_ALERTS]:
            full = alert.threshold >= 100
            icon = ":red[:material/error:]" if full else ":orange[:material/notifications:]"
            used, most = formats.dollars(alert.used_nano), formats.dollars(alert.cap_nano)
            month = f"{date.fromisoformat(f'{alert.period}-01'):%B %Y}"
            facts = f"{used} of {most} in {month} · {formats.ago(alert.at)}"
            said = "has spent its budget" if full else f"passed {alert.threshold}% of its budget"
            with list_row(icon, f"**{formats.plain(name_of(alert))}** {said}", facts):
                pass
        if not highest:
            st.caption("No budget has passed half of its sum.")


def name_of(alert: Alert) -> str:
    """Whose budget it is."""
    if alert.scope == "department":
        names = {str(each.id): each.name for each in studio.departments.all(actor)}
        return names.get(alert.scope_id, "A department that is gone")
    if alert.scope == "person":
        names = {str(each.id): each.name for each in studio.people.all(actor)}
        return names.get(alert.scope_id, "Somebody who is gone")
    return "The house" if alert.scope == "house" else f"Persona {alert.scope_id}"


with title_row("Controls", "Stop what must stop, say why, and say until when"):
    pass
left, right = st.columns([1.45, 1], gap="medium")
with left:
    state_card()
    told = stop_form(actor)
with right:
    as_others_see_it(told)
in_force(lines)
limits()
alerts()
