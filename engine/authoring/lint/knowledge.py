"""What they know: said at all, with its gaps, and with a pack where one is named."""

import re
from collections.abc import Iterator

from engine.authoring.lint.finding import Around, Found
from engine.personas.spec import PersonaSpec

_KEY = re.compile(r"[a-z0-9]+(?:-[a-z0-9]+)+")
SEARCH = "document-search"
GAP = "Anything that is not written here"


def knows_nothing(spec: PersonaSpec, _: Around) -> Iterator[Found]:
    """Whoever is told nothing guesses."""
    if not spec.knowledge and not spec.unknowns:
        said = "Nothing says what they know and what not, so they will guess."
        yield Found("knowledge", said)


def no_gaps(spec: PersonaSpec, _: Around) -> Iterator[Found]:
    """Whoever has no gaps invents."""
    if spec.knowledge and not spec.unknowns:
        said = "They know things, and nothing says where their knowledge ends."
        yield Found("unknowns", said, {"unknowns": [GAP]}, "Add a gap")


def missing_pack(spec: PersonaSpec, around: Around) -> Iterator[Found]:
    """The key of a knowledge pack that is not there is read as three odd words."""
    for at, line in enumerate(spec.knowledge):
        if _KEY.fullmatch(line) and line not in around.packs:
            words = [line.replace("-", " ").capitalize() if _unkept(line, around) else line for line in spec.knowledge]
            said = f"“{line}” reads like the key of a knowledge pack, and there is none of that name."
            yield Found("knowledge", said, {"knowledge": words}, "Write it as words", at)
            return


def search_without_pack(spec: PersonaSpec, around: Around) -> Iterator[Found]:
    """A search needs something to search."""
    if SEARCH in spec.tools and around.packs.isdisjoint(spec.knowledge):
        kept = [tool for tool in spec.tools if tool != SEARCH]
        said = "They may search documents, and no knowledge pack is pinned to search in."
        yield Found("tools", said, {"tools": kept}, "Take the tool away")


def _unkept(line: str, around: Around) -> bool:
    return bool(_KEY.fullmatch(line)) and line not in around.packs
