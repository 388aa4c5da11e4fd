"""What coaching made, as a card that can be taken along."""

from typing import Any

import streamlit as st
from pydantic import BaseModel

from engine.coaching.entities import ENTITIES, Entity, as_markdown, label
from engine.coaching.pipeline import entity_as_json
from pages.ui import formats

KINDS = {
    "trip_plan": ("Trip plan", ":material/hiking:"),
    "idea_set": ("Ideas", ":material/lightbulb:"),
    "study_guide": ("Study guide", ":material/school:"),
    "concept_card": ("Concept", ":material/psychology:"),
    "coaching_plan": ("Plan", ":material/flag:"),
}


def entity_card(kept: dict[str, Any], *, key: str) -> None:
    """Draw an entity (its kind and its fields); without fields, say that the model gave none."""
    word, icon = KINDS[kept["kind"]]
    if kept["fields"] is None:
        why = formats.plain(kept.get("why") or f"The model did not give a {word.lower()} in its form.")
        st.caption(f":material/info: {why} The answer stands alone.")
        return
    entity = ENTITIES[kept["kind"]].model_validate(kept["fields"])
    with st.container(border=True, gap="small"):
        with st.container(horizontal=True, horizontal_alignment="distribute", vertical_alignment="center"):
            st.markdown(f"##### {icon} {formats.plain(entity.title)}", width="content")
            st.badge(word, color="violet")
        for name, value in entity:
            if name != "title":
                _field(name, value)
        _downloads(entity, key)


def _field(name: str, value: Any) -> None:
    if isinstance(value, str):
        st.markdown(f"**{label(name)}.** {formats.plain(value)}")
        return
    with st.container(gap="xsmall"):
        st.markdown(f"**{label(name)}**")
        for number, item in enumerate(value, 1):
            st.markdown(f"{number}. {_item(item)}")


def _item(item: Any) -> str:
    if not isinstance(item, BaseModel):
        return formats.plain(str(item))
    first, *rest = [formats.plain(str(value)) for _, value in item]
    return "  \n".join([f"**{first}**", *rest])


def _downloads(entity: Entity, key: str) -> None:
    with st.container(horizontal=True, gap="xsmall"):
        st.download_button(
            "Markdown",
            as_markdown(entity),
            "plan.md",
            "text/markdown",
            icon=":material/download:",
            type="tertiary",
            key=f"{key}/md",
            on_click="ignore",
        )
        st.download_button(
            "JSON",
            entity_as_json(entity),
            "plan.json",
            "application/json",
            icon=":material/download:",
            type="tertiary",
            key=f"{key}/json",
            on_click="ignore",
        )
