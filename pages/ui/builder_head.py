"""The head of the builder: whose draft this is, whether it is saved, and what else can be done with it."""

import streamlit as st

from engine.personas.drafts import Draft
from pages.ui import formats
from pages.ui.card_export import export_dialog
from pages.ui.card_import import import_card
from pages.ui.context import MEMBERS, current_actor, get_studio, require
from pages.ui.draft_state import saved_badge
from pages.ui.layout import say, title_row
from pages.ui.sentence_card import open_sentence

CATALOGUE = "studio/personas.py"
# What else there is for a draft: the page, and whether it asks for a persona that has been published.
PAGE_OF = {
    "Versions": ("studio/versions.py", True),
    "Rehearse": ("studio/rehearsal.py", True),
    "Compare models": ("studio/compare.py", False),
}
CARDS = ("Import card", "Export card")
IMPORT, DISCARD = "Import card", ":red[Discard draft]"


def offered(draft: Draft) -> list[str]:
    """What of PAGE_OF there is for this draft."""
    return [word for word, (_, published) in PAGE_OF.items() if draft.persona_key or not published]


def turn_to(word: str, draft: Draft) -> None:
    """Go to one of PAGE_OF."""
    page, published = PAGE_OF[word]
    st.switch_page(page, query_params={"key": draft.persona_key} if published else {"draft": str(draft.id)})


def head(draft: Draft, *, alone: bool = False) -> None:
    """Title, badge, and the menu; `alone` with the preview there is only the way to the steps."""
    with title_row(draft.spec.name or "New persona", _caption(draft)):
        if alone:
            st.button("Write on", icon=":material/edit:", on_click=st.query_params.pop, args=("view", None))
            return
        saved_badge(draft)
        st.button("Draft from a sentence", icon=":material/auto_awesome:", on_click=open_sentence, args=(draft.id,))
        _menu(draft)


def _menu(draft: Draft) -> None:
    words = [*offered(draft), *CARDS[: 2 if draft.persona_key else 1], DISCARD]
    asked = st.menu_button(
        "", words, icon=":material/more_horiz:", key=f"more/{draft.id}", help="More for this persona"
    )
    if asked == DISCARD:
        discard(draft)
    elif asked == CARDS[0]:
        import_card()
    elif asked == CARDS[1]:
        export_dialog(draft.persona_key)
    elif asked:
        turn_to(asked, draft)


def _caption(draft: Draft) -> str:
    """What is being edited, in one line."""
    if draft.persona_key is None:
        return "Persona builder · not published yet"
    whose = "" if ":" in draft.persona_key else " · built in, for everyone"
    return f"Persona builder · {formats.plain(draft.persona_key)}{whose} · editing version {draft.base_version}"


@st.dialog("Discard this draft?")
def discard(draft: Draft) -> None:
    """Ask before work is thrown away."""
    require(*MEMBERS)
    name = formats.plain(draft.spec.name) or "this persona"
    kept = f"Version {draft.base_version} stays as it is." if draft.base_version else "It was never published."
    st.markdown(f"Everything you changed in **{name}** since you began is lost. {kept}")
    with st.container(horizontal=True, horizontal_alignment="right"):
        if st.button("Keep it"):
            st.rerun()
        if st.button(":red[Discard draft]", icon=":material/delete:"):
            get_studio().drafts.discard(current_actor(), draft.id)
            say(f"The draft of {draft.spec.name or 'a persona without a name'} is discarded")
            st.switch_page(CATALOGUE)
