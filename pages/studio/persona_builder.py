"""Write a persona in five steps and hear it speak beside them. `?draft=<id>` goes on, `?key=<key>` begins."""

from uuid import UUID

import streamlit as st

from engine.errors import NotFound
from engine.personas.drafts import Draft
from pages.ui import formats
from pages.ui.builder_steps import step_card, stepper
from pages.ui.context import MEMBERS, current_actor, get_studio, require
from pages.ui.forms import unsaved
from pages.ui.layout import say, title_row
from pages.ui.live_text import commit_after_a_pause
from pages.ui.preview import preview, prompt

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
    st.query_params.from_dict({"draft": str(draft.id)})
    return draft


@st.dialog("Discard this draft?")
def discard(draft: Draft) -> None:
    """Ask before work is thrown away."""
    require(*MEMBERS)
    name = formats.plain(draft.spec.name) or "this persona"
    kept = f"Version {draft.base_version} stays as it is." if draft.base_version else "It was never published."
    st.markdown(f"Everything you changed in **{name}** since you began is lost. {kept}")
    with st.container(horizontal=True, horizontal_alignment="right"):
        if st.button("Keep it"):
            st.rerun()
        if st.button(":red[Discard draft]", icon=":material/delete:"):
            get_studio().drafts.discard(current_actor(), draft.id)
            say(f"The draft of {draft.spec.name or 'a persona without a name'} is discarded")
            st.switch_page("studio/personas.py")


def caption(draft: Draft) -> str:
    """What is being edited, in one line."""
    if draft.persona_key is None:
        return "Persona builder · not published yet"
    return f"Persona builder · {formats.plain(draft.persona_key)} · editing version {draft.base_version}"


try:
    draft = opened_draft()
except NotFound as gone:
    with title_row("Persona builder", "Write a persona in five steps"):
        pass
    with st.container(border=True, horizontal_alignment="center"):
        st.markdown(f"#### {formats.plain(gone.message)}", text_alignment="center")
        st.caption(formats.plain(gone.hint), text_alignment="center")
        if st.button("See all personas"):
            st.switch_page("studio/personas.py")
    for title, typed in unsaved(st.query_params.get("draft", "")).items():
        st.markdown(f"You had typed this into **{title}**, and it was not saved:")
        st.code(typed, language=None, wrap_lines=True)
    st.stop()

with title_row(draft.spec.name or "New persona", caption(draft)):
    if unsaved(draft.id):
        st.badge("Not saved", icon=":material/cloud_off:", color="red")
    else:
        st.badge(f"Draft saved {formats.clock(draft.saved_at)}", icon=":material/cloud_done:", color="green")
    if st.button(":red[Discard draft]", type="tertiary"):
        discard(draft)
step = stepper(draft)
left, right = st.columns([1.15, 1], gap="medium")
with left:
    step_card(draft, step)
with right:
    sections = get_studio().preview.sections(current_actor(), draft.spec)
    preview(draft, sections)
    prompt(sections)
commit_after_a_pause()
