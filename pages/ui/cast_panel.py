"""The cast beside the stage: who is in it, how much each has spoken, and what can be changed about a part."""

from functools import partial
from typing import Any
from uuid import UUID

import streamlit as st

from engine.personas.faces import face
from engine.theatre.casting import slug_of
from engine.theatre.scene import MOST_CAST, Member
from engine.theatre.stage import Performance
from pages.ui import formats
from pages.ui.context import MEMBERS, current_actor, get_studio, require
from pages.ui.errors import explained
from pages.ui.likeness import likeness
from pages.ui.model_options import model_options
from pages.ui.pickers import persona_buttons
from pages.ui.scene_acts import cast, change_part, dismiss, field
from pages.ui.scene_words import minutes, share, stops_at

NOBODY = "Pick two or more personas, give them a situation, and listen to what they make of it."


def cast_panel(found: Performance, *, height: int) -> None:
    """Draw the cast of a scene; its owner can change it."""
    scene = found.scene
    with st.container(border=True, height=height, key="cast"):
        with st.container(horizontal=True, horizontal_alignment="distribute", vertical_alignment="center"):
            st.subheader("Cast", anchor=False, width="content")
            if scene.mine and st.button("Add", icon=":material/add:", type="tertiary", key="cast/add"):
                add_to_cast(scene.id)
        for member in scene.spec.cast:
            _part(found, member)
        if scene.spec.cast:
            st.caption("Share of speaking time, and how readily each one speaks.")
        st.caption(f"**Stops at** {stops_at(scene.spec.stop)}.")


def empty_stage(scene_id: UUID) -> None:
    """What stands where nobody is in the cast."""
    with st.container(border=True, horizontal_alignment="center"):
        st.space("medium")
        st.image(face("maestro"), width=64, alt="Portrait")
        st.markdown("#### The stage is empty", text_alignment="center")
        st.caption(NOBODY, width="content", text_alignment="center")
        if st.button("Choose a cast", type="primary", icon=":material/group_add:"):
            add_to_cast(scene_id)
        st.space("medium")


@st.dialog("Add to the cast")
def add_to_cast(scene_id: UUID) -> None:
    """Choose personas, one click each."""
    require(*MEMBERS)
    with explained():
        there = get_studio().scenes.get(current_actor(), scene_id).spec.cast
        names = "".join(f" :{member.accent}-badge[{formats.plain(member.name)}]" for member in there)
        st.markdown(names or "Nobody is in it yet. Two make a talk.")
        if len(there) < MOST_CAST:
            persona_buttons("cast/pick", partial(cast, scene_id))
        else:
            st.caption(f"The stage is full with {MOST_CAST}.")
    if st.button("Done", type="primary", width="stretch"):
        st.rerun()


def _part(found: Performance, member: Member) -> None:
    scene = found.scene
    with st.container(horizontal=True, vertical_alignment="center", wrap=False):
        drawn = likeness(slug_of(member.persona), member.avatar, member.accent or None)
        st.image(drawn, width=36, alt=f"Portrait of {member.name}")
        with st.container(gap=None):
            st.markdown(f"**{formats.plain(member.name)}**")
            st.caption(_facts(found, member))
        if scene.mine:
            with st.popover("", icon=":material/graphic_eq:", type="tertiary", key=f"cast/more/{member.id}"):
                _more(found, member)


def _facts(found: Performance, member: Member) -> str:
    said = found.shares.get(member.id)
    speaking = found.speaking is not None and found.speaking.speaker == member.id
    if member.mute and not speaking:
        return "muted"
    now = ", speaking now" if speaking else ""
    return f"{share(said.words if said else 0)}{now} · talks {member.talkativeness:.1f}"


def _more(found: Performance, member: Member) -> None:
    """What a member has done so far, and what can be changed."""
    scene_id, said = found.scene.id, found.shares.get(member.id)
    st.caption(formats.plain(member.role) or "No role")
    if said is not None:
        done = formats.counted(said.turns, "turn", "turns")
        st.markdown(f"{done} · {formats.money(said.cost_usd)} · {minutes(said.seconds)} min")
    help_text = "How readily they take the floor by themselves."
    st.slider(
        "Talkativeness", 0.0, 1.0, member.talkativeness, 0.1, help=help_text, **_at(scene_id, member, "talkativeness")
    )
    _model(scene_id, member)
    st.toggle("Mute", member.mute, help="Speaks only when you say so.", **_at(scene_id, member, "mute"))
    key = field(scene_id, member.id, "remove")
    look = {"icon": ":material/person_remove:", "type": "tertiary"}
    st.button(":red[Remove]", key=key, on_click=dismiss, args=(scene_id, member.id), **look)


def _model(scene_id: UUID, member: Member) -> None:
    options = model_options()
    choices = list(options if member.model in options else {member.model: "", **options})
    st.selectbox(
        "Model",
        choices,
        choices.index(member.model),
        format_func=lambda value: formats.plain(options.get(value, value)),
        **_at(scene_id, member, "model"),
    )


def _at(scene_id: UUID, member: Member, name: str) -> dict[str, Any]:
    """Where a field of a part is kept, and what happens when it changes."""
    key = field(scene_id, member.id, name)
    return {"key": key, "on_change": change_part, "args": (scene_id, member.id, name, key)}
