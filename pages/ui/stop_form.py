"""Stopping AI: what to stop and until when, how others will see it, and what is stopped now."""

from dataclasses import replace
from datetime import UTC, datetime, time, timedelta

import streamlit as st

from engine.accounts.actor import Actor
from engine.errors import StudioError
from engine.providers import PROVIDERS
from engine.routing.tables import CHOSEN_BY_USER
from engine.usage.controls import LONGEST_REASON, Notice, StopLine
from engine.usage.stops import EVERYTHING, HOUSE_KEYS
from pages.ui import formats
from pages.ui.ai_disabled_banner import banner, target_word
from pages.ui.context import ADMINS, current_actor, get_studio, require
from pages.ui.errors import notice
from pages.ui.layout import card, list_row, say, slot

WHAT, REASON, UNTIL, OWN_END, CUT, REFUSED = (
    f"stop/{name}" for name in ("what", "reason", "until", "own end", "cut", "refused")
)
SCOPES = {
    HOUSE_KEYS: "House keys",
    "provider": "Provider",
    "model": "Model",
    "profile": "Profile",
    "surface": "Surface",
    "department": "Department",
    "person": "Person",
}
ENDS = {"": "Until lifted", "hour": "In an hour", "evening": "18:00", "midnight": "Midnight", "week": "In 7 days"}
OWN = "own"
ALL_OF_THEM = ("department", "person")
EFFECTS = {
    EVERYTHING: "Nobody is answered, those with keys of their own neither. Writing and editing go on.",
    HOUSE_KEYS: "People with keys of their own are still answered, and so are free models.",
    "department": "Seen by its people only.",
    "person": "Seen by this person only.",
}
PARTLY = "Seen by everyone. Only calls to it are refused, with this reason."


def stop_form(actor: Actor) -> Notice:
    """What to stop, until when and why; returns what others would be told."""
    with card("Stop something"):
        scope = st.pills(
            "What", list(SCOPES), format_func=SCOPES.__getitem__, default=HOUSE_KEYS, required=True, key=WHAT
        )
        targets = {"": "the house's keys"} if scope == HOUSE_KEYS else _targets(actor, scope)
        # Only one when there is nothing to choose: on a phone an empty column would be a gap.
        columns = st.columns(1 if scope == HOUSE_KEYS else 2)
        with columns[0]:
            target = _which(scope, targets) if scope != HOUSE_KEYS else ""
        with columns[-1]:
            ready, until = until_field()
        reason = reason_field(REASON)
        with slot():
            _reach(actor, scope, target)
            if problem := st.session_state.pop(REFUSED, None):
                notice(problem)
        with st.container(horizontal=True, horizontal_alignment="distribute", vertical_alignment="center"):
            cut = st.toggle("Also cut answers being written", key=CUT)
            named = targets.get(target or "", target or "")
            st.button(
                f"Stop {formats.plain(formats.start(named, 40))}" if named else "Stop",
                icon=":material/pause_circle:",
                type="primary",
                disabled=target is None or not ready,
                on_click=_stop,
                args=(scope, target, named, until, cut),
            )
    return Notice(scope in ALL_OF_THEM, reason, until, "admin", scope, target or "", actor.name)


def as_others_see_it(told: Notice) -> None:
    """The very banner, as it stands on their pages."""
    with card("As others will see it", "On every page, above the title"):
        _example(told)
        st.caption(EFFECTS.get(told.scope, PARTLY))
    with card("If you stop everything"):
        _example(Notice(True, told.reason, told.until, "admin", author=told.author))
        st.caption(EFFECTS[EVERYTHING])


@st.dialog("Stop everything?")
def stop_everything() -> None:
    """Ask for the reason, and say what it does."""
    actor = require(*ADMINS)
    st.markdown(f"{EFFECTS[EVERYTHING]} **{_people(actor, EVERYTHING, '')}** here.")
    ready, until = until_field("everything/")
    reason = reason_field("everything/reason")
    cut = st.toggle("Also cut answers being written", value=True, key="everything/cut")
    with st.container(horizontal=True, horizontal_alignment="right"):
        if st.button("Let it run"):
            st.rerun()
        if st.button(
            ":red[Stop everything]", icon=":material/pause_circle:", key="everything/stop", disabled=not ready
        ):
            try:
                get_studio().controls.stop(actor, EVERYTHING, reason=reason, until=until, cut=cut)
            except StudioError as problem:
                notice(problem)
            else:
                say("AI is stopped for everyone")
                st.rerun()


def in_force(lines: list[StopLine]) -> None:
    """What is stopped now, each with the way to lift it."""
    with card("In force now"):
        for line in lines:
            title = f"**{formats.plain(_called(line))}** · {formats.plain(line.stop.reason)}"
            ends = f"lifts itself {formats.until(line.stop.until)}" if line.stop.until else "until lifted"
            refused = formats.counted(line.refused, "call", "calls")
            facts = f"{formats.plain(line.author)}, {formats.ago(line.stop.since)} · {ends} · {refused} refused"
            with list_row(":red[:material/pause_circle:]", title, facts):
                st.button(
                    "Lift", icon=":material/play_arrow:", key=f"lift/{line.stop.id}", on_click=lift, args=([line],)
                )
        if not lines:
            st.caption("Nothing is stopped. Who is turned away by a stop is counted here.")


