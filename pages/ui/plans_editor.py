"""The plans as a table, and the dialog in which they are edited; a mistake is named and nothing typed is lost."""

import re
from decimal import Decimal
from typing import Any

import streamlit as st

from engine.accounts.actor import Actor
from engine.errors import BadInput, StudioError
from engine.routing.tables import CHOSEN_BY_USER, load_tables
from engine.usage.plans import Plan, Plans
from pages.ui.context import ADMINS, get_studio, require
from pages.ui.errors import notice
from pages.ui.layout import say

# field of a plan: the head of its column
COLUMNS = {
    "title": "Plan",
    "requests_day": "Questions a day",
    "requests_month": "Questions a month",
    "usd_day": "$ a day",
    "usd_month": "$ a month",
    "calls_per_minute": "Calls a minute",
    "concurrent": "At once",
    "profiles": "Models",
}
COUNTS = ("requests_day", "requests_month", "calls_per_minute", "concurrent")
MONEY = ("usd_day", "usd_month")
WITHOUT_BUDGET = "Counts while the house has no budget of its own."
SAMPLE = {"tries": "Free tries", "calls_per_minute": "Calls a minute", "concurrent": "At once"}


def plans_table(plans: Plans, people: dict[str, int]) -> None:
    """Every plan with how many are on it; the sample first."""
    sample = plans.sample
    rows = [
        {
            "Plan": sample.title,
            "People": people.get("", 0),
            COLUMNS["requests_day"]: f"{sample.tries} in a lifetime",
            COLUMNS["calls_per_minute"]: sample.calls_per_minute,
            COLUMNS["concurrent"]: sample.concurrent,
            "Models": "cheap only",
        }
    ]
    rows += [_row(plan, people.get(key, 0), is_default=key == plans.default) for key, plan in _in_order(plans)]
    heads = ("Plan", "People", *list(COLUMNS.values())[1:])
    used = [head for head in heads if any(row.get(head) is not None for row in rows)]
    st.dataframe(
        {head: [row.get(head) for row in rows] for head in used},
        hide_index=True,
        height="content",
        placeholder="–",
        column_config={COLUMNS[name]: st.column_config.TextColumn(alignment="right") for name in (*COUNTS[:2], *MONEY)},
    )


def _in_order(plans: Plans) -> list[tuple[str, Plan]]:
    """The default plan first, the others by name: the order in which they are kept says nothing."""
    return sorted(plans.plans.items(), key=lambda each: (each[0] != plans.default, each[1].title))


def _row(plan: Plan, people: int, *, is_default: bool) -> dict[str, Any]:
    return {
        "Plan": f"{plan.title} (default)" if is_default else plan.title,
        "People": people,
        **{COLUMNS[name]: None if (most := getattr(plan, name)) is None else f"{most:,}" for name in COUNTS[:2]},
        **{COLUMNS[name]: None if (most := getattr(plan, name)) is None else f"${most:,.2f}" for name in MONEY},
        **{COLUMNS[name]: getattr(plan, name) for name in COUNTS[2:]},
        "Models": "own choice" if plan.profiles is None else ", ".join(plan.profiles),
    }


@st.dialog("Edit plans", width="large")
def edit_plans() -> None:
    """All plans at once: they come into force together, for the next call."""
    actor = require(*ADMINS)
    plans = get_studio().allowances.plans(actor)
    st.markdown("An empty cell is no limit of the plan; no models chosen allows all. Add a plan in the last row.")
    edited = st.data_editor(
        [_editable(key, plan) for key, plan in _in_order(plans)],
        column_config=_editors(),
        column_order=list(COLUMNS),
        num_rows="dynamic",
        hide_index=True,
        height="content",
        placeholder="–",
        key="plans/table",
    )
    found = {_key(row, at): row for at, row in enumerate(edited)}
    cells = st.grid(5, min_column_width=130)
    with cells.cell():
        keys = list(found) or [plans.default]
        at = keys.index(plans.default) if plans.default in keys else 0
        default = st.selectbox("Default plan", keys, at, format_func=lambda key: _title(found.get(key), key))
    sample = {}
    for name, label in SAMPLE.items():
        with cells.cell():
            now = getattr(plans.sample, name)
            sample[name] = st.number_input(f"Sample: {label.lower()}", min_value=0, value=now, key=f"sample/{name}")
    with cells.cell():
        now = float(plans.house_usd_month)
        house = st.number_input("The house, $ a month", min_value=0.0, value=now, help=WITHOUT_BUDGET)
    with st.container(horizontal=True, horizontal_alignment="right"):
        asked = st.button("Save plans", type="primary")
    if asked:
        typed = {
            "default": default,
            "plans": {key: _typed(row) for key, row in found.items()},
            "sample": {"title": plans.sample.title} | sample,
            "house_usd_month": None if house is None else str(house),
        }
        _save(actor, typed, found)


def _save(actor: Actor, typed: dict[str, Any], found: dict[str, dict[str, Any]]) -> None:
    """Put the plans in force, or name what is wrong as the table names it."""
    try:
        get_studio().allowances.save_plans(actor, typed)
    except BadInput as problem:
        notice(BadInput(problem.message.replace(problem.field, _said(problem.field, found), 1), hint=problem.hint))
    except StudioError as problem:
        notice(problem)
    else:
        say("The plans are saved")
        st.rerun()


def _editable(key: str, plan: Plan) -> dict[str, Any]:
    row = {name: getattr(plan, name) for name in COLUMNS}
    money = {name: None if row[name] is None else float(row[name]) for name in MONEY}
    return row | money | {"key": key, "profiles": list(plan.profiles or ())}


def _editors() -> dict[str, Any]:
    config = st.column_config
    counts = {name: config.NumberColumn(COLUMNS[name], min_value=0, step=1, format="%d") for name in COUNTS}
    money = {name: config.NumberColumn(COLUMNS[name], min_value=0, step=0.01, format="$%.2f") for name in MONEY}
    profiles = [*load_tables().profile_names, CHOSEN_BY_USER]
    return {
        "title": config.TextColumn("Plan", max_chars=40, width="small"),
        **counts,
        **money,
        "profiles": config.MultiselectColumn("Models", options=profiles, width=290),
    }


def _key(row: dict[str, Any], at: int) -> str:
    """A plan keeps its key for ever; a new one is called after its title."""
    slug = re.sub(r"[^a-z0-9]+", "-", str(row.get("title") or "").lower()).strip("-")
    return row.get("key") or slug or f"plan-{at + 1}"


def _title(row: dict[str, Any] | None, key: str) -> str:
    return str((row or {}).get("title") or key)


def _typed(row: dict[str, Any]) -> dict[str, Any]:
    """A row as `plans.yaml` has it: what is empty is left out."""
    money = {name: Decimal(str(row[name])) for name in MONEY if row.get(name) is not None}
    counts = {name: row[name] for name in COUNTS if row.get(name) is not None}
    profiles = {"profiles": tuple(row["profiles"])} if row.get("profiles") else {}
    return {"title": row.get("title") or "", **counts, **money, **profiles}


def _said(field: str, found: dict[str, dict[str, Any]]) -> str:
    """The plan and the limit that a message names by their keys, as the table calls them."""
    parts = field.split(" · ")
    if parts[0] == "plans" and len(parts) > 1:
        parts = [_title(found.get(parts[1]), parts[1]), *(COLUMNS.get(name, name) for name in parts[2:])]
    elif parts[0] == "sample":
        parts = ["Sample", *(SAMPLE.get(name, name) for name in parts[1:])]
    elif parts[0] == "house_usd_month":
        parts = ["The house"]
    return " · ".join(parts)
