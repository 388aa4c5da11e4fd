"""The faces of a cast side by side."""

from collections.abc import Sequence

import streamlit as st

from engine.personas.faces import face
from engine.theatre.casting import slug_of
from engine.theatre.scene import Member
from pages.ui.likeness import likeness

MOST = 5


def faces(cast: Sequence[Member], *, width: int = 32) -> None:
    """Draw the first faces of a cast, and say how many more there are."""
    with st.container(horizontal=True, gap="xsmall", width="content", vertical_alignment="center"):
        for member in cast[:MOST]:
            drawn = likeness(slug_of(member.persona), member.avatar, member.accent or None)
            st.image(drawn, width=width, alt=f"Portrait of {member.name}")
        if len(cast) > MOST:
            st.caption(f"+{len(cast) - MOST}", width="content")
        if not cast:
            st.image(face("maestro", "gray"), width=width, alt="Nobody yet")
