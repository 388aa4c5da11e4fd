"""The models that somebody can have, as a table in which favourites are marked."""

from math import ceil

import streamlit as st

from engine.errors import StudioError
from engine.providers import PROVIDERS
from engine.routing.model_catalogue import Renewed
from engine.routing.model_choices import ModelRow
from pages.ui import formats
from pages.ui.context import current_actor, get_studio
from pages.ui.errors import notice
from pages.ui.layout import chips, empty, list_row, slot

PER_PAGE = 20
FIND, PROVIDER, PROFILE, REFUSED = (f"models/{name}" for name in ("find", "provider", "profile", "refused"))
PAID_BY = {"user": "Your key", "system": "House key", "env": "House key", "local": "Free"}
COLOURS = {"compat": "gray", "frontier": "violet", "balanced": "blue", "fast": "green", "cheap": "yellow"}
LISTED, GONE = "Listed", "Retired"
STRUCTURED, VISION = "JSON", "Vision"
FIRST_WORD = "About: the median time to the first word of an answer here, over the last 30 days."
ASKING, RENEWED = "models/asking", "models/renewed"
STATES: dict[bool | None, list[str]] = {True: [LISTED], False: [GONE], None: []}


def models_table(rows: list[ModelRow]) -> None:
    """The filters, the rows that pass them, page by page."""
    profiles = list(dict.fromkeys(name for row in rows for name in row.profiles))
    shown = _filtered(rows, profiles)
    with slot():
        if problem := st.session_state.pop(REFUSED, None):
            notice(problem)
    if not shown:
        empty("No model is called that", "Search looks at the names of models.", "Clear the filters", _clear)
        return
    page_key = f"models/page/{hash(tuple(row.ref for row in shown))}"
    pages = ceil(len(shown) / PER_PAGE)
    at = (min(st.session_state.get(page_key, 1), pages) - 1) * PER_PAGE
    _table(shown[at : at + PER_PAGE], profiles)
    if pages > 1:
        st.pagination(pages, key=page_key)


def _filtered(rows: list[ModelRow], profiles: list[str]) -> list[ModelRow]:
    """The filter row; those that pass it, the ones of profiles first."""
    providers = list(dict.fromkeys(row.provider for row in rows))
    with st.container(horizontal=True, vertical_alignment="center"):
        text = st.text_input(
            "Find a model", placeholder="Find a model", icon=":material/search:", live="300ms", width=240, key=FIND,
            label_visibility="collapsed",
        )  # fmt: skip
        look = {"label_visibility": "collapsed"}
        provider = st.pills("Provider", providers, format_func=_label, key=PROVIDER, **look)
        st.space("stretch")
        profile = st.selectbox("Profile", profiles, None, placeholder="All profiles", key=PROFILE, width=170, **look)
    words = (text or "").lower().split()
    found = [
        row
        for row in rows
        if all(word in f"{row.model} {_label(row.provider)} {' '.join(_can(row))}".lower() for word in words)
        and provider in (None, row.provider)
        and (profile is None or profile in row.profiles)
    ]
    return sorted(found, key=lambda row: not row.profiles)


def _table(rows: list[ModelRow], profiles: list[str]) -> None:
    config = st.column_config
    key = f"models/table/{hash(tuple((row.ref, row.favourite) for row in rows))}"
    st.data_editor(
        {
            "Fav": [row.favourite for row in rows],
            "Model": [row.model for row in rows],
            "Provider": [_label(row.provider) for row in rows],
            "Profiles": [list(row.profiles) for row in rows],
            "Can": [_can(row) for row in rows],
            "In, $/M": [_usd(row.input_usd) for row in rows],
            "Out, $/M": [_usd(row.output_usd) for row in rows],
            "Context": [row.context // 1000 if row.context else None for row in rows],
            "First word": [row.first_word_ms / 1000 if row.first_word_ms is not None else None for row in rows],
            "Paid by": [PAID_BY[row.paid_by] for row in rows],
            "State": [STATES[row.listed] for row in rows],
        },
        column_config={
            "Fav": config.CheckboxColumn("Fav", width=58, help="Favourites are offered first where a model is picked."),
            "Model": config.TextColumn("Model", width=190),
            "Profiles": chips("Profiles", [(name, COLOURS.get(name, "orange")) for name in profiles]),
            "Can": chips("Can", [(STRUCTURED, "blue"), (VISION, "violet")]),
            "In, $/M": config.NumberColumn("In, $/M", format="%.2f", width=72),
            "Out, $/M": config.NumberColumn("Out, $/M", format="%.2f", width=72),
            "Context": config.NumberColumn("Context", format="%d k", width=74),
            "First word": config.NumberColumn("First word", format="≈ %.1f s", width=84, help=FIRST_WORD),
            "State": chips("State", [(LISTED, "green"), (GONE, "orange")], width=80),
        },
        disabled=[
            *("Model", "Provider", "Profiles", "Can", "In, $/M", "Out, $/M"),
            *("Context", "First word", "Paid by", "State"),
        ],
        hide_index=True,
        height="content",
        placeholder="–",
        key=key,
        on_change=_mark,
        args=(key, [row.ref for row in rows]),
    )  # fmt: skip


def refresh_button(rows: list[ModelRow]) -> None:
    """What asks the providers for their lists once more; they are asked when the page is drawn."""
    asking = ASKING in st.session_state
    st.button(
        "Asking" if asking else "Refresh lists",
        icon=":material/refresh:",
        disabled=asking or all(row.paid_by == "local" for row in rows),
        on_click=st.session_state.update,
        args=({ASKING: True},),
        help="Asks every provider that you have a key for which models it lists today. It costs nothing.",
    )


def renewed() -> None:
    """What came of the last time, provider by provider."""
    found: list[Renewed] = st.session_state.get(RENEWED, [])
    if not found:
        return
    with st.container(border=True, gap="small"):
        for each in found:
            said = each.failed or f"{formats.counted(each.models, 'model', 'models')} today"
            icon = ":red[:material/error:]" if each.failed else ":green[:material/check_circle:]"
            with list_row(icon, f"**{_label(each.provider)}**", formats.plain(said)):
                pass
        st.button("Hide", type="tertiary", on_click=st.session_state.pop, args=(RENEWED, None))


def ask_again() -> None:
    """Ask for the lists if that was wanted, once everything is drawn; the next run draws what came of it."""
    if ASKING not in st.session_state:
        return
    try:
        st.session_state[RENEWED] = get_studio().model_catalogue.refresh(current_actor())
    except StudioError as problem:
        st.session_state[REFUSED] = problem
    del st.session_state[ASKING]
    st.rerun()


def _can(row: ModelRow) -> list[str]:
    return [word for word, has in ((STRUCTURED, row.structured), (VISION, row.vision)) if has]


def _mark(key: str, refs: list[str]) -> None:
    """Save the favourites; those that are not in the table stay."""
    models, actor = get_studio().models, current_actor()
    kept = models.favourites(actor)
    for row, change in st.session_state[key]["edited_rows"].items():
        ref = refs[int(row)]
        kept = [each for each in kept if each != ref] + ([ref] if change.get("Fav") else [])
    try:
        models.set_favourites(actor, kept)
    except StudioError as problem:
        st.session_state[REFUSED] = problem
        del st.session_state[key]


def _clear() -> None:
    st.session_state[FIND] = ""
    st.session_state[PROVIDER] = st.session_state[PROFILE] = None


def _label(provider: str) -> str:
    return formats.plain(PROVIDERS[provider].label)


def _usd(amount: object) -> float | None:
    return None if amount is None else float(str(amount))
