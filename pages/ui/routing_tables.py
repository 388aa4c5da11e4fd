"""The routing tables as editors: what they show, and the tables that come out of what was typed."""

from typing import Any

import streamlit as st

from engine.accounts.actor import Standing
from engine.llm.refs import ModelRef
from engine.providers import PROVIDERS
from engine.routing.tables import Tables
from pages.ui.layout import card

# The tables as they were when the page was opened or last saved, what answered then, and how often that changed.
SEED, NOW, ROUND = "routing/seed", "routing/now", "routing/round"
BASE = "routing/base"
"""The tables that are in force as far as the page knows: what differs from them is not saved yet."""
STANDINGS = {Standing.UNVERIFIED: "1 anyone signed in", Standing.VERIFIED: "2 verified"}
CONDITION = "context_tokens > "
ABOVE = "Only for prompts longer than this; shorter ones follow the rest of the chain. Empty: always."
OFFERED = tuple(key for key, spec in PROVIDERS.items() if spec.offered)
LABELS = {key: spec.label for key, spec in PROVIDERS.items()}


def begin(tables: Tables | dict[str, Any], serving: dict[str, ModelRef | None]) -> None:
    """Have the editors start from these tables, without anything typed."""
    state = st.session_state
    state[SEED] = tables.model_dump(mode="json") if isinstance(tables, Tables) else tables
    state[NOW] = {profile: ref.model if ref else "" for profile, ref in serving.items()}
    state[ROUND] = state.get(ROUND, 0) + 1


def prepare(in_force: dict[str, Any], edited: dict[str, Any], serving: dict[str, ModelRef | None]) -> None:
    """Have the page open with a change that was made elsewhere, unsaved."""
    st.session_state[BASE] = in_force
    begin(edited, serving)


def without(tables: dict[str, Any], profile: str, ref: ModelRef) -> dict[str, Any]:
    """The tables without a model in a profile."""
    cells = {name: list(models) for name, models in tables["profiles"][profile].items()}
    cells[ref.provider] = [model for model in cells[ref.provider] if model != ref.model]
    return tables | {"profiles": tables["profiles"] | {profile: _filled(cells)}}


def edit_tables() -> dict[str, Any]:
    """Draw the editors; returns the tables as they are typed, in the shape of `Tables`."""
    seed = st.session_state[SEED]
    edited = dict(seed)
    with card("Profiles", "The first provider in the order that has a key and still lists a candidate answers"):
        edited["profiles"], edited["fallback"] = _profiles(seed)
        edited["providers"] = st.multiselect(
            "Order of providers", OFFERED, seed["providers"], format_func=LABELS.__getitem__, key=_key("order"),
            help="A profile is served by the first of them that has a key.",
        )  # fmt: skip
    with card("Surfaces", "Leave a pin empty to let the mode decide"):
        edited["surfaces"] = _surfaces(seed)
    with card("Modes", "A step is one call of a mode that takes several; its profile counts as the mode's proposal"):
        edited["modes"] = _modes(seed)
    return edited


def _profiles(seed: dict[str, Any]) -> tuple[dict[str, Any], list[str]]:
    """Profiles and the ones that may fall back; a cell lists the candidates of a provider in order."""
    config = st.column_config
    used = {name for cells in seed["profiles"].values() for name in cells}
    columns = [name for name in OFFERED if name in used or name in seed["providers"]]
    rows = _editor(
        "profiles",
        {
            "Profile": list(seed["profiles"]),
            "Now": [st.session_state[NOW].get(name) or "nobody" for name in seed["profiles"]],
            "Fall back": [name in seed["fallback"] for name in seed["profiles"]],
            **{LABELS[name]: [list(cells.get(name, ())) for cells in seed["profiles"].values()] for name in columns},
        },
        {
            "Profile": config.TextColumn("Profile", disabled=True, pinned=True),
            "Now": config.TextColumn("Now", disabled=True, help="What the house's keys give today, as saved."),
            **{LABELS[name]: config.ListColumn(LABELS[name]) for name in columns},
            "Fall back": config.CheckboxColumn(
                "Fall back", help="Try the next provider before the first word. Shown to whoever asked."
            ),
        },
    )
    profiles = {row["Profile"]: _filled({name: row[LABELS[name]] for name in columns}) for row in rows}
    chosen = {row["Profile"] for row in rows if row["Fall back"]}
    return profiles, [name for name in dict.fromkeys([*seed["fallback"], *profiles]) if name in chosen]


