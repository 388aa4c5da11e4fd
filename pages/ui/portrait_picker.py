"""The portrait of a draft: the face drawn from its key, an emoji, or a picture of one's own."""

import streamlit as st

from engine.errors import StudioError
from engine.personas.drafts import Draft
from engine.personas.pictures import is_picture
from pages.ui.context import current_actor, get_studio
from pages.ui.draft_state import key_of, put
from pages.ui.errors import notice
from pages.ui.forms import field
from pages.ui.layout import portrait
from pages.ui.safe_markdown import safe_markdown

KINDS = ["png", "jpg", "jpeg", "webp"]
MOST_MIB = 10


def drawn(draft: Draft, *, width: int) -> None:
    """Draw the portrait of a draft."""
    portrait(draft.spec.name, draft.key, emoji=draft.spec.avatar, width=width)


def portrait_popover(draft: Draft) -> None:
    """Choose the drawn face, an emoji or a picture."""
    pictured = is_picture(draft.spec.avatar)
    with st.popover("Portrait", icon=":material/palette:"):
        drawn(draft, width=96)
        if problem := st.session_state.pop(key_of(draft.id, "picture/why"), None):
            notice(problem)
        if not pictured:
            field(draft, "avatar")
        if draft.spec.avatar.startswith(("http://", "https://")):
            st.markdown(safe_markdown(f"Kept as a link, and not loaded: {draft.spec.avatar}"))
        key = key_of(draft.id, "picture")
        st.file_uploader("Picture", KINDS, key=key, on_change=_bring, args=(draft, key), max_upload_size=MOST_MIB)
        if pictured:
            at = (draft, {"avatar": ""})
            st.button("Use the drawn face", icon=":material/face:", on_click=put, args=at, width="stretch")
        st.caption("Without emoji or picture, a face is drawn from the key, and it stays the same for ever.")


def _bring(draft: Draft, key: str) -> None:
    """Keep a picture, and make it the portrait."""
    if (brought := st.session_state[key]) is None:
        return
    try:
        put(draft, {"avatar": get_studio().pictures.save(current_actor(), brought.getvalue())})
    except StudioError as why:
        st.session_state[key_of(draft.id, "picture/why")] = why
