"""Home: what to do next, what is left of the allowance, and what was begun."""

import streamlit as st

from engine.accounts.actor import Standing
from engine.authoring.getting_started import FirstStep
from engine.personas.drafts import Draft
from engine.usage.controls import Notice
from pages.ui import formats
from pages.ui.builder_steps import place
from pages.ui.confirm import confirm
from pages.ui.context import MEMBERS, get_studio, require
from pages.ui.layout import card, list_row, meters, portrait, title_row
from pages.ui.limit_notice import paused

BUILDER = "studio/persona_builder.py"
# first step: the words on its button, the page that it opens (None: a dialog)
WAYS = {
    "verify": ("Enter the code", None),
    "persona": ("Start", BUILDER),
    "hello": ("Meet them", "studio/personas.py"),
    "stage": ("Open theatre", "studio/theatre.py"),
    "key": ("Add a key", "settings/keys.py"),
}
LONGEST_LIST = 8

actor = require(*MEMBERS)
studio = get_studio()


def greeting() -> str:
    """The greeting of the hour, where the reader is."""
    hour = formats.now().hour
    part = "morning" if 5 <= hour < 12 else "afternoon" if 12 <= hour < 18 else "evening"
    return f"Good {part}, {actor.name.split()[0]}"


def first_steps(steps: list[FirstStep]) -> None:
    """What a newcomer does first; gone when all is done."""
    done = sum(step.done for step in steps)
    with card("Set up your studio", f"{done} of {len(steps)} done"):
        st.progress(done / len(steps))
        following = next((step.key for step in steps if not step.done and step.key in WAYS), None)
        for step in steps:
            icon = ":green[:material/check_circle:]" if step.done else ":material/circle:"
            with list_row(icon, step.title if step.done else f"**{step.title}**", step.caption):
                if not step.done and step.key in WAYS:
                    label, page = WAYS[step.key]
                    if st.button(label, type="primary" if step.key == following else "secondary"):
                        st.switch_page(page) if page else confirm()


def allowance() -> None:
    """What is left, and when it comes back."""
    with card("Your allowance"):
        meters(studio.usage.allowance(actor))
        if actor.standing < Standing.VERIFIED:
            st.caption("Free tries do not come back. Confirm your e-mail for an allowance of every day.")
        st.caption("Calls on your own keys are never limited. The built-in model costs nothing.")


def nobody_answers(found: Notice, drafts: list[Draft]) -> None:
    """Why nothing can be asked now, and what can be done meanwhile."""
    with card("Quick question"):
        paused(found, place="home")
        if drafts:
            word = f"Go on writing {formats.plain(drafts[0].spec.name) or 'your persona'}"
            if st.button(word, icon=":material/edit:", width="stretch"):
                st.switch_page(BUILDER, query_params={"draft": str(drafts[0].id)})
        elif st.button("Write a persona", icon=":material/edit:", width="stretch"):
            st.switch_page(BUILDER)


steps = studio.getting_started.steps(actor)
open_steps = [step for step in steps if not step.done]
today = formats.now()
with title_row(greeting(), f"{today:%A} {today.day} {today:%B}"):
    if st.button("New persona", icon=":material/add:", type="secondary" if open_steps else "primary"):
        st.switch_page(BUILDER)

left, right = st.columns([1.9, 1], gap="medium")
with left:
    if open_steps:
        first_steps(steps)
drafts = studio.drafts.all(actor)[:LONGEST_LIST]
with right:
    allowance()
    if (stop := studio.controls.notice(actor)) and stop.off:
        nobody_answers(stop, drafts)

if drafts:
    st.subheader("Pick up where you left off", anchor=False)
    cells = st.grid(4, min_column_width=210, border=True)
    for draft in drafts:
        with cells.cell():
            with st.container(horizontal=True, horizontal_alignment="distribute"):
                portrait(draft.spec.name, draft.key, emoji=draft.spec.avatar, width=40)
                st.badge("Draft", icon=":material/edit:", color="orange")
            with st.container(gap=None):
                st.markdown(f"**{formats.plain(draft.spec.name) or 'No name yet'}**")
                st.caption(f"{place(draft.step)}, saved {formats.ago(draft.saved_at)}")
            if st.button("Continue", key=f"continue/{draft.id}", width="stretch"):
                st.switch_page(BUILDER, query_params={"draft": str(draft.id)})
