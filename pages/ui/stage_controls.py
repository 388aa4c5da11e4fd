"""Above the stage: the state of the scene, its menu, and the buttons that play it."""

from functools import partial
from uuid import UUID

import streamlit as st

from engine.errors import StudioError
from engine.theatre.scene import Scene
from engine.theatre.scenes import Form
from engine.theatre.stage import Performance
from engine.theatre.turn_taking import STRATEGIES
from pages.ui import formats
from pages.ui.context import MEMBERS, current_actor, get_studio, require, session_id
from pages.ui.errors import notice
from pages.ui.scene_acts import call_on, delete, field, fork, open_scene, pause, play, share, step, stop, take_turns
from pages.ui.scene_settings import scene_settings
from pages.ui.scene_words import STATES

ASSISTANT = "studio/assistant.py"
SHOWN_STRATEGIES = ("natural", "addressed", "round_robin", "director")
PLAY_PX = 112
FORMS: tuple[tuple[Form, str, str, str], ...] = (
    ("markdown", "Markdown", "md", "text/markdown"),
    ("json", "JSON", "json", "application/json"),
    ("html", "HTML script", "html", "text/html"),
)


def head_actions(found: Performance) -> None:
    """The badge, the settings, and the menu."""
    scene = found.scene
    word, colour, icon = STATES[scene.state]
    st.badge(word, color=colour, icon=icon)
    if scene.shared and scene.mine:
        st.badge("Shared", color="blue", icon=":material/group:")
    if scene.mine and st.button("Scene settings", icon=":material/tune:"):
        scene_settings(scene)
    with st.popover("", icon=":material/more_horiz:", key="stage/menu"):
        _menu(found)


def controls(found: Performance, *, blocked: bool) -> None:
    """Play or pause, step, stop, who speaks next, and how that is decided otherwise."""
    scene, on_air = found.scene, found.scene.state == "playing"
    most = scene.spec.stop.turns
    blocked = blocked or (most is not None and found.played >= most)  # it would end again at once
    word = "Pause" if on_air else "Play" if scene.state == "ready" else "Play on"
    playing = {"on_click": pause if on_air else play, "args": (scene.id,), "disabled": blocked and not on_air}
    with st.container(horizontal=True, vertical_alignment="center", gap="xsmall"):
        look = {"icon": ":material/pause:" if on_air else ":material/play_arrow:", "type": "primary", "width": PLAY_PX}
        # One key and one width for both words: were the row to move when they change, a click on Stop would miss it.
        st.button(word, key="stage/play", **look, **playing)
        _step_and_stop(found, blocked=on_air or blocked)
        _next_speaker(scene)
        # Beside the primary button and not on it: the name of a key would be too pale on violet.
        by_key = {"icon": ":material/keyboard:", "type": "tertiary", "shortcut": "Alt+P", "key": "stage/by key"}
        st.button("", help="Play or pause by keyboard", **by_key, **playing)
        st.space("stretch")
        _strategies(scene)


def _step_and_stop(found: Performance, *, blocked: bool) -> None:
    scene = found.scene
    st.button(
        "Step",
        icon=":material/skip_next:",
        key="stage/step",
        disabled=blocked,
        shortcut="Alt+ArrowRight",
        on_click=step,
        args=(scene.id, found.next_number),
        help="One turn",
    )
    st.button(
        "Stop",
        icon=":material/stop:",
        key="stage/stop",
        disabled=scene.state != "playing" and found.speaking is None,
        shortcut="Alt+S",
        on_click=stop,
        args=(scene.id,),
        help="Ends the scene; what is being said breaks off",
    )


def _next_speaker(scene: Scene) -> None:
    names = {member.id: member.name for member in scene.spec.cast}
    at = field(scene.id, "next")
    st.session_state[at] = scene.forced if scene.forced in names else ""
    st.selectbox(
        "Next speaker",
        ["", *names],
        key=at,
        label_visibility="collapsed",
        width=245,
        on_change=call_on,
        format_func=lambda who: f"Next: {names[who]}" if who else "Next: let the scene decide",
        args=(scene.id, at),
    )


