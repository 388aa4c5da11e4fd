"""Two texts as one: what was removed on red, what was added on green, so that it reads in either theme."""

from collections.abc import Sequence

import streamlit as st

from engine.personas.diff import FieldChange, Part
from pages.ui import formats

SIGNS = {"removed": ("red", "−"), "added": ("green", "+")}
NEAR = 120
"""How much of what stayed the same is shown beside a change."""
BLANKS = "␣"


def field_box(change: FieldChange) -> None:
    """One changed field."""
    with st.container(border=True, gap="small"):
        with st.container(horizontal=True, horizontal_alignment="distribute", vertical_alignment="center"):
            st.markdown(f"**{formats.plain(change.title)}**", width="content")
            st.caption(_counted(change), width="content")
        if change.items:
            for part in change.parts:
                st.markdown(_item(part))
        else:
            st.markdown(marked(change.parts, near=NEAR))


def marked(parts: Sequence[Part], *, near: int = 0) -> str:
    """A text with its changes as markdown. With `near` long stretches that stayed the same are shortened."""
    drawn = []
    for at, part in enumerate(parts):
        text = part.text
        if near and part.op == "same" and len(text) > 2 * near:
            begin = text[:near].rsplit(" ", 1)[0] + " … " if at else "… "
            end = text[-near:].split(" ", 1)[-1] if at < len(parts) - 1 else ""
            text = begin + end
        lines = text.split("\n")
        drawn.append("  \n".join(_line(part, line, broken=len(lines) > 1) for line in lines))
    return "".join(drawn)


def _line(part: Part, line: str, *, broken: bool) -> str:
    words = formats.plain(line)
    if part.op == "same":
        return _spaced(line, words)
    if not words and broken:
        return ""
    colour, _ = SIGNS[part.op]
    return _spaced(line, f":{colour}-background[{words or BLANKS}]")


def _item(part: Part) -> str:
    words = "  \n".join(formats.plain(line) for line in part.text.split("\n"))
    if part.op == "same":
        return words
    colour, sign = SIGNS[part.op]
    return "  \n".join(
        f":{colour}-background[{sign} {formats.plain(line) or BLANKS}]" for line in part.text.split("\n")
    )


def _spaced(line: str, words: str) -> str:
    """The blanks at both ends stand outside of what is coloured."""
    if not words:
        return " " if line else ""
    return f"{' ' if line[:1].isspace() else ''}{words}{' ' if line[-1:].isspace() else ''}"


def _counted(change: FieldChange) -> str:
    one, many = ("line", "lines") if change.items else ("word", "words")
    said = [(change.count("added"), "added"), (change.count("removed"), "removed")]
    return ", ".join(f"{formats.counted(number, one, many)} {done}" for number, done in said if number) or "Blanks only"
