"""What a period would have cost on other models: moves of calls, and what comes of them."""

from collections.abc import Sequence
from dataclasses import replace

import streamlit as st

from engine.accounts.actor import Actor
from engine.errors import StudioError
from engine.llm.refs import ModelRef
from engine.routing.prepared import prepared
from engine.usage.view import View
from engine.usage.what_if import MOST_MOVES, Answer, Move
from pages.ui import charts, formats
from pages.ui.context import current_actor, get_studio
from pages.ui.errors import notice
from pages.ui.layout import card, empty, say, title_row
from pages.ui.routing_tables import prepare
from pages.ui.usage_filters import current_view, said, turn_to

WHAT_IF, MOVE = "what-if", "move"
MOST_NAMES = 6
EVERYWHERE = "All surfaces"


def what_if(actor: Actor, view: View) -> None:
    """The whole part of the page."""
    studio = get_studio()
    period, models = studio.dashboard.period(actor, view), studio.what_if.models(actor, view)
    head = st.container()
    if not models[""]:
        with head, title_row("What if", said(period.now)):
            _back()
        empty("There is nothing to reprice", "The house paid for no call in these days.", "Back to usage", _leave)
        return
    targets = _targets(actor, models[""])
    moves = _moves(models, targets)
    with st.container(border=True):
        for place, move in enumerate(moves):
            _row(place, move, models, targets)
        st.button(
            "Add a move",
            icon=":material/add:",
            on_click=_add,
            args=(models, targets),
            disabled=len(moves) >= MOST_MOVES,
        )
    with head, title_row("What if", f"Reprices the tokens of {said(period.now)} on other models. Nothing is changed."):
        _back()
        if st.button("Apply to routing", icon=":material/alt_route:", type="primary"):
            _apply(actor, moves)
    try:
        answer = studio.what_if.reprice(actor, view, moves)
    except StudioError as problem:
        notice(problem)
        return
    _figures(answer)
    stage, side = st.columns([1.7, 1], gap="small")
    with stage, card("Before and after, by persona", "House spend"):
        rows = answer.by_persona[:MOST_NAMES]
        names, before, after = ([row[at] for row in rows] for at in range(3))
        figure = charts.before_and_after(names, [float(usd) for usd in before], [float(usd) for usd in after])
        charts.show(figure, "whatif/bars", height=320, alt="Before and after")
    with side, card("Read this before deciding", height="stretch"):
        st.markdown("\n".join(f"- {line}" for line in _notes(answer)))


def _figures(answer: Answer) -> None:
    with st.grid(4, min_column_width=170, border=True):
        st.metric("As it was", _plain(formats.money(answer.was_usd)))
        _metric("What if", answer.would_be_usd, -answer.saved_usd, "in these days")
        _metric("Whole year, same use", answer.year_usd, -answer.year_saved_usd, "a year")
        count = answer.too_long
        st.metric(
            "Calls that would not fit",
            "unknown" if count is None else f"{count:,}",
            delta_arrow="off",
            delta_color="orange",
            delta="context too small" if count else None,
        )


def _metric(label: str, usd: object, change: object, told: str) -> None:
    sign = "-" if change < 0 else "+"
    delta = f"{sign}{_plain(formats.money(abs(change)))}" if change else None
    st.metric(
        label, _plain(formats.money(usd)), delta, delta_color="inverse", delta_description=told if change else None
    )


def _notes(answer: Answer) -> list[str]:
    """What the figures do not say."""
    makers = any(each.move.model.provider != each.move.to.provider for each in answer.moved)
    notes = [
        "Token counts are those of the old model."
        + (" Another maker's model counts the same text differently." if makers else "")
    ]
    notes.append("Cached tokens are repriced at the new model's cache price, prompts as short ones.")
    notes.append("Calls on members' own keys are left out.")
    if answer.unknown_price:
        calls = formats.counted(answer.unknown_price, "moved call", "moved calls")
        notes.append(f"**{calls}** had no price: before the move they count as nothing.")
    if answer.too_long is None:
        notes.append("Nobody knows the context window of one of the new models.")
    notes.append("Price says nothing of quality: rehearse your personas on the new model first.")
    return notes


def _moves(models: dict[str, list[ModelRef]], targets: dict[str, ModelRef]) -> list[Move]:
    """The moves of the address; one to begin with when there is none."""
    found = [move for text in st.query_params.get_all(MOVE) if (move := _read(text))]
    return found[:MOST_MOVES] or [_first(models, targets)]