def lift(lines: list[StopLine]) -> None:
    """End stops."""
    for line in lines:
        try:
            get_studio().controls.lift(current_actor(), line.stop.id)
        except StudioError as problem:
            say(problem.message)
        else:
            say("It may be asked again" if len(lines) == 1 else "AI is running again")


def until_field(prefix: str = "") -> tuple[bool, datetime | None]:
    """When a stop ends by itself, None for not at all; and whether that has been said."""
    chosen = st.selectbox("Until", [*ENDS, OWN], format_func=_end_word, key=f"{prefix}{UNTIL}")
    place = slot()
    if chosen != OWN:
        return True, _end(chosen)
    first = datetime.now(UTC).replace(tzinfo=None, second=0, microsecond=0)
    with place:
        own = st.datetime_input("Date and time (UTC)", value=None, min_value=first, key=f"{prefix}{OWN_END}")
    return own is not None, own.replace(tzinfo=UTC) if own else None


def reason_field(key: str) -> str:
    """Why, in words for everyone whom it touches."""
    return st.text_input(
        "Reason, shown to everyone it touches",
        max_chars=LONGEST_REASON,
        placeholder="Invoice under review",
        autocomplete="off",
        live="300ms",
        key=key,
    )


def _end(chosen: str) -> datetime | None:
    now = datetime.now(UTC)
    midnight = datetime.combine(now.date() + timedelta(days=1), time(), UTC)
    evening = midnight - timedelta(hours=6)
    return {
        "": None,
        "hour": now.replace(second=0, microsecond=0) + timedelta(hours=1),
        "evening": evening if evening > now else evening + timedelta(days=1),
        "midnight": midnight,
        "week": midnight + timedelta(days=6),
    }[chosen]


def _end_word(chosen: str) -> str:
    if chosen == OWN:
        return "At another time"
    end = _end(chosen)
    return ENDS[chosen] if end is None else f"{ENDS[chosen]}: {formats.until(end)}"


def _targets(actor: Actor, scope: str) -> dict[str, str]:
    """What can be stopped in a scope: its id and what it is called."""
    if scope == "person":
        return {str(each.id): f"{each.name} ({each.handle})" for each in get_studio().people.all(actor)}
    if scope == "department":
        return {str(each.id): each.name for each in get_studio().departments.all(actor)}
    tables = get_studio().routing.tables(actor)
    cells = tables.profiles.values()
    ids = {
        "provider": [spec.key for spec in PROVIDERS.values() if spec.offered],
        "model": sorted({f"{name}:{model}" for cell in cells for name, models in cell.items() for model in models}),
        "profile": [*tables.profile_names, CHOSEN_BY_USER],
        "surface": list(tables.surfaces),
    }[scope]
    return {each: target_word(scope, each) for each in ids}


def _which(scope: str, targets: dict[str, str]) -> str | None:
    kind = SCOPES[scope].lower()
    return st.selectbox(
        f"Which {kind}",
        list(targets),
        None if scope in ("person", "department") else 0,
        format_func=lambda each: targets.get(each, each),
        placeholder=f"Choose a {kind}",
        accept_new_options=scope == "model",
        help="Another model is written as provider:model, such as openai:gpt-4.1." if scope == "model" else None,
        key=f"stop/{scope}",
    )


def _reach(actor: Actor, scope: str, target: str | None) -> None:
    if target is None:
        return
    try:
        then = "are cut within seconds" if st.session_state.get(CUT) else "finish; nothing new starts"
        st.caption(f"Touches **{_people(actor, scope, target)}**. Answers being written {then}.")
    except StudioError as problem:
        st.caption(f":red[{formats.plain(problem.message)}]")


def _people(actor: Actor, scope: str, target: str) -> str:
    number = get_studio().controls.touched(actor, scope, target)
    upto = "" if scope in (EVERYTHING, "person", "department") else "up to "
    return f"{upto}{formats.counted(number, 'person', 'people')}"


def _example(told: Notice) -> None:
    banner(replace(told, reason=told.reason.strip() or "The reason stands here."))


def _called(line: StopLine) -> str:
    """What is stopped, with its kind where the name alone could be anything."""
    scope = line.stop.scope
    if scope in (EVERYTHING, HOUSE_KEYS):
        return line.name.capitalize()
    name = line.name if scope in ALL_OF_THEM else target_word(scope, line.stop.target)
    return f"{scope.capitalize()} {name}"


def _stop(scope: str, target: str, named: str, until: datetime | None, cut: bool) -> None:
    try:
        get_studio().controls.stop(
            current_actor(), scope, target, reason=st.session_state[REASON], until=until, cut=cut
        )
    except StudioError as problem:
        st.session_state[REFUSED] = problem
    else:
        st.session_state[REASON] = ""
        say(f"Stopped: {named}")
