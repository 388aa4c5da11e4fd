"""A department on the page: who leads it, the personas recommended to it, and the dialogs for its name and its end."""

from collections.abc import Callable
from uuid import UUID

import streamlit as st

from engine.accounts.departments import Department
from engine.errors import StudioError
from engine.usage.allowances import Budget
from pages.ui import formats
from pages.ui.budgets import budget_line
from pages.ui.context import ADMINS, current_actor, get_studio, require
from pages.ui.errors import notice
from pages.ui.layout import card_head, say, slot

REFUSED = "departments/refused"
NONE = ""
GUARDS = (0, 50, 60, 70, 80, 90, 100)


def department_card(
    department: Department, names: dict[str, str], *, is_admin: bool, budget: Budget | None = None
) -> None:
    """A department with its choice of personas; administrators rename and remove it too, and set its budget."""
    leads = f"led by {formats.plain(', '.join(department.leads))}" if department.leads else "no lead"
    with st.container(border=True):
        facts = f"{formats.counted(department.people, 'person', 'people')} · {leads}"
        with card_head(formats.plain(department.name), facts):
            if is_admin:
                with st.container(horizontal=True, width="content", gap="xsmall"):
                    if st.button("Rename", key=f"rename/{department.id}"):
                        name_it(department)
                    if st.button(":red[Remove]", type="tertiary", key=f"remove/{department.id}"):
                        remove(department)
        _personas(department, names)
        if budget:
            budget_line(budget)


@st.dialog("Name of the department")
def name_it(department: Department | None) -> None:
    """Add a department, or call it something else."""
    actor = require(*ADMINS)
    with st.form("department", border=False):
        name = st.text_input("Name", department.name if department else "", placeholder="Travel", max_chars=80)
        asked = st.form_submit_button("Rename" if department else "Add", type="primary")
    if asked:
        try:
            kept = get_studio().departments
            kept.rename(actor, department.id, name) if department else kept.add(actor, name)
        except StudioError as problem:
            notice(problem)
        else:
            say(f"{name.strip()} is renamed" if department else f"{name.strip()} is added")
            st.rerun()


@st.dialog("Remove this department?")
def remove(department: Department) -> None:
    """Name what is lost."""
    actor = require(*ADMINS)
    people = formats.counted(department.people, "person stays", "people stay")
    st.markdown(
        f"**{formats.plain(department.name)}** and its choice of personas are forgotten. "
        f"{people} here, in no department."
    )
    with st.container(horizontal=True, horizontal_alignment="right"):
        if st.button("Keep it"):
            st.rerun()
        if st.button(":red[Remove department]", icon=":material/delete:"):
            get_studio().departments.remove(actor, department.id)
            say(f"{department.name} is removed")
            st.rerun()


def _choose(department_id: UUID, read: Callable[[], tuple[list[str], str]]) -> None:
    """Store what is recommended to a department, and who answers first there."""
    recommended, first = read()
    default = first if first in recommended else None
    try:
        get_studio().departments.choose_personas(
            current_actor(), department_id, recommended=recommended, default_persona=default
        )
    except StudioError as problem:
        st.session_state[REFUSED] = (department_id, problem)
    else:
        say("Saved")


def _guard(department: Department) -> None:
    """How much of its rehearsal the default persona must have passed."""
    key = f"guard/{department.id}"
    st.session_state[key] = department.guard_rate or 0
    st.selectbox(
        "Rehearsal of the default",
        sorted({*GUARDS, st.session_state[key]}),
        key=key,
        on_change=_set_guard,
        args=(department.id, key),
        format_func=lambda rate: f"At least {rate}% of its checks passed" if rate else "Not asked for",
    )


def _set_guard(department_id: UUID, key: str) -> None:
    get_studio().departments.set_guard(current_actor(), department_id, st.session_state[key] or None)
    say("Saved")


def _personas(department: Department, names: dict[str, str]) -> None:
    """The two choices of a department; each is saved when it is made."""
    chosen, first = f"recommended/{department.id}", f"default/{department.id}"
    st.session_state[chosen] = [key for key in department.recommended if key in names]
    st.session_state[first] = department.default_persona or NONE
    then = {
        "on_change": _choose,
        "args": (department.id, lambda: (st.session_state[chosen], st.session_state[first])),
        "format_func": lambda key: names.get(key, "None") if key else "None",
    }
    left, middle, right = st.columns([1.9, 1, 1.15])
    with left:
        st.multiselect("Recommended personas", list(names), key=chosen, placeholder="None", wrap=True, **then)
    with middle:
        st.selectbox("Answers by default", [NONE, *department.recommended], key=first, **then)
    with right:
        _guard(department)
    about, problem = st.session_state.get(REFUSED, (None, None))
    with slot():
        if department.held_back:
            said = f"{formats.plain(department.held_back)} The general assistant answers meanwhile."
            st.warning(said, icon=":material/pause:")
        if about == department.id:
            notice(problem)
            del st.session_state[REFUSED]
