"""Departments: groups of people, each with the personas that are recommended to them."""

import streamlit as st

from engine.accounts.actor import Role
from pages.ui.context import LEADS, get_studio, require
from pages.ui.department_card import department_card, name_it
from pages.ui.layout import empty, title_row

MOST = 500
"""More built-in personas than anybody keeps."""

actor = require(*LEADS)
studio = get_studio()
is_admin = actor.role is Role.ADMIN
shown = [each for each in studio.departments.all(actor) if is_admin or each.id == actor.department_id]
built_in = studio.personas.catalogue(actor, groups=("builtin",), most=MOST).builtin
names = {card.key: card.name for card in built_in}
budgets = {each.scope_id: each for each in studio.allowances.budgets(actor)} if is_admin else {}
with title_row("Departments", "Whom their people meet first. A team lead chooses for their own department."):
    if is_admin and shown and st.button("Add a department", icon=":material/add:", type="primary"):
        name_it(None)
for each in shown:
    department_card(each, names, is_admin=is_admin, budget=budgets.get(str(each.id)))
if not shown and is_admin:
    if empty("No departments yet", "Make one for each team, then put people into it.", "Add a department"):
        name_it(None)
elif not shown:
    st.info("You lead no department. An administrator puts you into one on the People page.", icon=":material/groups:")