def _strategies(scene: Scene) -> None:
    now = scene.spec.strategy
    shown = [*SHOWN_STRATEGIES, *([] if now in SHOWN_STRATEGIES else [now])]
    at = field(scene.id, "strategy")
    st.session_state[at] = now
    st.segmented_control(
        "Who speaks next",
        shown,
        key=at,
        required=True,
        label_visibility="collapsed",
        on_change=take_turns,
        format_func=lambda key: STRATEGIES[key].title,
        args=(scene.id, at),
        help=STRATEGIES[now].help,
    )


def _menu(found: Performance) -> None:
    scene = found.scene
    st.button("All scenes", icon=":material/grid_view:", type="tertiary", on_click=open_scene, args=(None,))
    if found.turns:
        if st.button("Replay", icon=":material/replay:", type="tertiary", key="stage/replay"):
            st.query_params["replay"] = "1"
            st.rerun()
        if scene.mine and st.button("Fork from a turn", icon=":material/fork_right:", type="tertiary"):
            fork_from(found)
    for form, word, ending, mime in FORMS:
        st.download_button(
            f"Export {word}",
            partial(_export, session_id(), scene.id, form),
            f"{formats.start(scene.spec.title, 40)}.{ending}",
            mime=mime,
            icon=":material/download:",
            type="tertiary",
            key=f"stage/export/{form}",
            on_click="ignore",
        )
    if scene.mine:
        _owner_menu(scene)


def _owner_menu(scene: Scene) -> None:
    word, icon = ("Stop sharing", ":material/group_off:") if scene.shared else ("Share", ":material/group:")
    st.button(
        word,
        icon=icon,
        type="tertiary",
        key="stage/share",
        on_click=share,
        args=(scene.id, not scene.shared),
        help="Everyone in the workspace can read, replay and export it; nobody else can play it.",
    )
    if st.button("Go on as a thread", icon=":material/forum:", type="tertiary", key="stage/thread"):
        thread_id = get_studio().scene_threads.to_thread(current_actor(), scene.id)
        st.switch_page(ASSISTANT, query_params={"thread": str(thread_id)})
    if st.button(":red[Delete]", icon=":material/delete:", type="tertiary", key="stage/delete"):
        delete_scene(scene)


@st.dialog("Fork from a turn")
def fork_from(found: Performance) -> None:
    """Choose the last turn that both performances share."""
    require(*MEMBERS)
    st.caption("A new scene is the same up to and with this turn, and goes its own way from there.")
    said = {
        turn.number: f"{turn.name}: {formats.start(turn.text, 60)}" for turn in found.turns if turn.state != "writing"
    }
    after = st.radio(
        "After", [-1, *said], len(said), format_func=lambda at: formats.plain(said.get(at, "Before the first word"))
    )
    if st.button("Fork", type="primary", icon=":material/fork_right:"):
        fork(found.scene.id, after)
        st.rerun()


@st.dialog("Delete this scene?")
def delete_scene(scene: Scene) -> None:
    """Ask before a scene leaves the library."""
    require(*MEMBERS)
    also = ", for you and for everyone who reads it" if scene.shared else ""
    st.markdown(f"**{formats.plain(scene.spec.title)}** goes with all that was said in it{also}.")
    with st.container(horizontal=True, horizontal_alignment="right"):
        if st.button("Keep it"):
            st.rerun()
        if st.button(":red[Delete scene]", icon=":material/delete:"):
            try:
                delete(scene.id, scene.spec.title)
            except StudioError as problem:
                notice(problem)
            else:
                st.rerun()


def _export(session: UUID, scene_id: UUID, form: Form) -> str:
    """Made when it is asked for; the session is looked up afresh, because this runs outside the page."""
    actor = get_studio().access.actor(session)
    return get_studio().scenes.export(actor, scene_id, form)
