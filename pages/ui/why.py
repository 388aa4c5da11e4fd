"""Why this model: the chain as steps, with what each proposed and what became of it."""

from typing import Any

import streamlit as st

from pages.ui import formats

ICONS = {
    "won": ":material/check_circle:",
    "passed": ":material/remove:",
    "lost": ":material/block:",
    "not reached": ":material/remove:",
}
PAYERS = {
    "user": "your own key pays",
    "system": "the house pays",
    "env": "the house pays",
    "local": "costs nothing",
}


def why(route: dict[str, Any]) -> None:
    """Draw the steps of a route (the fields of `Route`)."""
    with st.container(border=True, gap="xsmall"):
        for step in route["steps"]:
            said = f" · {formats.plain(step['proposal'])}" if step["proposal"] else ""
            won = step["outcome"] == "won"
            head = f"{step['label']}{said}"
            badge = " :green-badge[won]" if won else f" · {step['outcome']}"
            with st.expander(
                f"**{head}**{badge}" if won else f"{head}{badge}",
                expanded=True,
                type="step",
                icon=ICONS.get(step["outcome"]),
            ):
                st.caption(formats.plain(step["reason"]))
        st.caption(f"{formats.plain(route['model'])}: {PAYERS.get(route['key_source'], route['key_source'])}.")
