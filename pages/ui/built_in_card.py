"""A built-in persona as administrators keep it, and the dialogs that change which there are."""

from functools import partial

import streamlit as st

from engine.errors import StudioError
from engine.personas.builtins import BuiltIn
from engine.usage.allowances import Budget
from engine.usage.persona_usage import Used
from pages.ui import formats
from pages.ui.context import ADMINS, current_actor, get_studio, require
from pages.ui.errors import notice
from pages.ui.forms import choice_word
from pages.ui.layout import list_row, portrait, say
from pages.ui.navigation import PAGES
from pages.ui.persona_card import COLOURS, open_in_builder
from pages.ui.persona_dialogs import budget, details

VERSIONS = "studio/versions.py"
STATES = {True: ":orange-badge[Changed]", False: ":gray-badge[As shipped]", None: ":violet-badge[Made here]"}
MOST = 8


def built_in_card(each: BuiltIn, *, used: Used, budget_of: Budget | None) -> None:
    """Draw one: who it is, how it stands, and what can be done with it."""
    with st.container(horizontal=True, vertical_alignment="center", wrap=False):
        portrait(each.name, each.key, emoji=each.avatar)
        with st.container(gap=None):
            st.markdown(f"**{formats.plain(each.name)}**")
            st.caption(formats.plain(each.role), wrap=False)
    kind = f":{COLOURS[each.modality]}-badge[{choice_word('modality', each.modality)}]"
    st.markdown(f"{kind} {STATES[each.changed]}")
    st.caption(_facts(each, used, budget_of))
    with st.container(horizontal=True, gap="xsmall", wrap=False):
        if st.button("Edit for everyone", icon=":material/edit:", key=f"edit/{each.key}", width="stretch"):
            open_in_builder(each.key)
        _menu(each)


def removed_row(each: BuiltIn) -> None:
    """One that was taken away, and the way back."""
    caption = f"Version {each.version} · removed, and kept with all its versions"
    with list_row(":material/delete:", f"**{formats.plain(each.name)}**", caption):
        st.button("Bring it back", key=f"back/{each.key}", on_click=_restore, args=(each.key, each.name))


def _facts(each: BuiltIn, used: Used, budget_of: Budget | None) -> str:
    lines = [f"Version {each.version}, {formats.ago(each.updated_at)}"]
    cost = f", {formats.money(used.cost_usd)}" if used.calls else ""
    lines.append(f"{formats.counted(used.calls, 'call', 'calls')} in 30 days{cost}")
    if each.recommended_by:
        lines.append(f"recommended by {formats.plain(', '.join(each.recommended_by))}")
    if each.default_of:
        lines.append(f"answers by default in {formats.plain(', '.join(each.default_of))}")
    if budget_of and budget_of.month_usd is not None:
        lines.append(f"{formats.money(budget_of.used_usd)} of {formats.money(budget_of.month_usd)} spent this month")
    return " · ".join(lines)


def _menu(each: BuiltIn) -> None:
    acts = {"Details": partial(details, each.key), "Set a budget": partial(budget, each.key, each.name)}
    if VERSIONS in {row[0] for row in PAGES}:
        acts["Versions"] = partial(st.switch_page, VERSIONS, query_params={"key": each.key})
    if each.changed:
        acts["Back to as shipped"] = partial(as_shipped, each)
    acts[":red[Remove]"] = partial(take_away, each)
    more = {"icon": ":material/more_horiz:", "help": f"More for {formats.plain(each.name)}"}
    if asked := st.menu_button("", list(acts), key=f"menu/{each.key}", **more):
        acts[asked]()


@st.dialog("Make a persona built-in")
def adopt() -> None:
    """Choose among the personas whose prompt one may read."""
    actor = require(*ADMINS)
    st.markdown("Everyone can then use it and read its prompt. The persona itself stays with its owner, as it is.")
    search = st.text_input("Find a persona", placeholder="Name, role or tag", icon=":material/search:", live="300ms")
    found = get_studio().personas.catalogue(actor, search=search, most=MOST, groups=("own", "team"))
    offered = [card for card in (*found.own, *found.team) if card.readable]
    for card in offered:
        whose = "yours" if card.source == "user" else f"by {card.owner}"
        row = list_row(":material/face:", f"**{formats.plain(card.name)}**", formats.plain(f"{card.role} · {whose}"))
        with row:
            if st.button("Make it built-in", key=f"adopt/{card.key}"):
                _adopt(card.key, card.name)
    if not offered:
        st.caption("Nobody by that name whose prompt you may read. Write and publish a persona first.")


def _adopt(key: str, name: str) -> None:
    try:
        get_studio().builtins.adopt(current_actor(), key)
    except StudioError as problem:
        notice(problem)
    else:
        say(f"{name} is built in now")
        st.rerun()


@st.dialog("Back to as shipped?")
def as_shipped(each: BuiltIn) -> None:
    """Ask before what others wrote is replaced."""
    require(*ADMINS)
    st.markdown(
        f"**{formats.plain(each.name)}** becomes what came with the house, for everyone. "
        f"That is version {each.version + 1}; what was changed stays in the versions before."
    )
    with st.container(horizontal=True, horizontal_alignment="right"):
        if st.button("Keep it"):
            st.rerun()
        if st.button(f"Publish version {each.version + 1}", icon=":material/publish:"):
            try:
                get_studio().builtins.reset(current_actor(), each.key)
            except StudioError as problem:
                notice(problem)
            else:
                say(f"{each.name} is as shipped")
                st.rerun()


@st.dialog("Remove this built-in persona?")
def take_away(each: BuiltIn) -> None:
    """Ask, and name who will miss it."""
    require(*ADMINS)
    missed = [*dict.fromkeys([*each.recommended_by, *each.default_of])]
    where = f" {formats.plain(', '.join(missed))} will miss it." if missed else ""
    st.markdown(f"**{formats.plain(each.name)}** leaves everybody's catalogue.{where} You can bring it back here.")
    with st.container(horizontal=True, horizontal_alignment="right"):
        if st.button("Keep it"):
            st.rerun()
        if st.button(":red[Remove persona]", icon=":material/delete:"):
            try:
                get_studio().builtins.remove(current_actor(), each.key)
            except StudioError as problem:
                notice(problem)
            else:
                say(f"{each.name} is removed")
                st.rerun()


def _restore(key: str, name: str) -> None:
    get_studio().builtins.restore(current_actor(), key)
    say(f"{name} is back")
