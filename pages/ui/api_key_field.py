"""A provider key on the page: how it stands, and the one field that takes a new one in and never shows it again.

The text of a key is in a form, so the browser sends it once, when Save is pressed; the callback takes it out of the
session before anything else happens. Each opening of the dialog is a new form, or the browser would fill in what was
typed and abandoned before.
"""

import streamlit as st

from engine.accounts.keys import KeyCard
from engine.errors import StudioError
from pages.ui import formats
from pages.ui.context import MEMBERS, current_actor, get_studio, require
from pages.ui.errors import notice
from pages.ui.layout import say, slot

TESTING = "keys/testing"
FAILED = "keys/failed"
OPENED = "keys/opened"
REFUSED = "keys/refused"

HOUSE = {
    "env": "The environment of the server has a key; one that is stored here comes before it.",
    "system": "Stored by an administrator.",
    None: "Nobody pays for those without a key of their own.",
}

# state: word, icon and colour of its badge, how the last test is shown
STATES = {
    "none": ("No key", None, "gray", None),
    "untested": ("Not tested", ":material/help:", "orange", st.info),
    "testing": ("Testing", ":material/hourglass_top:", "violet", None),
    "working": ("Working", ":material/check:", "green", st.success),
    "refused": ("Refused", ":material/error:", "red", st.error),
    "no_quota": ("No credit", ":material/money_off:", "orange", st.warning),
    "unreachable": ("Unreachable", ":material/cloud_off:", "orange", st.warning),
    "paused": ("Paused", ":material/pause_circle:", "orange", st.info),
    "expired": ("Expired", ":material/event_busy:", "red", None),
    "re_enter": ("Needs re-entry", ":material/error:", "red", None),
    "always": ("Always there", ":material/check:", "green", None),
}
LAPSED = ("expired", "re_enter")  # of no use to anybody: it can only be replaced or removed


def key_card(card: KeyCard, *, primary: bool) -> None:
    """One provider: the state of the key, what the last test said, and what can be done."""
    state = "testing" if st.session_state.get(TESTING) == _name(card) else card.state
    word, icon, colour, box = STATES[state]
    with st.container(border=True, height="stretch"):
        with st.container(horizontal=True, horizontal_alignment="distribute", vertical_alignment="center"):
            mark = ":material/memory:" if state == "always" else ":material/key:"
            st.markdown(f"{mark} **{card.label}**", width="content")
            st.badge(word, icon=icon, color=colour)
        with slot():
            if card.hint:
                st.markdown(f"`{card.hint}`")
                st.caption(_facts(card))
            if card.said and box:
                box(formats.plain(card.said), icon=icon)
            elif sentence := _sentence(card):
                st.caption(sentence)
            if failed := st.session_state.pop(f"{FAILED}/{_name(card)}", None):
                notice(failed)
        st.space("stretch")
        if card.state != "always":
            _actions(card, primary=primary, busy=state == "testing")


def test_waiting(cards: list[KeyCard]) -> None:
    """Make the test that was asked for, once everything is drawn; the answer is drawn by the next run."""
    waiting = next((card for card in cards if _name(card) == st.session_state.get(TESTING)), None)
    if waiting is None:
        return
    try:
        get_studio().model_catalogue.test_key(current_actor(), waiting.provider, house=waiting.for_house)
    except StudioError as problem:
        st.session_state[f"{FAILED}/{_name(waiting)}"] = problem
    st.session_state.pop(TESTING, None)
    st.rerun()


@st.dialog("Enter a key")
def enter_key(card: KeyCard) -> None:
    """Take a key in."""
    require(*MEMBERS)
    pays = (
        "pays for everybody's calls, inside their"
        if card.for_house
        else "pays for your own calls and for nobody else's"
    )
    whose, end = ("The house's", " allowance") if card.for_house else ("Your", "")
    st.markdown(f"{whose} key for **{card.label}** {pays}{end}. It is tested at once.")
    field = f"new key/{st.session_state[OPENED]}"
    with st.form(f"form of {field}", clear_on_submit=True, border=False):
        st.text_input(
            "Key",
            type="password",
            autocomplete="off",
            placeholder=f"Paste it as {card.label} shows it",
            key=field,
        )
        st.date_input(
            "Expires",
            value=None,
            min_value=formats.now().date(),
            format="YYYY-MM-DD",
            help="The last day on which the key is used. Leave it empty when it has none.",
            key=f"{field}/expires",
        )
        with slot():
            if refused := st.session_state.pop(REFUSED, None):
                notice(refused)
        with st.container(horizontal=True, horizontal_alignment="right"):
            st.form_submit_button("Save and test", type="primary", on_click=_save, args=(card, field))
    if st.session_state.get(TESTING) == _name(card):
        st.rerun()


