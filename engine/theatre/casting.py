"""The cast: personas in their parts, each with a name, an id and a colour that nobody else in the scene has."""

from collections.abc import Callable, Collection, Iterable

from engine.personas.catalogue import Persona
from engine.personas.faces import ACCENTS, accent_of
from engine.theatre.scene import HOST_NAME, Member, Part


def cast_of(parts: Iterable[Part], persona: Callable[[str], Persona]) -> list[Member]:
    """The members who play these parts. `persona` finds one by key; what it raises is passed on."""
    cast: list[Member] = []
    for part in parts:
        cast.append(member_for(part, persona(part.persona), cast))
    return cast


def accents_of(persona_keys: Iterable[str]) -> list[str]:
    """The colours that personas would have side by side."""
    found: list[str] = []
    for key in persona_keys:
        found.append(_accent(slug_of(key), set(found)))
    return found


def slug_of(persona_key: str) -> str:
    """A persona's key without whose it is: what its face and its colour are drawn from."""
    return persona_key.rpartition(":")[2].rpartition("/")[2]


def member_for(part: Part, persona: Persona, cast: Collection[Member]) -> Member:
    """The member who plays a part beside this cast."""
    slug, spec = slug_of(part.persona), persona.spec
    name = " ".join(spec.name.split()) or slug
    own = part.model_dump()
    return Member(
        **own
        | {
            "id": _free(slug, "-", {member.id for member in cast}),
            "name": _free(name, " ", {HOST_NAME, "You", *(member.name for member in cast)}),
            "role": " ".join(spec.role.split()),
            "avatar": spec.avatar,
            "accent": part.accent or _accent(slug, {member.accent for member in cast}),
            "talkativeness": spec.talkativeness if part.talkativeness is None else part.talkativeness,
        }
    )


def _free(wish: str, gap: str, taken: Collection[str]) -> str:
    """The wish, or the first of its numbered forms that is not taken in any spelling."""
    folded = {each.casefold() for each in taken}
    found, number = wish, 2
    while found.casefold() in folded:
        found, number = f"{wish}{gap}{number}", number + 1
    return found


def _accent(slug: str, taken: Collection[str]) -> str:
    """The persona's own colour, or the next one that nobody in the cast has."""
    colours = list(ACCENTS)
    start = colours.index(accent_of(slug))
    order = colours[start:] + colours[:start]
    return next((colour for colour in order if colour not in taken), order[0])
