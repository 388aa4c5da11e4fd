"""Write a persona in five steps and hear it speak beside them. `?draft=<id>` goes on, `?key=<key>` begins.

With `&view=preview` only the preview and the card beside it are there, to try a persona out.
"""

from uuid import UUID

import streamlit as st

from engine.errors import NotFound
from engine.personas.drafts import Draft
from pages.ui import formats
from pages.ui.builder_head import head
from pages.ui.builder_steps import go, step_card, stepper
from pages.ui.context import MEMBERS, current_actor, get_studio, require
from pages.ui.dock import dock_about
from pages.ui.draft_state import catch_up, put_refused, unsaved
from pages.ui.forms import readers
from pages.ui.inspector import inspector
from pages.ui.layout import slot, title_row
from pages.ui.live_text import commit_after_a_pause
from pages.ui.newer_version import newer_version
from pages.ui.preview import preview, question_of
from pages.ui.sentence_card import sentence_card, sentence_open

ALONE_PX = 300

require(*MEMBERS)


def opened_draft() -> Draft:
    """The draft that the address asks for. From then on the address names it, so that a reload comes back to it."""
    drafts = get_studio().drafts
    asked = st.query_params.get("draft", "")
    if asked:
        try:
            return drafts.get(current_actor(), UUID(asked))
        except ValueError:
            raise NotFound("That draft is gone.", hint="It was published or discarded.") from None
    draft = drafts.open(current_actor(), st.query_params.get("key"))
    seen = {"view": view} if view else {}
    st.query_params.from_dict({"draft": str(draft.id), **seen})
    return draft


def gone(why: NotFound) -> None:
    """What is said in place of a draft that is not there; with what was typed into it."""
    with title_row("Persona builder", "Write a persona in five steps"):
        pass
    with st.container(border=True, horizontal_alignment="center"):
        st.markdown(f"#### {formats.plain(why.message)}", text_alignment="center")
        st.caption(formats.plain(why.hint), text_alignment="center")
        if st.button("See all personas"):
            st.switch_page("studio/personas.py")
    for title, typed in unsaved(st.query_params.get("draft", "")).items():
        st.markdown(f"You had typed this into **{title}**, and it was not saved:")
        st.code(typed, language=None, wrap_lines=True)


def write(draft: Draft) -> None:
    """The steps on the left, what comes of them on the right."""
    step = stepper(draft)
    left, right = st.columns([1.15, 1], gap="medium")
    with left:
        with slot():
            put_refused(draft.id)
            newer_version(draft)
            if sentence_open(draft.id):
                sentence_card(draft)
        step_card(draft, step)
    with right:
        sections = get_studio().preview.sections(current_actor(), draft.spec)
        preview(draft, sections)
        inspector(draft, step, sections, question_of(draft), open_step=go)


def listen(draft: Draft) -> None:
    """The preview alone, and what the model reads."""
    sections = get_studio().preview.sections(current_actor(), draft.spec)
    left, right = st.columns([1.15, 1], gap="medium")
    with left:
        preview(draft, sections, height=ALONE_PX)
    with right:
        inspector(draft, "preview", sections, question_of(draft), open_step=write_on)


def write_on(draft_id: UUID, step: str) -> None:
    """Go back to writing, at a step."""
    st.query_params.pop("view", None)
    go(draft_id, step)


view = st.query_params.get("view", "")
try:
    draft = opened_draft()
    draft = catch_up(draft, readers(draft))
except NotFound as why:
    gone(why)
    st.stop()
dock_about("Persona builder", draft.spec.name or "New persona")
head(draft, alone=view == "preview")
if view == "preview":
    listen(draft)
else:
    write(draft)
commit_after_a_pause()
