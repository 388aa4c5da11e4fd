"""The versions of a persona: a card for each, what changed between two of them, and the way back to one."""

import streamlit as st

from engine.errors import StudioError
from engine.personas.versions import DRAFT, History, Version, VersionDiff
from pages.ui import formats
from pages.ui.context import MEMBERS, get_studio, require
from pages.ui.diff_view import field_box, marked
from pages.ui.errors import notice
from pages.ui.layout import card_head, say

OLD, NEW = "old", "new"
WHOLE_PX = 520


def name_of(history: History, number: int) -> str:
    """What a version is called; one's draft is what comes next."""
    return f"Version {history.current + 1 if number == DRAFT else number}"


def chosen(history: History) -> tuple[int, int]:
    """Which two versions are compared: those of the address, else the newest one with the one before."""
    numbers = [version.number for version in history.versions]
    asked = [_number(st.query_params.get(name, "")) for name in (OLD, NEW)]
    if asked[0] in numbers and asked[1] in numbers and asked[0] != asked[1]:
        return asked[0], asked[1]
    new = asked[1] if asked[1] in numbers else numbers[0]
    older = numbers[numbers.index(new) + 1 :] or numbers
    return older[0], new


def version_card(history: History, version: Version, pair: tuple[int, int]) -> None:
    """One version: its state, its note, when and by whom, how often it answered."""
    number = version.number
    badge = " :orange-badge[Draft]" if number == DRAFT else " :green-badge[Published]" if version.current else ""
    shown = number in pair
    with st.container(border=True, gap="small"):
        with st.container(horizontal=True, horizontal_alignment="distribute", vertical_alignment="center"):
            compared = " :violet-badge[Compared]" if shown and len(history.versions) > 1 else ""
            st.markdown(f"**{name_of(history, number)}**{badge}{compared}", width="content")
            st.button(
                "Compare", type="tertiary", key=f"compare/{number}", disabled=shown, on_click=_compare,
                args=(number, pair),
            )  # fmt: skip
        note = "Draft, not published" if number == DRAFT else formats.plain(version.note) or "No note"
        author = "You" if version.mine else formats.plain(version.author) or "The house"
        facts = [formats.ago(version.at), author]
        if version.answers:
            facts.append(formats.counted(version.answers, "answer", "answers"))
        st.caption(f"{note}  \n{' · '.join(facts)}")


def difference(history: History, diff: VersionDiff) -> None:
    """What changed from one version to another, field by field or in the whole prompt, and how both did."""
    old, new = name_of(history, diff.old.number), name_of(history, diff.new.number)
    with st.container(border=True):
        with card_head(f"{old} to {new.lower()}", _summary(diff)):
            view = st.segmented_control(
                "Show", ["Changes", "Whole prompt"], default="Changes", required=True, label_visibility="collapsed",
                key="versions/view",
            )  # fmt: skip
        if view == "Whole prompt":
            with st.container(height=WHOLE_PX, border=True):
                st.markdown(marked(diff.prompt))
        else:
            for change in diff.fields:
                field_box(change)
            if not diff.fields:
                st.markdown("Both say the same.")
            if diff.unchanged:
                st.caption(f"Unchanged: {formats.plain(', '.join(title.lower() for title in diff.unchanged))}.")
        _metrics(diff)


@st.dialog("Restore this version?")
def restore(history: History, number: int) -> None:
    """Ask before an older version becomes the newest."""
    actor = require(*MEMBERS)
    name, following = formats.plain(history.name), history.current + 1
    st.markdown(
        f"Version {following} of **{name}** will say what version {number} said. Version {history.current} stays in "
        "the history, and who can use them stays as it is now."
    )
    if history.draft_id:
        st.markdown("Your draft is kept. It began before, so publishing it will ask you to look at both.")
    with st.container(horizontal=True, horizontal_alignment="right"):
        if st.button(f"Keep version {history.current}"):
            st.rerun()
        if st.button(f"Restore version {number}", type="primary", icon=":material/history:", key="restore/do"):
            try:
                made = get_studio().versions.restore(actor, history.key, number)
            except StudioError as problem:
                notice(problem)
                return
            st.query_params.from_dict({"key": history.key, OLD: str(history.current), NEW: str(made)})
            say(f"Version {number} is restored as version {made}")
            st.rerun()


def _compare(number: int, pair: tuple[int, int]) -> None:
    """Set the pressed version against the newer of the two that were compared, the draft being the newest."""
    first, last = sorted((number, max(pair, key=_age)), key=_age)
    st.query_params[OLD], st.query_params[NEW] = str(first), str(last)


def _age(number: int) -> tuple[bool, int]:
    return number == DRAFT, number


def _number(text: str) -> int:
    return int(text) if text.isascii() and text.isdigit() else -1


def _summary(diff: VersionDiff) -> str:
    changed = formats.counted(len(diff.fields), "field changed", "fields changed")
    tokens = diff.new.tokens - diff.old.tokens
    more = f"{formats.counted(abs(tokens), 'token', 'tokens')} {'more' if tokens > 0 else 'fewer'}"
    return f"{changed}, {more if tokens else 'the prompt is as long as before'}"


def _metrics(diff: VersionDiff) -> None:
    old, new = diff.old, diff.new
    prompt, checks, thumbs = st.columns(3, gap="small")
    with prompt:
        tokens = new.tokens - old.tokens
        delta = f"{tokens:+,}" if tokens else None
        st.metric("Prompt", f"{new.tokens:,} tokens", delta, delta_color="off", border=True, height="stretch")
    with checks:
        passed = f"{new.passed} of {new.checks}" if new.checks else "–"
        both = bool(new.checks and old.checks)
        delta = f"{new.passed - old.passed:+}" if both and new.passed != old.passed else None
        st.metric("Checks passed", passed, delta, border=True, height="stretch", help=_where(new))
    with thumbs:
        up, before = _liked(new), _liked(old)
        delta = f"{up - before:+} points" if up is not None and before is not None and up != before else None
        st.metric("Thumbs up", "–" if up is None else f"{up}%", delta, border=True, height="stretch")


def _where(version: Version) -> str:
    return f"On {version.rehearsed_on}" if version.checks else "Not rehearsed to the end yet"


def _liked(version: Version) -> int | None:
    rated = version.liked + version.disliked
    return round(100 * version.liked / rated) if rated else None
