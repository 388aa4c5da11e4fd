"""The settings of a scene: what it is about, who decides on the next speaker, and what ends it."""

from typing import Any

import streamlit as st

from engine.errors import StudioError
from engine.theatre.scene import MOST_TURNS, Scene, SceneSpec
from engine.theatre.turn_taking import STRATEGIES
from pages.ui import formats
from pages.ui.context import MEMBERS, current_actor, get_studio, require
from pages.ui.errors import notice
from pages.ui.layout import say
from pages.ui.model_options import model_options


@st.dialog("Scene settings", width="medium")
def scene_settings(scene: Scene) -> None:
    """Ask for everything but the cast, and save it at once."""
    require(*MEMBERS)
    with st.form("scene/settings", border=False):
        changes = _about(scene.spec) | _turn_taking(scene.spec) | _ends(scene.spec)
        asked = st.form_submit_button("Save settings", type="primary")
    if asked:
        try:
            get_studio().scenes.change(current_actor(), scene.id, changes)
        except StudioError as problem:
            notice(problem)
        else:
            say("The scene goes by its new settings")
            st.rerun()


def _about(spec: SceneSpec) -> dict[str, Any]:
    left, right = st.columns(2)
    return {
        "title": left.text_input("Title", spec.title, max_chars=120),
        "place": right.text_input(
            "Place", spec.place, max_chars=300, placeholder="A planning table, six in the morning"
        ),
        "premise": st.text_area(
            "Premise", spec.premise, max_chars=4_000, height=110, placeholder="Who is here, and why?"
        ),
        "opening": st.text_area(
            "Opening",
            spec.opening,
            max_chars=4_000,
            height=70,
            help="Your first line. It is said when the play begins.",
            placeholder="Good morning. Where are we?",
        ),
    }


def _turn_taking(spec: SceneSpec) -> dict[str, Any]:
    keys, options = list(STRATEGIES), model_options()
    names = {member.id: member.name for member in spec.cast}
    pairs = [(who, to) for who in names for to in names if who != to or spec.transitions.repeat]
    chosen = st.selectbox(
        "Who speaks next",
        keys,
        keys.index(spec.strategy),
        format_func=lambda key: f"{STRATEGIES[key].title}: {STRATEGIES[key].help}",
    )
    left, right = st.columns(2, vertical_alignment="bottom")
    models = list(options if spec.director_model in options else {spec.director_model: "", **options})
    director = left.selectbox(
        "Director's model",
        models,
        models.index(spec.director_model),
        format_func=lambda value: formats.plain(options.get(value, value)),
    )
    seed = right.number_input("Seed", 0, 2**31 - 1, spec.seed, help="The same seed draws the same speakers.")
    followed = st.multiselect(
        "Who may follow whom",
        pairs,
        [pair for pair in spec.transitions.pairs if pair in pairs],
        format_func=lambda pair: formats.plain(f"{names[pair[0]]}, then {names[pair[1]]}"),
        placeholder="Anybody may follow anybody",
    )
    repeat = st.toggle("Somebody may speak twice in a row", spec.transitions.repeat)
    transitions = {"repeat": repeat, "pairs": followed}
    return {"strategy": chosen, "director_model": director, "seed": seed, "transitions": transitions}


def _ends(spec: SceneSpec) -> dict[str, Any]:
    """Whichever comes first; an empty field sets no limit."""
    st.caption("It ends by whichever comes first. An empty field is no limit.")
    stop = spec.stop
    first, second, third, fourth = st.columns(4)
    turns = first.number_input("Turns", 1, MOST_TURNS, stop.turns, placeholder="500")
    usd = None if stop.usd is None else float(stop.usd)
    money = second.number_input("Budget in USD", 0.0, 1000.0, usd, 0.05, format="%g", placeholder="None")
    minutes = third.number_input("Minutes", 0.5, 1440.0, stop.minutes, 1.0, format="%g", placeholder="None")
    silence = fourth.number_input("Silent turns", 1, 20, stop.silence, placeholder="None")
    left, right = st.columns([3, 1])
    phrase = left.text_input("When somebody says", stop.phrase, max_chars=120, placeholder="boots on")
    tokens = right.number_input(
        "Longest turn", 8, 2_000, spec.turn_tokens, help="In tokens; a word is about one and a half."
    )
    spent = None if money is None else f"{money:.4f}"
    ends = {"turns": turns, "usd": spent, "minutes": minutes, "phrase": phrase, "silence": silence}
    return {"stop": ends, "turn_tokens": tokens}
