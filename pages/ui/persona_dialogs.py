"""Dialogs about one persona: what is to be seen of it, who else edits it, its budget, and deleting it."""

import streamlit as st

from engine.errors import StudioError
from engine.personas.catalogue import PersonaCard, PersonaView
from engine.personas.faces import accent_of
from engine.personas.prompt import sections
from engine.usage.allowances import Budget
from engine.usage.persona_usage import Used
from pages.ui import formats
from pages.ui.budgets import set_budget
from pages.ui.context import ADMINS, MEMBERS, current_actor, get_studio, require
from pages.ui.errors import notice
from pages.ui.layout import list_row, portrait
from pages.ui.persona_undo import remember_deleted
from pages.ui.safe_markdown import safe_markdown

REFUSED = "editors/refused"
SHARED = {"private": "Only the owner and the editors", "department": "The department", "workspace": "Everybody here"}


@st.dialog("Persona", width="medium")
def details(key: str) -> None:
    """What may be seen: who it is, how it answers, how much it is used, and the prompt where that is open."""
    actor = require(*MEMBERS)
    try:
        view = get_studio().personas.view(actor, key)
    except StudioError as problem:
        notice(problem)
        return
    with st.container(horizontal=True, vertical_alignment="center", wrap=False):
        portrait(view.name, key.rpartition(":")[2].rpartition("/")[2], emoji=view.avatar, width=68)
        with st.container(gap=None):
            st.markdown(f"#### {formats.plain(view.name)}")
            st.caption(_facts(view))
    used = get_studio().personas_used.of(actor, [key])[key]
    calls = [f"You: {_calls(used.mine)}"] + ([f"everybody: {_calls(used.everybody)}"] if used.everybody else [])
    st.caption(f"Last 30 days. {'; '.join(calls)}.")
    _samples(view)
    _prompt(view)


def _facts(view: PersonaView) -> str:
    by = ["built in"] if view.source == "system" else ["yours"] if view.yours else [f"by {formats.plain(view.owner)}"]
    where = [formats.plain(view.department)] if view.department else []
    who = [] if view.source == "system" else [f"{SHARED[view.visibility].lower()} can use them"]
    facts = [formats.plain(view.role), *by, *where, f"version {view.version}", formats.ago(view.updated_at), *who]
    return " · ".join(fact for fact in facts if fact)


def _calls(used: Used) -> str:
    cost = f", {formats.money(used.cost_usd)}" if used.calls else ""
    return f"{formats.counted(used.calls, 'call', 'calls')}{cost}"


def _samples(view: PersonaView) -> None:
    accent = accent_of(view.key.rpartition(":")[2].rpartition("/")[2])
    if view.sample_queries:
        st.markdown("##### Ask them")
        st.markdown("\n".join(f"- {formats.plain(query)}" for query in view.sample_queries[:5]))
    if view.sample_interactions:
        st.markdown("##### How they answer")
    for pair in view.sample_interactions[:3]:
        with st.container(border=True, gap="xsmall"):
            st.markdown(f"*{formats.plain(pair.user)}*")
            st.markdown(f":{accent}[**{formats.plain(view.name)}**]")
            st.markdown(safe_markdown(pair.persona))


def _prompt(view: PersonaView) -> None:
    st.markdown("##### Prompt")
    if view.spec is None:
        st.caption("It is closed: the owner and the editors see it. You can talk to them all the same.")
        return
    for section in sections(view.spec):
        with st.expander(f"{section.title} · {section.tokens:,} tokens", type="compact"):
            st.code(section.text, language=None, wrap_lines=True)


@st.dialog("Share with editors")
def share(key: str, name: str) -> None:
    """Who else may edit a persona of one's own."""
    actor = require(*MEMBERS)
    st.markdown(
        f"Editors of **{formats.plain(name)}** use it, see its prompt and publish versions. "
        "Who else may use it is for you alone to say, in the last step of the builder."
    )
    for each in get_studio().personas.editors(actor, key):
        with list_row(":material/person_edit:", f"**{formats.plain(each.name)}**", formats.plain(f"@{each.handle}")):
            at = {"on_click": _remove_editor, "args": (key, each.handle), "type": "tertiary"}
            st.button("Remove", key=f"editor/{each.handle}", **at)
    with st.form("editor", border=False, clear_on_submit=True):
        st.text_input("Handle of a colleague", placeholder="@rosa", key="editor/handle")
        st.form_submit_button("Add editor", type="primary", on_click=_add_editor, args=(key,))
    if problem := st.session_state.pop(REFUSED, None):
        notice(problem)


def _add_editor(key: str) -> None:
    try:
        get_studio().personas.add_editor(current_actor(), key, st.session_state["editor/handle"])
    except StudioError as problem:
        st.session_state[REFUSED] = problem


def _remove_editor(key: str, handle: str) -> None:
    try:
        get_studio().personas.remove_editor(current_actor(), key, handle)
    except StudioError as problem:
        st.session_state[REFUSED] = problem


def budget(key: str, name: str) -> None:
    """What a persona may spend in a month, for administrators; it counts the calls that are made under this key."""
    actor = require(*ADMINS)
    found = {each.scope_id: each for each in get_studio().allowances.budgets(actor) if each.scope == "persona"}
    now = found.get(key)
    usd = (now.month_usd, now.used_usd) if now else (None, 0)
    set_budget(Budget("persona", key, name, *usd))


@st.dialog("Delete this persona?")
def delete(card: PersonaCard) -> None:
    """Ask before a persona leaves the catalogue."""
    require(*MEMBERS)
    versions = formats.counted(card.version, "version", "versions")
    st.markdown(
        f"**{formats.plain(card.name)}** leaves the catalogue, for you and for everyone you share it with, "
        f"and takes {versions} along. You can undo this until you leave the page."
    )
    with st.container(horizontal=True, horizontal_alignment="right"):
        if st.button("Keep it"):
            st.rerun()
        if st.button(":red[Delete persona]", icon=":material/delete:"):
            get_studio().personas.delete(current_actor(), card.key)
            remember_deleted(card.key, card.name)
            st.rerun()
