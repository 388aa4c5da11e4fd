"""Keys: one's own provider keys as cards, and where the house's come from."""

import streamlit as st

from engine.accounts.keys import KeyCard
from engine.errors import StudioError
from pages.ui.api_key_field import TESTING, key_card, remember_failure
from pages.ui.context import MEMBERS, get_studio, require
from pages.ui.layout import list_row, section_head, title_row

ACROSS = 3
HOUSE = {
    "env": (":green[:material/check_circle:]", "Set in the environment of the server"),
    "system": (":green[:material/check_circle:]", "Stored by an administrator"),
    None: (":material/circle:", "No key"),
}

actor = require(*MEMBERS)
studio = get_studio()


def test(provider: str) -> None:
    """Ask the provider whether the key works, once everything is drawn; the answer is drawn by the next run."""
    try:
        studio.model_catalogue.test_key(actor, provider)
    except StudioError as problem:
        remember_failure(provider, problem)
    st.session_state.pop(TESTING, None)
    st.rerun()


def the_house(card: KeyCard) -> None:
    """Where the house's key for a provider comes from."""
    icon, said = HOUSE[card.house]
    with list_row(icon, f"**{card.label}**", said):
        pass


cards = studio.keys.cards(actor)
with title_row("Keys", "Calls on your own keys are never limited, and nobody can read a key back, not even you."):
    pass
section_head("Yours", None, "Used first, for you alone")
primary = next((card.provider for card in cards if card.state in ("refused", "re_enter")), None)
for at in range(0, len(cards), ACROSS):
    for column, card in zip(st.columns(ACROSS), cards[at : at + ACROSS], strict=False):
        with column:
            key_card(card, primary=card.provider == primary)
section_head("The house", None, "Answers for those without a key of their own, inside their allowance")
with st.container(border=True):
    for card in cards:
        if card.state != "always":
            the_house(card)
st.caption(
    ":material/lock: Encrypted with AES-256-GCM. The text of a key is gone from this page the moment you save it."
)
if provider := st.session_state.get(TESTING):
    test(provider)
