"""The frame of the pages that one sees before being signed in."""

from collections.abc import Iterator
from contextlib import contextmanager

import streamlit as st

from engine.personas.faces import face
from pages.ui.layout import LOGO

FACES = (("ada", "violet"), ("pip", "orange"), ("mira", "green"), ("noor", "blue"), ("rosa", "red"), ("tom", "yellow"))


@contextmanager
def welcome(title: str, caption: str) -> Iterator[None]:
    """The logo and a head at the left, with what is drawn inside below them; six faces at the right."""
    form, faces = st.columns([1, 1], gap="large", vertical_alignment="center")
    with form:
        st.image(LOGO, width=184, alt="Persona Studio")
        with st.container(gap=None):
            st.title(title, anchor=False)
            st.caption(caption)
        yield
    with faces, st.container(horizontal_alignment="center"):
        with st.container(horizontal=True, horizontal_alignment="center", width=330):
            for key, accent in FACES:
                st.image(face(key, accent), width=84, alt="")
        st.markdown("#### Write a character in ten minutes, and hear it speak.", text_alignment="center")
        st.caption("No key and no network needed for the first conversation.", text_alignment="center")


def new_password(label: str) -> str:
    """The field for a password that is not known here yet."""
    return st.text_input(
        label,
        type="password",
        autocomplete="new-password",
        help="At least eight characters. A sentence is easier to remember than symbols.",
    )