@st.dialog("Remove this key?")
def remove_key(card: KeyCard) -> None:
    """Ask before a key is forgotten."""
    require(*MEMBERS)
    whose, heir = (
        ("The house's", "only keys of the environment and people's own answer")
        if card.for_house
        else (
            "Your",
            "the house's key answers for you, inside your allowance" if card.house else "its models answer no more",
        )
    )
    st.markdown(f"{whose} key for **{card.label}**, `{card.hint}`, cannot be brought back. From then on {heir}.")
    with st.container(horizontal=True, horizontal_alignment="right"):
        if st.button("Keep it"):
            st.rerun()
        if st.button(":red[Remove key]", icon=":material/delete:"):
            get_studio().keys.remove(current_actor(), card.provider, house=card.for_house)
            say(f"{whose} key for {card.label} is removed")
            st.rerun()


def _ask(card: KeyCard) -> None:
    st.session_state[OPENED] = st.session_state.get(OPENED, 0) + 1
    enter_key(card)


def _name(card: KeyCard) -> str:
    """The card's name among widgets: a provider may have a card for oneself and one for the house."""
    return f"{card.provider}/{'house' if card.for_house else 'own'}"


def _save(card: KeyCard, field: str) -> None:
    text, st.session_state[field] = st.session_state[field], ""
    day = st.session_state[f"{field}/expires"]
    expires_at = formats.end_of(day) if day else None
    try:
        get_studio().keys.save(current_actor(), card.provider, text, house=card.for_house, expires_at=expires_at)
    except StudioError as problem:
        st.session_state[REFUSED] = problem
    else:
        _test(card)


def _test(card: KeyCard) -> None:
    """The page tests what stands here, once it has drawn everything else."""
    st.session_state[TESTING] = _name(card)


def _pause(card: KeyCard, paused: bool) -> None:
    get_studio().keys.pause(current_actor(), card.provider, paused=paused, house=card.for_house)


def _facts(card: KeyCard) -> str:
    tested = f"tested {formats.ago(card.checked_at)}" if card.checked_at else "never tested"
    used = f"used {formats.ago(card.last_used_at)}" if card.last_used_at else "never used"
    facts = [tested] if card.for_house else [used, tested]
    if card.expires_at and card.state != "expired":
        facts.append(f"expires after {formats.last_day(card.expires_at)}")
    line = " · ".join(facts)
    return line[0].upper() + line[1:]


def _sentence(card: KeyCard) -> str:
    if card.for_house and card.state == "none":
        return HOUSE[card.house]
    if card.state == "none" and card.house:
        return "The house's key answers for you, inside your allowance."
    if card.state == "expired" and card.expires_at:
        asked = "the next source of keys is asked" if card.for_house else "your calls here fail"
        return f"Its last day was {formats.last_day(card.expires_at)}. Until it is replaced or removed, {asked}."
    return {
        "none": f"Nobody has a key for {card.label}, so its models are hidden.",
        "always": "Answers when no key does. It costs nothing; the built-in one is small and says silly things.",
        "re_enter": "This key cannot be opened any more. Enter it again, or remove it.",
    }.get(card.state, "")


def _actions(card: KeyCard, *, primary: bool, busy: bool) -> None:
    key = f"{_name(card)}/"
    with st.container(horizontal=True, gap="xsmall"):
        if card.state == "none":
            if st.button("Add key", icon=":material/add:", key=f"{key}add"):
                _ask(card)
            return
        if card.state not in LAPSED:
            st.button("Test", icon=":material/bolt:", key=f"{key}test", disabled=busy, on_click=_test, args=(card,))
        if st.button("Replace", key=f"{key}replace", type="primary" if primary else "secondary"):
            _ask(card)
        if card.state not in LAPSED:
            label, paused = ("Use again", False) if card.state == "paused" else ("Pause", True)
            st.button(label, key=f"{key}pause", on_click=_pause, args=(card, paused))
        if st.button(":red[Remove]", type="tertiary", key=f"{key}remove"):
            remove_key(card)
