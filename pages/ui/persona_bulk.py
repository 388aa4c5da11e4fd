"""Several personas at once: choosing them in the catalogue, and what can be done with those that are chosen."""

import streamlit as st

from pages.ui import formats
from pages.ui.card_export import export_cards
from pages.ui.context import MEMBERS, current_actor, get_studio, require
from pages.ui.persona_card import CHOSEN
from pages.ui.persona_undo import remember_deleted

CHOOSING = "personas/choosing"
LISTED = 12


def choosing() -> bool:
    """Whether several are being chosen."""
    return bool(st.session_state.get(CHOOSING))


def choose_button() -> None:
    """Begin to choose, and end."""
    label = "Done" if choosing() else "Choose several"
    st.button(label, icon=":material/checklist:", on_click=_switch, args=(not choosing(),))


def bulk_bar() -> None:
    """What can be done with those that are chosen."""
    if not choosing():
        return
    chosen = st.session_state.get(CHOSEN, {})
    with st.container(border=True, horizontal=True, vertical_alignment="center"):
        said = formats.counted(len(chosen), "persona", "personas")
        st.markdown(f"**{said}** chosen", width="content")
        st.space("stretch")
        if st.button("Export", icon=":material/download:", disabled=not chosen):
            export_cards([*chosen])
        if st.button(":red[Delete]", icon=":material/delete:", disabled=not chosen):
            delete_several(chosen)


@st.dialog("Delete these personas?")
def delete_several(mine: dict[str, str]) -> None:
    """Ask before several leave the catalogue, and name them."""
    require(*MEMBERS)
    names = [f"**{formats.plain(name)}**" for name in mine.values()]
    more = f" and {len(names) - LISTED} more" if len(names) > LISTED else ""
    st.markdown(
        f"{', '.join(names[:LISTED])}{more} leave the catalogue, for you and for everyone you share them with, "
        "with all their versions. You can undo this until you leave the page."
    )
    with st.container(horizontal=True, horizontal_alignment="right"):
        if st.button("Keep them"):
            st.rerun()
        if st.button(f":red[Delete {formats.counted(len(mine), 'persona', 'personas')}]", icon=":material/delete:"):
            for key, name in mine.items():
                get_studio().personas.delete(current_actor(), key)
                remember_deleted(key, name)
            _switch(False)
            st.rerun()


def _switch(on: bool) -> None:
    st.session_state[CHOOSING] = on
    st.session_state.pop(CHOSEN, None)
