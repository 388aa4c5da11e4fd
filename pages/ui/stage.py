"""The stage as it is seen: meters, turns as they come, and the cast. Watching it keeps a play going."""

from functools import partial
from uuid import UUID

import streamlit as st

from engine.theatre.casting import slug_of
from engine.theatre.estimate import Estimate
from engine.theatre.scene import HOST, Turn
from engine.theatre.stage import Performance
from pages.ui import formats
from pages.ui.cast_panel import cast_panel
from pages.ui.context import current_actor, get_studio
from pages.ui.layout import slot
from pages.ui.likeness import likenesses
from pages.ui.safe_markdown import safe_markdown
from pages.ui.scene_acts import CHANGED, fork, play_more
from pages.ui.scene_words import expected, minutes, why_still
from pages.ui.stream import polled

STAGE_PX = 455
SETTINGS_PAGE = "settings/keys.py"
# what the shell's banner says already
SAID_ABOVE = ("stopped", "ai_disabled", "ai_off_for_you")
OWN_KEY_HELPS = ("limit", "sample_used_up", "price_unknown", "tier")
ENDS = {"stopped": "stopped", "cut": "the studio was restarted", "failed": "broke off"}


def stage(found: Performance, estimate: Estimate) -> None:
    """Draw a scene and follow it while it is played."""
    polled(partial(_draw, found.scene.id, estimate), writing=_is_on(found))


def _is_on(found: Performance) -> bool:
    return found.scene.state == "playing" or found.speaking is not None


def _draw(scene_id: UUID, estimate: Estimate) -> bool:
    if st.session_state.pop(CHANGED, False):
        st.rerun()
    found = get_studio().theatre.watch(current_actor(), scene_id)
    _meters(found, estimate)
    with slot():
        if found.scene.mine:
            _standstill(found)
    left, right = st.columns([2.6, 1], gap="small")
    with left, st.container(border=True, height=STAGE_PX, autoscroll=True, key="stage"):
        turns(found.turns, mine=found.scene.mine)
        if not found.turns:
            st.caption(formats.plain(found.scene.spec.premise) or "Nobody has spoken yet.")
    with right:
        cast_panel(found, height=STAGE_PX)
    return _is_on(found)


def _meters(found: Performance, estimate: Estimate) -> None:
    """Turns, money and time, each with how much of it there may be."""
    stop = found.scene.spec.stop
    with st.container(border=True):
        cells = st.grid(4, min_column_width=140, gap=(12, 24))
        with cells.cell():
            _meter(f"Turn **{found.played}**", found.played, stop.turns, f"of {stop.turns}")
        with cells.cell():
            cap = None if stop.usd is None else float(stop.usd)
            _meter(
                f"**{formats.money(found.spent_usd)}**", float(found.spent_usd), cap, f"of {formats.money(stop.usd)}"
            )
        with cells.cell():
            most = None if stop.minutes is None else stop.minutes * 60
            limit = "" if most is None else f"of {minutes(most)} min"
            _meter(f"**{minutes(found.seconds)}**", found.seconds, most, limit)
        with cells.cell():
            st.caption(expected(estimate))


def _meter(label: str, used: float, most: float | None, limit: str) -> None:
    if most is None:
        st.markdown(f"{label}, no limit")
        return
    st.progress(min(1.0, used / most) if most else 0.0, text=f"{label} {limit}")


def _standstill(found: Performance) -> None:
    """Why it stands still, and the ways on."""
    scene, said = found.scene, found.scene.said
    words = why_still(scene)
    if not words or said is None or scene.state == "playing":
        if words:
            st.caption(words)
        return
    if said.by in SAID_ABOVE:
        st.caption(words)
        return
    with st.container(horizontal=True, vertical_alignment="center", gap="small"):
        st.warning(words, icon=":material/pause_circle:" if scene.state == "paused" else ":material/flag:")
        if scene.state == "ended" and said.by == "turns":
            st.button("Play five more turns", key="stage/more", on_click=play_more, args=(scene.id,))
        if scene.state == "ended":
            st.button("Fork", key="stage/fork", icon=":material/fork_right:", on_click=fork, args=(scene.id, None))
        if said.by in OWN_KEY_HELPS and st.button("Add my own key", key="stage/key", icon=":material/key:"):
            st.switch_page(SETTINGS_PAGE)


def turns(shown: list[Turn], *, mine: bool) -> None:
    """Turns in their order: who, what, why, by which model and for how much."""
    looks = likenesses()
    for turn in shown:
        if turn.speaker == HOST:
            _host(turn, mine=mine)
        else:
            _member(turn, looks(slug_of(turn.persona_key), turn.avatar, turn.accent or "gray"))


def _host(turn: Turn, *, mine: bool) -> None:
    with st.chat_message("user", avatar=":material/person:"), st.container(gap=None):
        st.markdown(f"**{'You' if mine else formats.plain(turn.name)}**")
        st.markdown(safe_markdown(turn.text))


def _member(turn: Turn, drawn: str) -> None:
    accent = turn.accent or "gray"
    with st.chat_message(formats.plain(turn.name), avatar=drawn), st.container(gap=None):
        st.markdown(f":{accent}[**{formats.plain(turn.name)}**]")
        writing = turn.state == "writing"
        if turn.text or writing:
            st.markdown(safe_markdown(turn.text) + (" ▌" if writing else ""))
        elif turn.state == "done":
            st.markdown("*says nothing*")
        st.caption(" · ".join(_facts(turn)))


def _facts(turn: Turn) -> list[str]:
    """The reason, and the receipt once there is one."""
    facts = [formats.plain(turn.reason)] if turn.reason else []
    facts += [formats.plain(turn.model)] if turn.model else []
    if turn.state == "writing":
        return [*facts, "writing" if turn.text else "thinking"]
    if turn.usage is not None:
        facts.append(formats.money(turn.cost_usd))
    if turn.pick_usd:
        facts.append(f"choice {formats.money(turn.pick_usd)}")
    if turn.state in ENDS:
        why = f": {formats.plain(turn.error['message'])}" if turn.error and turn.state == "failed" else ""
        facts.append(f"{ENDS[turn.state]}{why}")
    return facts
