"""Built-in personas: the same for everyone, kept by administrators in place."""

import streamlit as st

from pages.ui import formats
from pages.ui.built_in_card import adopt, built_in_card, removed_row
from pages.ui.context import ADMINS, get_studio, require
from pages.ui.layout import section_head, title_row

actor = require(*ADMINS)
studio = get_studio()
found = studio.builtins.all(actor)
kept, removed = ([each for each in found if each.removed is gone] for gone in (False, True))
used = studio.personas_used.of(actor, [each.key for each in kept])
budgets = {each.scope_id: each for each in studio.allowances.budgets(actor) if each.scope == "persona"}
said = formats.counted(len(kept), "persona", "personas")
with title_row("Built-in personas", f"{said}, the same for everyone. What you publish here, everybody has at once."):
    if st.button("Make one built-in", icon=":material/add:", type="primary"):
        adopt()
cells = st.grid(3, min_column_width=260, border=True)
for each in kept:
    with cells.cell():
        everybody = used[each.key].everybody
        built_in_card(each, used=everybody, budget_of=budgets.get(each.key))
if removed:
    section_head("Removed", len(removed), "In nobody's catalogue")
for each in removed:
    removed_row(each)
