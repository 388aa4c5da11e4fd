"""One question to several models, or versions, side by side. `?key=<key>` compares a persona, `?draft=<id>` a draft."""

from functools import partial

import streamlit as st

from engine.authoring.preview import FIRST_QUESTION
from engine.errors import NotFound
from engine.personas.versions import DRAFT
from pages.ui import formats
from pages.ui.ai_disabled_banner import silence
from pages.ui.compare_ask import ask_all, stop, what_to_compare, whom
from pages.ui.compare_cards import columns
from pages.ui.compare_sums import sums
from pages.ui.context import MEMBERS, get_studio, require
from pages.ui.layout import empty, portrait, slot, title_row
from pages.ui.stream import polled

BUILDER, CATALOGUE = "studio/persona_builder.py", "studio/personas.py"

actor = require(*MEMBERS)
studio = get_studio()
draft = st.query_params.get("draft", "")
of = f"draft:{draft}" if draft else st.query_params.get("key", "")
try:
    subject, last = studio.compare.subject(actor, of), studio.compare.last(actor, of)
    with_history = subject.may_edit and subject.persona_key
    history = studio.versions.all(actor, subject.persona_key) if with_history else None
except NotFound as gone:
    with title_row("Compare models", "One question, several answers"):
        pass
    if empty(formats.plain(gone.message), formats.plain(gone.hint), "See all personas"):
        st.switch_page(CATALOGUE)
    st.stop()

writing = last is not None and not last.over
version = "draft" if subject.version == DRAFT else f"version {subject.version}"
with title_row("Compare models", f"{formats.plain(subject.name) or 'No name yet'}, {version}, same question"):
    what_to_compare(history)
    if subject.may_edit and st.button("Back to builder", icon=":material/arrow_back:"):
        st.switch_page(BUILDER, query_params={"draft": draft} if draft else {"key": of})
    run = st.empty()
left, right = st.columns(2)
with left:
    asked = last.question if last else next(iter(subject.questions), FIRST_QUESTION)
    question = st.text_input("Question", asked, key=f"compare/question/{of}", persist_state="session")
with right:
    wanted = whom(of, last, history)
off = silence(studio.controls.notice(actor))
if writing:
    run.button("Stop", icon=":material/stop_circle:", on_click=stop, args=(of,))
elif run.button(
    "Run again" if last else "Run",
    icon=":material/play_arrow:",
    type="secondary" if last else "primary",
    disabled=bool(off or not wanted or not question.strip()),
):
    ask_all(of, question, wanted)
with slot():
    if off:
        st.caption(off)
polled(partial(columns, of, subject), writing=writing)
if last:
    sums(of, subject, last)
else:
    with st.container(border=True, horizontal_alignment="center"):
        st.space("medium")
        portrait(subject.name, subject.slug, emoji=subject.avatar, width=64)
        st.markdown("#### Hear them side by side", text_alignment="center")
        st.caption(
            "Pick models and press Run. Nothing is asked before you have seen what it costs.", text_alignment="center"
        )
        st.space("medium")
