"""What an administrator sets for one person: the plan, and a number of questions of their own."""

import streamlit as st

from engine.accounts.people import Person
from engine.errors import StudioError
from pages.ui import formats
from pages.ui.context import current_actor, get_studio
from pages.ui.errors import notice
from pages.ui.layout import say

PERIODS = {"day": "A day", "month": "A month"}
REFUSED = "limits/refused"


def person_limits(person: Person) -> None:
    """The plan and what replaces its number of questions; each is saved when it is changed."""
    allowances = get_studio().allowances
    kept, plans = allowances.of(current_actor(), person.id), allowances.plans(current_actor())
    plan, limit, period = (f"{name}/{person.id}" for name in ("plan", "limit", "period"))
    st.session_state[plan] = kept.plan if kept.plan in plans.plans else plans.default
    st.session_state[limit] = kept.usage_limit
    if kept.usage_period:
        st.session_state[period] = kept.usage_period
    of_plan = plans.plans[st.session_state[plan]]
    with st.container(gap="small"):
        st.selectbox(
            "Plan",
            list(plans.plans),
            format_func=lambda key: plans.plans[key].title,
            key=plan,
            on_change=_give_plan,
            args=(person, plan),
        )
        left, right = st.columns(2)
        with right:
            chosen = st.selectbox(
                "In", list(PERIODS), format_func=PERIODS.__getitem__, key=period, on_change=_override, args=(person,)
            )
        with left:
            most = of_plan.requests_day if chosen == "day" else of_plan.requests_month
            st.number_input(
                "Questions",
                min_value=0,
                value=None,
                step=10,
                placeholder="No limit" if most is None else f"{most:,}",
                help="Replaces the plan's number, shown in grey, for this person. Empty: as the plan says.",
                key=limit,
                on_change=_override,
                args=(person,),
            )
        if not person.verified:
            st.caption(f"Holds from the confirmation on; until then {plans.sample.tries} free tries.")
        if problem := st.session_state.pop(REFUSED, None):
            notice(problem)


def _give_plan(person: Person, key: str) -> None:
    try:
        get_studio().allowances.give_plan(current_actor(), person.id, st.session_state[key])
    except StudioError as problem:
        st.session_state[REFUSED] = problem
    else:
        say(f"{person.name} has another plan")


def _override(person: Person) -> None:
    limit, period = st.session_state[f"limit/{person.id}"], st.session_state[f"period/{person.id}"]
    allowances = get_studio().allowances
    if limit is None and allowances.of(current_actor(), person.id).usage_limit is None:
        return  # only the period was turned, of a number that is not there
    try:
        allowances.override(current_actor(), person.id, limit, period)
    except StudioError as problem:
        st.session_state[REFUSED] = problem
    else:
        each = PERIODS[period].lower()
        number = "as the plan says" if limit is None else formats.counted(limit, "question", "questions")
        say(f"{person.name}: {number}" + (f" {each}" if limit is not None else ""))
