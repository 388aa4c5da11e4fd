"""Moves of calls to other models, as a change of the routing tables that nobody has saved yet. Pure."""

from collections.abc import Iterable
from copy import deepcopy
from typing import Any

from engine.llm.refs import ModelRef
from engine.usage.what_if import Move


def prepared(tables: dict[str, Any], moves: Iterable[Move]) -> tuple[dict[str, Any], list[Move]]:
    """The tables (the fields of `Tables`) with the moves in them, and the moves that tables cannot say.

    The calls of a surface are pinned to a profile that the new model serves first at its provider. The calls of all
    surfaces go to another model of the same provider by putting it first wherever the old one is listed. A part of the
    calls, or all calls to another provider, is nothing that a table can say.
    """
    changed, left = deepcopy(tables), list[Move]()
    for move in moves:
        made = move.share == 100 and (_pinned if move.surface else _put_first)(changed, move)
        if not made:
            left.append(move)
    return changed, left


def _pinned(tables: dict[str, Any], move: Move) -> bool:
    profile = next((name for name, cells in tables["profiles"].items() if _first(cells, move.to)), None)
    if profile is None or move.surface not in tables["surfaces"]:
        return False
    tables["surfaces"][move.surface]["model_profile"] = profile
    return True


def _put_first(tables: dict[str, Any], move: Move) -> bool:
    if move.model.provider != move.to.provider:
        return False
    found = False
    for cells in tables["profiles"].values():
        models = cells.get(move.model.provider, [])
        if move.model.model in models:
            cells[move.model.provider] = [move.to.model, *(each for each in models if each != move.to.model)]
            found = True
    return found


def _first(cells: dict[str, Any], ref: ModelRef) -> bool:
    return bool(cells.get(ref.provider)) and cells[ref.provider][0] == ref.model
