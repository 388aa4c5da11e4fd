"""A persona in the catalogue: who it is, talking to it, the way into the builder, and all else that can be done."""

from collections.abc import Callable

import streamlit as st

from engine.accounts.actor import Actor, Role
from engine.errors import StudioError
from engine.personas.catalogue import PersonaCard
from engine.personas.drafts import Draft
from engine.usage.persona_usage import PersonaUsage
from pages.ui import formats
from pages.ui.card_export import export_dialog
from pages.ui.context import current_actor, get_studio
from pages.ui.forms import choice_word
from pages.ui.layout import portrait, say
from pages.ui.navigation import PAGES
from pages.ui.persona_dialogs import budget, delete, details, share
from pages.ui.pickers import PERSONA

BUILDER, ASSISTANT = "studio/persona_builder.py", "studio/assistant.py"
COLOURS = {"character": "violet", "department": "blue", "domain": "green", "specialist": "orange"}
REFUSED = "personas/refused"
CHOSEN = "personas/chosen"
# word in the menu: the page that takes `?key=`, and whether it is for those who may edit
PAGE_OF = {
    "Put on stage": ("studio/theatre.py", False),
    "Compare models": ("studio/compare.py", False),
    "Rehearse": ("studio/rehearsal.py", True),
    "Versions": ("studio/versions.py", True),
}


def persona_card(
    card: PersonaCard, *, by: Actor, with_blurb: bool, is_default: bool, used: PersonaUsage | None, choosing: bool
) -> None:
    """Draw one persona with what can be done with it; while several are chosen, one's own have a box instead."""
    with st.container(horizontal=True, vertical_alignment="center", wrap=False):
        portrait(card.name, slug_of(card.key), emoji=card.avatar)
        with st.container(gap=None):
            st.markdown(f"**{formats.plain(card.name)}**")
            st.caption(formats.plain(card.role), wrap=False)
    if with_blurb and card.blurb:
        st.markdown(formats.plain(card.blurb))
    st.markdown(_badges(card, is_default=is_default))
    if used and used.everybody:
        calls = formats.counted(used.everybody.calls, "call", "calls")
        cost = f", {formats.money(used.everybody.cost_usd)}" if used.everybody.calls else ""
        st.caption(f"{calls} in 30 days{cost}")
    if choosing and card.source == "user":
        at = {"key": f"choose/{card.key}", "on_change": _choose, "args": (card.key, card.name)}
        st.checkbox(f"Choose {formats.plain(card.name)}", card.key in st.session_state.get(CHOSEN, {}), **at)
        return
    with st.container(horizontal=True, gap="xsmall", wrap=False):
        if st.button("Chat", icon=":material/chat_bubble:", key=f"chat/{card.key}", width="stretch"):
            st.session_state[PERSONA] = card.key
            st.switch_page(ASSISTANT)
        edit = {"icon": ":material/edit:", "key": f"open/{card.key}", "width": "stretch"}
        if card.editable and card.source != "system" and st.button("Edit", **edit):
            open_in_builder(card.key)
        _menu(card, by, is_default=is_default)


def slug_of(key: str) -> str:
    """What the face of a persona is drawn from."""
    return key.rpartition(":")[2].rpartition("/")[2]


def open_in_builder(key: str | None, **changes: str) -> None:
    """Go on with a draft of this persona; one that may not be edited becomes a copy of one's own."""
    drafts = get_studio().drafts
    draft = drafts.open(current_actor(), key)
    if changes:
        drafts.save(current_actor(), draft.id, changes)
    _go_to(draft)


def _badges(card: PersonaCard, *, is_default: bool) -> str:
    words = [f":{COLOURS[card.modality]}-badge[{choice_word('modality', card.modality)}]"]
    if word := card.department or next(iter(card.tags), ""):
        words.append(f":gray-badge[{formats.plain(word)}]")
    if card.source == "user" and card.visibility != "private":
        words.append(":blue-badge[:material/group: Shared]")
    if is_default:
        words.append(":green-badge[Default]")
    if card.draft:
        words.append(":orange-badge[:material/edit: Draft]")
    return " ".join(words)


def _menu(card: PersonaCard, by: Actor, *, is_default: bool) -> None:
    acts = _acts(card, by, is_default=is_default)
    asked = st.menu_button(
        "",
        list(acts),
        icon=":material/more_horiz:",
        key=f"menu/{card.key}",
        help=f"More for {formats.plain(card.name)}",
    )
    if asked:
        acts[asked]()


def _acts(card: PersonaCard, by: Actor, *, is_default: bool) -> dict[str, Callable[[], None]]:
    """What the menu offers, by its words."""
    pages, mine = {row[0] for row in PAGES}, card.source == "user"
    acts: dict[str, Callable[[], None]] = {"Details": lambda: details(card.key)}
    if card.readable:
        acts["Duplicate"] = lambda: _go_to(get_studio().drafts.duplicate(current_actor(), card.key))
        acts["Export card"] = lambda: export_dialog(card.key)
    for word, (page, for_editors) in PAGE_OF.items():
        if page in pages and (card.editable or not for_editors):
            acts[word] = lambda page=page: st.switch_page(page, query_params={"key": card.key})
    if is_default:
        acts["Make it my default no more"] = lambda: _make_default("", "The choice of the house")
    else:
        acts["Make it my default"] = lambda: _make_default(card.key, card.name)
    if mine:
        acts["Share with editors"] = lambda: share(card.key, card.name)
    if not mine and by.role is Role.ADMIN:
        acts["Set a budget"] = lambda: budget(card.key, card.name)
    if mine:
        acts[":red[Delete]"] = lambda: delete(card)
    return acts


def _make_default(key: str, name: str) -> None:
    try:
        get_studio().assistant.set_default_persona(current_actor(), key)
    except StudioError as problem:
        st.session_state[REFUSED] = problem
    else:
        say(f"{name} answers when you pick nobody")
    st.rerun()


def _choose(key: str, name: str) -> None:
    chosen = st.session_state.setdefault(CHOSEN, {})
    if st.session_state[f"choose/{key}"]:
        chosen[key] = name
    else:
        chosen.pop(key, None)


def _go_to(draft: Draft) -> None:
    st.switch_page(BUILDER, query_params={"draft": str(draft.id)})
