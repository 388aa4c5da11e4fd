"""How a persona looks, wherever a face is drawn: its picture, its emoji, or the face drawn from its key."""

from collections.abc import Callable
from functools import cache

from engine.errors import NotFound
from engine.personas.faces import face
from engine.personas.pictures import is_picture
from pages.ui.context import current_actor, get_studio


def likeness(key: str, avatar: str = "", accent: str | None = None) -> str:
    """An SVG, for `st.image` and `st.chat_message`. `key` is the persona's own, without whose it is.

    A picture that the reader may not see any more gives way to the drawn face. A web address is never loaded.
    """
    if not is_picture(avatar):
        return face(key, accent, emoji=avatar)
    try:
        return face(key, accent, picture=get_studio().pictures.display(current_actor(), avatar))
    except NotFound:
        return face(key, accent)


def likenesses() -> Callable[[str, str, str | None], str]:
    """The same for one drawing of many messages: each face is looked up once."""
    return cache(likeness)
