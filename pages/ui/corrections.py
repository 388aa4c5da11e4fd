"""Putting right what a call was charged: the newest calls, one of them chosen, the sum that it should have been."""

from collections import defaultdict
from decimal import Decimal
from uuid import UUID

import streamlit as st

from engine.errors import StudioError
from engine.usage.ledger import Entry
from pages.ui.ai_disabled_banner import target_word
from pages.ui.budgets import as_money
from pages.ui.context import ADMINS, current_actor, get_studio, require
from pages.ui.errors import notice
from pages.ui.layout import say

NEWEST = 50
PLACES = "%.4f"


@st.dialog("Correct a call", width="large")
def correct_a_call() -> None:
    """The table, and below it the form for the call that is chosen."""
    require(*ADMINS)
    names = {person.id: person.name for person in get_studio().people.all(current_actor())}
    whose = st.selectbox(
        "Calls of", [None, *names], format_func=lambda each: names.get(each, "Everybody"), key="correct/person"
    )
    calls, costs = _calls(whose)
    if not calls:
        st.caption("No calls yet. Each call is listed here as soon as it is over.")
        return
    chosen = st.dataframe(
        {
            "Time (UTC)": [call.at.strftime("%-d %b %H:%M:%S") for call in calls],
            "Person": [names.get(call.subject.person_id, "Operator or deleted") for call in calls],
            "Surface": [target_word("surface", call.subject.surface) for call in calls],
            "Model": [call.subject.model for call in calls],
            "Cost": [None if (cost := costs[call.admission_id]) is None else float(cost) for call in calls],
            "State": ["charged" if call.charged else "free of charge" for call in calls],
        },
        column_config={"Cost": st.column_config.NumberColumn("Cost", format=f"${PLACES}")},
        hide_index=True,
        placeholder="unknown",
        height=250,
        on_select="rerun",
        selection_mode="single-row",
        key=f"correct/table/{whose}",
    )
    rows = [row for row in chosen.selection.rows if row < len(calls)]
    if not rows:
        st.caption(f"The newest {NEWEST} lines. Choose a call to set what it has cost, or to give its request back.")
        return
    call = calls[rows[0]]
    _form(call, costs[call.admission_id])


def _form(call: Entry, cost: Decimal | None) -> None:
    with st.form(f"correct/{call.admission_id}", border=False):
        now = None if cost is None else float(cost)
        usd = st.number_input("What it has cost, in US dollars", min_value=0.0, value=now, step=0.01, format=PLACES)
        give_back = st.checkbox("Give the request back")
        reason = st.text_input("Reason, for the audit log", autocomplete="off", max_chars=300)
        asked = st.form_submit_button("Correct this call", type="primary")
    if asked:
        right = None if usd == now else as_money(usd)
        try:
            get_studio().corrections.correct(
                current_actor(), call.admission_id, cost_usd=right, give_back=give_back, reason=reason
            )
        except StudioError as problem:
            notice(problem)
        else:
            say("The call is corrected")
            st.rerun()


def _calls(whose: UUID | None) -> tuple[list[Entry], dict[UUID, Decimal | None]]:
    """The newest calls of somebody, newest first, and what each has cost with all corrections."""
    lines = get_studio().usage.events(current_actor(), newest=NEWEST * 10 if whose else NEWEST)
    of_call: dict[UUID, list[Entry]] = defaultdict(list)
    for line in lines:
        of_call[line.admission_id].append(line)
    calls = [line for line in lines if line.calls and whose in (None, line.subject.person_id)][: -NEWEST - 1 : -1]
    return calls, {call.admission_id: _sum(of_call[call.admission_id]) for call in calls}


def _sum(lines: list[Entry]) -> Decimal | None:
    known = [line.cost_usd for line in lines if line.cost_usd is not None]
    return sum(known, Decimal()) if known else None
