"""What buttons of the theatre do. Callbacks: each acts as whoever is signed in now, and tells the page to draw anew."""

from typing import Any
from uuid import UUID

import streamlit as st

from pages.ui.context import current_actor, get_studio
from pages.ui.layout import say

CHANGED = "theatre/changed"
DELETED = "theatre/deleted"


def open_scene(scene_id: UUID | None) -> None:
    """Go to a scene, or to the library."""
    for name in ("scene", "key", "replay"):
        st.query_params.pop(name, None)
    if scene_id is not None:
        st.query_params["scene"] = str(scene_id)


def begin(template: str) -> None:
    """Make a scene after a template, or a blank one, and open it."""
    open_scene(get_studio().scenes.begin(current_actor(), template))


def begin_with(persona: str) -> None:
    """Make a scene with one persona, and open it."""
    scene = {"title": "New scene", "cast": [{"persona": persona}]}
    open_scene(get_studio().scenes.create(current_actor(), scene))


def add_to(scene_id: UUID, persona: str) -> None:
    """Give a persona a part in a scene, and open it."""
    get_studio().scenes.cast(current_actor(), scene_id, persona)
    open_scene(scene_id)


def cast(scene_id: UUID, persona: str) -> None:
    """Give a persona a part."""
    get_studio().scenes.cast(current_actor(), scene_id, persona)


def play(scene_id: UUID) -> None:
    """Play on."""
    get_studio().theatre.play(current_actor(), scene_id)


def play_more(scene_id: UUID) -> None:
    """Play five turns more than it has."""
    get_studio().theatre.play_more(current_actor(), scene_id)


def pause(scene_id: UUID) -> None:
    """Stand still after this turn."""
    get_studio().theatre.pause(current_actor(), scene_id)


def step(scene_id: UUID, seen: int) -> None:
    """Play one turn, unless somebody was faster."""
    get_studio().theatre.step(current_actor(), scene_id, seen=seen)


def stop(scene_id: UUID) -> None:
    """End it at once."""
    get_studio().theatre.stop(current_actor(), scene_id)


def speak_up(scene_id: UUID, field: str) -> None:
    """Say what was typed."""
    get_studio().theatre.say(current_actor(), scene_id, st.session_state[field])


def call_on(scene_id: UUID, field: str) -> None:
    """Have somebody speak next, or let the scene decide."""
    get_studio().theatre.call_on(current_actor(), scene_id, st.session_state[field] or "")


def take_turns(scene_id: UUID, field: str) -> None:
    """Change who decides on the next speaker."""
    get_studio().scenes.change(current_actor(), scene_id, {"strategy": st.session_state[field]})


def change_part(scene_id: UUID, member_id: str, name: str, field: str) -> None:
    """Change something about a member."""
    get_studio().scenes.change_part(current_actor(), scene_id, member_id, {name: st.session_state[field]})
    st.session_state[CHANGED] = True


def dismiss(scene_id: UUID, member_id: str) -> None:
    """Take a member out of the cast."""
    get_studio().scenes.dismiss(current_actor(), scene_id, member_id)
    st.session_state[CHANGED] = True


def share(scene_id: UUID, shared: bool) -> None:
    """Let everyone in the workspace read the performance, or no more."""
    get_studio().scenes.share(current_actor(), scene_id, shared=shared)
    say("Everyone in the workspace can read it now" if shared else "Nobody else can read it any more")


def delete(scene_id: UUID, title: str) -> None:
    """Take a scene away, and offer the way back."""
    get_studio().scenes.delete(current_actor(), scene_id)
    st.session_state.setdefault(DELETED, {})[scene_id] = title
    open_scene(None)


def restore(scene_id: UUID) -> None:
    """Bring a deleted scene back."""
    get_studio().scenes.restore(current_actor(), scene_id)
    st.session_state[DELETED].pop(scene_id, None)


def fork(scene_id: UUID, after: int | None) -> None:
    """Go another way from a turn on."""
    open_scene(get_studio().scenes.fork(current_actor(), scene_id, after=after))


def field(scene_id: UUID, *names: Any) -> str:
    """The key of a widget that belongs to one scene."""
    return "/".join(map(str, ("scene", scene_id, *names)))