def _row(place: int, move: Move, models: dict[str, list[ModelRef]], targets: dict[str, ModelRef]) -> None:
    look = {"label_visibility": "visible" if place == 0 else "collapsed", "on_change": _change, "args": (place,)}
    columns = st.columns([1, 1.3, 1.3, 1, 0.2], vertical_alignment="bottom")
    keys = [f"whatif/{place}/{field}" for field in ("surface", "model", "to", "share")]
    answering = list(dict.fromkeys([*models.get(move.surface, ()), move.model]))
    goals = list(targets.values()) if move.to in targets.values() else [*targets.values(), move.to]
    labels = {ref: label for label, ref in reversed(targets.items())}
    for key, value in zip(keys, (move.surface, move.model, move.to, move.share), strict=True):
        st.session_state[key] = value
    with columns[0]:
        st.selectbox("Calls of", list(models), format_func=lambda name: name or EVERYWHERE, key=keys[0], **look)
    with columns[1]:
        st.selectbox("answered by", answering, format_func=lambda ref: ref.model, key=keys[1], **look)
    with columns[2]:
        st.selectbox(
            "move to",
            list(dict.fromkeys(goals)),
            format_func=lambda ref: labels.get(ref, ref.model),
            key=keys[2],
            **look,
        )
    with columns[3]:
        st.slider("share", 1, 100, format="%d%%", key=keys[3], **look)
    with columns[4]:
        st.button(
            "",
            icon=":material/delete:",
            help="Take this move away",
            key=f"whatif/{place}/drop",
            type="tertiary",
            on_click=_drop,
            args=(place,),
        )


def _targets(actor: Actor, used: Sequence[ModelRef]) -> dict[str, ModelRef]:
    """Where calls can go, by what it is called: profiles as they are served, then models."""
    studio = get_studio()
    tables, serving = studio.routing.tables(actor), studio.routing.serving(actor)
    found: dict[str, ModelRef] = {}
    for name, cells in tables.profiles.items():
        first = [ModelRef(provider, cells[provider][0]) for provider in tables.providers if cells.get(provider)]
        if ref := serving.get(name) or next(iter(first), None):
            found[f"{name}: {ref.model}"] = ref
    listed = [
        ModelRef(key, model) for cells in tables.profiles.values() for key, models in cells.items() for model in models
    ]
    known = dict.fromkeys([*used, *listed])
    return found | {ref.model: ref for ref in sorted(known, key=str) if ref not in found.values()}


def _first(models: dict[str, list[ModelRef]], targets: dict[str, ModelRef]) -> Move:
    model = models[""][0]
    return Move("", model, next((ref for ref in targets.values() if ref != model), model))


def _say(moves: Sequence[Move]) -> None:
    """Have the address say these moves."""
    turn_to(current_view(), WHAT_IF)
    texts = [f"{move.surface}~{move.model}~{move.to}~{move.share}" for move in moves]
    st.query_params.from_dict({**{name: st.query_params.get_all(name) for name in st.query_params}, MOVE: texts})


def _read(text: str) -> Move | None:
    surface, *refs, share = text.split("~") if text.count("~") == 3 else ("", "", "", "")
    model, to = (ModelRef.parse(ref) for ref in refs)
    if model is None or to is None or not share.isdecimal() or not 1 <= int(share[:4]) <= 100:
        return None
    return Move(surface, model, to, int(share))


def _shown() -> list[Move]:
    """The moves as they stand on the page, before anything was changed by this press."""
    actor, view = current_actor(), current_view()
    models = get_studio().what_if.models(actor, view)
    return _moves(models, _targets(actor, models[""]))


def _change(place: int) -> None:
    moves, state = _shown(), st.session_state
    fields = {field: state[f"whatif/{place}/{field}"] for field in ("surface", "model", "to", "share")}
    moves[place] = replace(moves[place], **fields)
    _say(moves)


def _add(models: dict[str, list[ModelRef]], targets: dict[str, ModelRef]) -> None:
    _say([*_shown(), _first(models, targets)])


def _drop(place: int) -> None:
    moves = _shown()
    _say([move for at, move in enumerate(moves) if at != place])


def _apply(actor: Actor, moves: Sequence[Move]) -> None:
    """Open Routing with the moves prepared and not saved."""
    studio = get_studio()
    in_force = studio.routing.tables(actor).model_dump(mode="json")
    edited, left = prepared(in_force, moves)
    if len(left) == len(moves):
        st.warning(
            "Routing cannot say these moves: it moves all calls, of one surface to a model that comes first in a "
            "profile, or everywhere to another model of the same provider.",
            icon=":material/info:",
        )
        return
    prepare(in_force, edited, studio.routing.serving(actor))
    missing = f"; {formats.counted(len(left), 'move', 'moves')} could not be said there" if left else ""
    say(f"The change is prepared, not saved{missing}")
    st.switch_page("admin/routing.py")


def _back() -> None:
    st.button("Back to usage", icon=":material/arrow_back:", on_click=_leave, key="whatif/back")


def _leave() -> None:
    turn_to(current_view(), "")


def _plain(money: str) -> str:
    return money.replace("\\", "")
