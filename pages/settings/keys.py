"""Keys: one's own provider keys as cards, and the house's, which admins keep."""

import streamlit as st

from engine.accounts.actor import Role
from engine.accounts.keys import KeyCard
from pages.ui.ai_settings_panel import ai_settings_panel
from pages.ui.api_key_field import key_card, test_waiting
from pages.ui.context import MEMBERS, get_studio, require
from pages.ui.layout import list_row, section_head, title_row

ACROSS = 3
SET, UNSET = ":green[:material/check_circle:]", ":material/circle:"
SAID = {"env": "Set in the environment of the server", "system": "Stored by an administrator", None: "No key"}


def shelf(cards: list[KeyCard]) -> None:
    """The cards, three a row; the first that needs its owner has the primary button."""
    primary = next((card.provider for card in cards if card.state in ("refused", "expired", "re_enter")), None)
    for at in range(0, len(cards), ACROSS):
        for column, card in zip(st.columns(ACROSS), cards[at : at + ACROSS], strict=False):
            with column:
                key_card(card, primary=card.provider == primary)


actor = require(*MEMBERS)
keys = get_studio().keys
own = keys.cards(actor)
kept = [card for card in keys.cards(actor, house=True) if card.state != "always"] if actor.role is Role.ADMIN else []
with title_row("Keys", "Calls on your own keys are never limited, and nobody can read a key back, not even you."):
    pass
section_head("Yours", None, "Used first, for you alone")
shelf(own)
section_head("The house", None, "Answers for those without a key of their own, inside their allowance")
shelf(kept)
if not kept:
    with st.container(border=True):
        for card in own:
            if card.state != "always":
                with list_row(SET if card.house else UNSET, f"**{card.label}**", SAID[card.house]):
                    pass
ai_settings_panel(actor)
st.caption(
    ":material/lock: Encrypted with AES-256-GCM. The text of a key is gone from this page the moment you save it."
)
test_waiting([*own, *kept])
