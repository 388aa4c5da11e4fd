"""The library of scenes: one's own, those that colleagues share, and templates to begin with."""

import streamlit as st

from engine.errors import NotFound
from engine.personas.faces import face
from engine.theatre.casting import accents_of, slug_of
from engine.theatre.scene import Scene
from engine.theatre.scenes import Template
from pages.ui import formats
from pages.ui.context import current_actor, get_studio
from pages.ui.layout import card, section_head, title_row
from pages.ui.scene_acts import DELETED, add_to, begin, begin_with, open_scene, restore
from pages.ui.scene_words import STATES, stops_at
from pages.ui.stage_faces import faces

PER_PAGE = 9


def library() -> None:
    """Draw everything that can be opened or begun."""
    studio, actor = get_studio(), current_actor()
    with title_row("Theatre", "Several personas in one conversation, each with its own card, model and voice"):
        st.button("New scene", icon=":material/add:", type="primary", on_click=begin, args=("",))
    if key := st.query_params.get("key"):
        _newcomer(key)
    for scene_id, title in st.session_state.get(DELETED, {}).items():
        with st.container(border=True, horizontal=True, vertical_alignment="center", wrap=False):
            st.markdown(f":material/delete: **{formats.plain(title)}** is deleted")
            st.button("Undo", icon=":material/undo:", key=f"undo/{scene_id}", on_click=restore, args=(scene_id,))
    most = st.session_state.get("scenes/most", PER_PAGE)
    search = st.text_input(
        "Find a scene",
        placeholder="Find a scene",
        icon=":material/search:",
        live="300ms",
        width=250,
        key="scenes/find",
        label_visibility="collapsed",
    )
    found, shared = studio.scenes.page(actor, search, most=most), studio.scenes.shared(actor, search)
    if found.total:
        section_head("Yours", found.total, "Only you, unless shared")
        _shelf(found.scenes)
        if found.total > most:
            st.button("Show more", type="tertiary", on_click=_more, args=(most,))
    if shared:
        section_head("Shared", len(shared), "Performances of colleagues, to read, replay and export")
        _shelf(shared)
    if search and not found.total and not shared:
        st.caption(f"No scene is called “{formats.plain(search)}”.")
    section_head("Begin with", None, "A cast, a situation and an opening line, all of which you can change")
    cells = st.grid(3, min_column_width=260, border=True)
    for template in studio.scenes.templates(actor):
        with cells.cell():
            _template(template)


def _newcomer(key: str) -> None:
    """A persona that somebody wants to put on stage: in a new scene, or in one that is there."""
    studio, actor = get_studio(), current_actor()
    try:
        persona = studio.personas.get(actor, key)
    except NotFound:
        st.caption("That persona is not there any more.")
        return
    name = formats.plain(persona.spec.name)
    with card(f"Put {name} on stage", "In a new scene, or in one of yours"), st.container(horizontal=True):
        st.button("In a new scene", icon=":material/add:", on_click=begin_with, args=(key,))
        for scene in studio.scenes.page(actor, most=4).scenes:
            title = formats.plain(formats.start(scene.spec.title, 30))
            st.button(f"In “{title}”", key=f"into/{scene.id}", on_click=add_to, args=(scene.id, key))


def _shelf(scenes: list[Scene]) -> None:
    cells = st.grid(3, min_column_width=260, border=True)
    for scene in scenes:
        with cells.cell():
            _scene(scene)


def _scene(scene: Scene) -> None:
    word, colour, icon = STATES[scene.state]
    with st.container(horizontal=True, horizontal_alignment="distribute", vertical_alignment="center", wrap=False):
        faces(scene.spec.cast)
        st.badge(word, color=colour, icon=icon)
    with st.container(gap=None):
        st.markdown(f"**{formats.plain(formats.start(scene.spec.title, 60))}**")
        by = f"By {formats.plain(scene.owner)} · " if not scene.mine else "Shared · " if scene.shared else ""
        st.caption(f"{by}{formats.ago(scene.updated_at)}")
    label = {"ready": "Open", "playing": "Watch", "paused": "Continue", "ended": "Open"}[scene.state]
    st.button(
        label if scene.mine else "Watch", key=f"open/{scene.id}", width="stretch", on_click=open_scene, args=(scene.id,)
    )


def _template(template: Template) -> None:
    with st.container(horizontal=True, gap="xsmall"):
        keys = [part.persona for part in template.file.cast]
        for key, accent in zip(keys, accents_of(keys), strict=True):
            st.image(face(slug_of(key), accent), width=32, alt="")
    with st.container(gap=None):
        st.markdown(f"**{formats.plain(template.file.title)}**")
        st.caption(f"{formats.plain(template.about)} Stops at {stops_at(template.file.stop)}.")
    st.button(
        "Begin",
        key=f"template/{template.key}",
        icon=":material/theater_comedy:",
        width="stretch",
        on_click=begin,
        args=(template.key,),
    )


def _more(most: int) -> None:
    st.session_state["scenes/most"] = most + PER_PAGE
