"""Routing tables that may not be saved yet: who would answer a case and why, and what saving them changes."""

from dataclasses import asdict
from itertools import groupby
from typing import Any

import streamlit as st

from engine.accounts.actor import Actor
from engine.errors import StudioError
from engine.providers import PROVIDERS
from pages.ui import formats
from pages.ui.context import get_studio
from pages.ui.errors import notice
from pages.ui.layout import card
from pages.ui.why import why

PAID = {"user": "own key", "system": "house key", "env": "house key", "local": "free"}
ITS_OWN = "As the surface says"
NOTHING = "no such call"


def who_would_answer(actor: Actor, edited: dict[str, Any]) -> None:
    """The case and its answer."""
    people = {each.id: f"{each.name} ({each.handle})" for each in get_studio().people.all(actor)}
    with card("Who would answer?", "Try a case before you save. Nothing is called."):
        person_id = st.selectbox(
            "Person", list(people), list(people).index(actor.person_id), format_func=people.__getitem__,
            key="tester/person",
        )  # fmt: skip
        surface = st.selectbox("Surface", list(edited["surfaces"]), key="tester/surface")
        mode = st.selectbox("Mode", [ITS_OWN, *edited["modes"]], key="tester/mode")
        mode = edited["surfaces"][surface]["mode"] if mode == ITS_OWN else mode
        steps = list(edited["modes"].get(mode, {}).get("steps", ()))
        step = st.selectbox("Step", steps, 0, key=f"tester/step/{mode}") if steps else ""
        structured = st.toggle("Structured call", key="tester/structured")
        tokens = st.number_input("Context, tokens", 0, 10_000_000, 1_000, 1_000, key="tester/tokens")
        try:
            route = get_studio().routing.explain(
                actor, person_id, surface=surface, mode=mode or "", structured=structured, step=step or "",
                context_tokens=tokens, edited=edited,
            )  # fmt: skip
        except StudioError as problem:
            notice(problem)
            return
        with st.container(horizontal=True, vertical_alignment="center", gap="xsmall"):
            st.markdown(f"**{formats.plain(route.model)}** would answer", width="content")
            st.badge(f"{PROVIDERS[route.provider].label}, {PAID[route.key_source]}", color="blue")
        why(asdict(route))


def what_it_changes(actor: Actor, edited: dict[str, Any]) -> None:
    """What saving would do, call by call; of tables that cannot be saved the tester tells."""
    with card("What saving changes", "On the house's keys, for short prompts"):
        try:
            effects = get_studio().routing.effects(actor, edited)
        except StudioError as problem:
            st.caption(formats.plain(problem.message))
            return
        for surface, found in groupby(effects, key=lambda each: each.surface):
            with st.container(gap="xxsmall"):
                st.markdown(f"**{formats.plain(surface)}**")
                for each in found:
                    before, after = (formats.plain(side or NOTHING) for side in (each.before, each.after))
                    st.caption(f"{formats.plain(each.call)}: {before} :material/arrow_forward: {after}")
        if not effects:
            st.caption("Nobody else would answer. Long prompts and people's own keys may still see a difference.")