def _surfaces(seed: dict[str, Any]) -> dict[str, Any]:
    config, profiles = st.column_config, list(seed["profiles"])
    fields = {"Mode": "mode", "Pin": "model_profile", "Structured pin": "structured_model_profile", "On": "enabled"}
    places = seed["surfaces"].values()
    rows = _editor(
        "surfaces",
        {
            "Surface": list(seed["surfaces"]),
            **{head: [place[field] for place in places] for head, field in fields.items() if head != "On"},
            "From": [STANDINGS[place["standing"]] for place in places],
            "On": [place["enabled"] for place in places],
        },
        {
            "Surface": config.TextColumn("Surface", disabled=True, pinned=True),
            "Mode": config.SelectboxColumn("Mode", options=list(seed["modes"]), required=True),
            "Pin": config.SelectboxColumn("Pin", options=profiles),
            "Structured pin": config.SelectboxColumn("Structured pin", options=profiles),
            "From": config.SelectboxColumn("From standing", options=list(STANDINGS.values()), required=True),
            "On": config.CheckboxColumn("On"),
        },
    )
    standings = {word: int(standing) for standing, word in STANDINGS.items()}
    return {
        row["Surface"]: {field: row[head] or None for head, field in fields.items()}
        | {"standing": standings.get(row["From"]), "enabled": bool(row["On"])}
        for row in rows
    }


def _modes(seed: dict[str, Any]) -> dict[str, Any]:
    """The modes with their own profiles and their steps."""
    config, profiles = st.column_config, list(seed["profiles"])
    own = _editor(
        "modes",
        {"Mode": list(seed["modes"]), "Profile": [mode["model_profile"] for mode in seed["modes"].values()]},
        {
            "Mode": config.TextColumn("Mode", disabled=True),
            "Profile": config.SelectboxColumn("Profile", options=profiles),
        },
    )
    steps = _steps(seed)
    return {
        row["Mode"]: seed["modes"][row["Mode"]]
        | {"model_profile": row["Profile"] or None, "steps": steps.get(row["Mode"], {})}
        for row in own
    }


def _steps(seed: dict[str, Any]) -> dict[str, dict[str, Any]]:
    """The steps by mode: who takes each, and from which length of the prompt on."""
    config, choice = st.column_config, st.column_config.SelectboxColumn
    flat = [(key, name, step) for key, mode in seed["modes"].items() for name, step in mode["steps"].items()]
    rows = _editor(
        "steps",
        {
            "Mode": [key for key, _, _ in flat],
            "Step": [name for _, name, _ in flat],
            "Provider": [LABELS.get(step["provider"]) for _, _, step in flat],
            "Profile": [step["profile"] for _, _, step in flat],
            "Above": [_above(step["when"]) for _, _, step in flat],
        },
        {
            **{head: config.TextColumn(head, disabled=True) for head in ("Mode", "Step")},
            "Provider": choice("Provider", options=[LABELS[name] for name in OFFERED]),
            "Profile": choice("Profile", options=list(seed["profiles"]), required=True),
            "Above": config.NumberColumn(
                "Above, tokens", min_value=0, max_value=999_999_999, step=1, format="localized", help=ABOVE
            ),
        },
    )
    steps: dict[str, dict[str, Any]] = {}
    for row, (key, name, step) in zip(rows, flat, strict=True):
        steps.setdefault(key, {})[name] = _typed_step(row, step)
    return steps


def _typed_step(row: dict[str, Any], step: dict[str, Any]) -> dict[str, Any]:
    above = None if row["Above"] is None else int(row["Above"])
    when = None if above is None else f"{CONDITION}{above}"
    return {
        "profile": row["Profile"],
        "provider": next((each for each in OFFERED if LABELS[each] == row["Provider"]), None),
        "when": step["when"] if above == _above(step["when"]) else when,
    }


def _editor(name: str, columns: dict[str, list[Any]], config: dict[str, Any]) -> list[dict[str, Any]]:
    """An editor of a table; its rows as they are typed."""
    rows = [dict(zip(columns, row, strict=True)) for row in zip(*columns.values(), strict=True)]
    return st.data_editor(
        rows, column_config=config, hide_index=True, height="content", placeholder="–", key=_key(name)
    )


def _key(name: str) -> str:
    return f"routing/{name}/{st.session_state[ROUND]}"


def _filled(cells: dict[str, Any]) -> dict[str, list[str]]:
    """The cells of a profile that name anything, without blanks and doubles."""
    tidy = {name: [str(model).strip() for model in models or ()] for name, models in cells.items()}
    kept = {name: list(dict.fromkeys(filter(None, models))) for name, models in tidy.items()}
    return {name: models for name, models in kept.items() if models}


def _above(when: str | None) -> int | None:
    return int(when.partition(">")[2]) if when else None
