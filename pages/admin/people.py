"""People: who is here, found by filters, and what an administrator does with those chosen in the table."""

from math import ceil

import streamlit as st

from engine.accounts.actor import Role
from engine.accounts.people import Person
from pages.ui import formats
from pages.ui.context import ADMINS, get_studio, require
from pages.ui.layout import chips, empty, title_row
from pages.ui.navigation import ROLES
from pages.ui.person_rail import STATES, add_person, rail, state_of

PER_PAGE = 20
FILTERS = ("search", "role", "state", "department")

actor = require(*ADMINS)
studio = get_studio()
departments = {each.name: each.id for each in studio.departments.all(actor)}


def clear() -> None:
    """Forget the filters."""
    for name in FILTERS:
        st.session_state[name] = "" if name == "search" else None


def filter_row() -> dict:
    """The filters, which stand in the address too, as the engine takes them."""
    with st.container(horizontal=True, vertical_alignment="center"):
        text = st.text_input(
            "Search",
            placeholder="Name, e-mail or handle",
            live="300ms",
            icon=":material/search:",
            width=250,
            key="search",
            bind="query-params",
            label_visibility="collapsed",
        )
        look = {"bind": "query-params", "label_visibility": "collapsed"}
        role = st.pills("Role", [role.value for role in Role], format_func=_role_word, key="role", **look)
        state = st.pills("State", list(STATES), format_func=_state_word, key="state", **look)
        st.space("stretch")
        name = st.selectbox(
            "Department", list(departments), None, placeholder="All departments", key="department", width=190, **look
        )
    return {
        "text": text or "",
        "role": Role(role) if role else None,
        "state": state or "",
        "department_id": departments.get(name) if name else None,
    }


def _role_word(role: str) -> str:
    return ROLES[Role(role)][0]


def _state_word(state: str) -> str:
    return STATES[state][0]


def table(people: list[Person]) -> list[Person]:
    """The people as rows; returns those who are chosen."""
    names = {department_id: name for name, department_id in departments.items()}
    chosen = st.dataframe(
        {
            "Name": [person.name for person in people],
            "Department": [names.get(person.department_id) for person in people],
            "Role": [[ROLES[person.role][0]] for person in people],
            "State": [[STATES[state_of(person)][0]] for person in people],
            "Last seen": [formats.ago(person.last_seen_at) if person.last_seen_at else "never" for person in people],
            "E-mail": [person.email for person in people],
        },
        column_config={
            "Role": chips("Role", [*ROLES.values()], width=100),
            "State": chips("State", [*STATES.values()], width=112),
        },
        hide_index=True,
        height="content",
        placeholder="–",
        on_select="rerun",
        selection_mode="multi-row",
        # Another list is another table: what was chosen in the last one must not point at somebody else here.
        key=f"people/{hash(tuple(person.id for person in people))}",
    )
    return [people[row] for row in chosen.selection.rows if row < len(people)]


head = st.container()
wanted = filter_row()
page_key = f"page/{sorted(wanted.items(), key=lambda item: item[0])}"
skip = (st.session_state.get(page_key, 1) - 1) * PER_PAGE
found = studio.people.search(actor, **wanted, skip=skip, most=PER_PAGE)
count = {state: studio.people.search(actor, state=state, most=0).total for state in ("", "unverified", "disabled")}
facts = [formats.counted(count[""], "person", "people")]
facts += [
    f"{count[state]} {word}"
    for state, word in (("unverified", "not verified"), ("disabled", "disabled"))
    if count[state]
]
with head, title_row("People", " · ".join(facts)):
    if st.button("Add a person", icon=":material/person_add:", type="primary"):
        add_person(departments)
if not found.total:
    empty("Nobody here is like that", "Clear the filters, or add the person you miss.", "Clear filters", clear)
    st.stop()
stage, side = st.columns([2.3, 1], gap="medium")
with stage:
    chosen = table(found.people)
    if found.total > PER_PAGE:
        st.pagination(ceil(found.total / PER_PAGE), key=page_key)
with side:
    rail(chosen, departments, me=actor.person_id)
