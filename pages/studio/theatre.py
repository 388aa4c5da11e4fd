"""The theatre: a library of scenes, and a stage on which personas talk to each other."""

from uuid import UUID

import streamlit as st

from engine.errors import NotFound
from engine.theatre.stage import Performance
from pages.ui import formats
from pages.ui.ai_disabled_banner import silence
from pages.ui.cast_panel import empty_stage
from pages.ui.context import MEMBERS, get_studio, require
from pages.ui.layout import title_row
from pages.ui.replay import replay
from pages.ui.scene_acts import field, speak_up
from pages.ui.scene_library import library
from pages.ui.stage import stage
from pages.ui.stage_controls import controls, head_actions

actor = require(*MEMBERS)
studio = get_studio()


def opened() -> Performance | None:
    """The scene that the address names; the library when it is not there."""
    try:
        return studio.theatre.watch(actor, UUID(st.query_params["scene"]))
    except KeyError:
        return None
    except (ValueError, NotFound):
        st.warning("That scene is not there, or not shared any more. Here are yours.", icon=":material/info:")
        return None


def on_stage(found: Performance) -> None:
    """The stage with everything around it."""
    scene = found.scene
    off = silence(studio.controls.notice(actor))
    by = "" if scene.mine else f"Shared by {formats.plain(scene.owner)}"
    caption = " · ".join(filter(None, (formats.plain(scene.spec.place), by))) or "A scene without a place"
    with title_row(formats.start(scene.spec.title, 42), caption):
        head_actions(found)
    if not scene.spec.cast and not found.turns:
        empty_stage(scene.id)
        return
    if scene.mine:
        controls(found, blocked=bool(off) or not scene.spec.cast)
    stage(found, studio.theatre.estimate(actor, scene.id))
    if scene.mine:
        line = field(scene.id, "line")
        one = min((member.name for member in scene.spec.cast), key=len, default="Ada")
        with st.bottom:
            st.chat_input(
                off or f"Say something, or @{one} to one of them",
                key=line,
                disabled=bool(off) or not scene.spec.cast,
                on_submit=speak_up,
                args=(scene.id, line),
            )


performance = opened()
if performance is None:
    library()
elif "replay" in st.query_params and performance.turns:
    replay(performance)
else:
    on_stage(performance)
