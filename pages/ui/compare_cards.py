"""Answers side by side: each in its own card with what it took, a vote and the way to prefer its model."""

from typing import Literal
from uuid import UUID

import streamlit as st

from engine.authoring.comparison.compare import Subject
from engine.authoring.comparison.results import Compared, Comparison
from engine.errors import StudioError
from engine.personas.versions import DRAFT
from engine.providers import PROVIDERS
from pages.ui import formats
from pages.ui.context import current_actor, get_studio
from pages.ui.errors import notice
from pages.ui.layout import say
from pages.ui.model_options import short
from pages.ui.safe_markdown import safe_markdown

ENDED = {"stopped": "Stopped by you. What came is kept.", "cut": "The studio was restarted meanwhile."}
RATINGS: dict[int | None, Literal[-1, 1] | None] = {1: 1, 0: -1, None: None}


def columns(of: str, subject: Subject) -> bool:
    """Draw the last comparison as it stands; whether any of it is still being written."""
    last = get_studio().compare.last(current_actor(), of)
    if last is None:
        return False
    best = badges(last)
    with st.container(key="compare/columns"):
        for place, column in zip(st.columns(len(last.columns)), last.columns, strict=True):
            with place, st.container(border=True, height="stretch"):
                _card(of, subject, column, best.get(column.id, ""), versions=_several(last))
    return not last.over


def badges(comparison: Comparison) -> dict[UUID, str]:
    """What stands out: one's pick, the fastest, the cheapest. Only where there is something to compare with."""
    ended = [column for column in comparison.columns if column.state == "done" and column.latency_ms is not None]
    found: dict[UUID, str] = {}
    if len(ended) > 1:
        fastest = min(ended, key=lambda column: column.latency_ms or 0)
        found[fastest.id] = "Fastest"
        priced = [column for column in ended if column.cost_usd is not None]
        costs = {column.cost_usd for column in priced}
        if len(priced) == len(ended) and len(costs) > 1:
            cheapest = min(priced, key=lambda column: column.cost_usd or 0)
            found[cheapest.id] = "Fastest, cheapest" if cheapest.id in found else "Cheapest"
    return found | {column.id: "Your pick" for column in comparison.columns if column.rating == 1}


def prefer(of: str, answer_id: UUID, model: str, name: str) -> None:
    """Have the persona's draft prefer a model, and say so."""
    try:
        preferred = get_studio().compare.prefer(current_actor(), of, answer_id)
    except StudioError as problem:
        notice(problem)
        return
    say(f"The draft of {name or 'this persona'} prefers {preferred.profile} models like {model} now")
    st.rerun()


def _several(comparison: Comparison) -> bool:
    return len({column.version for column in comparison.columns}) > 1


def _card(of: str, subject: Subject, column: Compared, badge: str, *, versions: bool) -> None:
    model = column.model or short(column.picked) or "Automatic"
    with st.container(horizontal=True, horizontal_alignment="distribute", vertical_alignment="top"):
        with st.container(gap=None, width="content"):
            st.markdown(f"**{formats.plain(model)}**")
            st.caption(_about(column, versions=versions))
        if badge:
            pick = badge == "Your pick"
            icon = ":material/favorite:" if pick else ":material/bolt:"
            st.badge(badge, icon=icon, color="violet" if pick else "green")
    _said(column)
    st.space("stretch")
    if column.state == "done" and column.usage is not None:
        _took(column)
        _foot(of, subject, column, model, is_pick=badge == "Your pick")


def _about(column: Compared, *, versions: bool) -> str:
    provider = PROVIDERS[column.provider].label if column.provider in PROVIDERS else column.provider
    profile = "" if column.profile == "user-chosen" else column.profile
    version = "draft" if column.version == DRAFT else f"version {column.version}"
    parts = [version] if versions else []
    return formats.plain(" · ".join(part for part in (*parts, provider, profile) if part)) or "Not asked"


def _said(column: Compared) -> None:
    if column.text:
        st.markdown(safe_markdown(column.text))
    elif column.state == "writing":
        st.caption("Thinking")
    if column.error is not None and column.state != "stopped":
        said = f"{formats.plain(column.error['message'])} {formats.plain(column.error['hint'])}"
        st.error(said.strip(), icon=":material/error:")
    elif column.state in ENDED:
        st.caption(ENDED[column.state])


def _took(column: Compared) -> None:
    tokens = column.usage.tokens_out if column.usage else 0
    facts = (
        ("First word", "–" if column.first_token_ms is None else formats.seconds(column.first_token_ms)),
        ("Total", "–" if column.latency_ms is None else formats.seconds(column.latency_ms)),
        ("Cost", formats.money(column.cost_usd)),
        ("Tokens", f"{tokens:,}"),
    )
    with st.container(horizontal=True, gap="small"):
        for label, value in facts:
            with st.container(gap=None, width="content"):
                st.caption(label)
                st.markdown(f"**{value}**")


def _foot(of: str, subject: Subject, column: Compared, model: str, *, is_pick: bool) -> None:
    key = f"compare/{column.id}"
    rated = {1: 1, -1: 0}.get(column.rating or 0)
    if rated is not None:
        st.session_state.setdefault(f"{key}/rated", rated)
    with st.container(horizontal=True, horizontal_alignment="distribute", vertical_alignment="center"):
        st.feedback("thumbs", key=f"{key}/rated", on_change=_rate, args=(column.id, f"{key}/rated"))
        if subject.may_edit:
            fits = bool(get_studio().compare.profile_for(current_actor(), column.id))
            why = "No profile names this model. An administrator can put it into one under Routing."
            pressed = st.button(
                "Use this model", key=f"{key}/use", type="primary" if is_pick and fits else "secondary",
                disabled=not fits, help=None if fits else why,
            )  # fmt: skip
            if pressed:
                prefer(of, column.id, model, subject.name)


def _rate(answer_id: UUID, key: str) -> None:
    get_studio().compare.rate(current_actor(), answer_id, RATINGS[st.session_state.get(key)])
