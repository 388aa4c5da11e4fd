"""Text that speaks to the model instead of about the persona, as imported cards may bring it along.

These rules find the usual forms, so that a writer sees what they have pasted. They are no wall: what a persona may do
is decided where it acts.
"""

import re
from collections.abc import Iterator
from functools import lru_cache

from engine.authoring.lint.finding import Around, Found
from engine.authoring.lint.reading import advice, pattern, rewritten, texts_of
from engine.personas.spec import PersonaSpec

# Flags of regions are spelt in tag characters after a black flag; everywhere else those letters are only for machines.
_FLAG = "\U0001f3f4[\U000e0020-\U000e007e]+\U000e007f"
_HIDDEN = (
    "\u00ad\u115f\u1160\u180e\u200b\u2060-\u2064\u202a-\u202e\u2066-\u2069\u3164\ufeff\ufff9-\ufffb"
    "\U000e0000-\U000e007f\U000e0100-\U000e01ef"
)
_UNSEEN = re.compile(f"({_FLAG})|[{_HIDDEN}]")
_SENTENCE_ENDS = ".!?\n"


def injected_instructions(spec: PersonaSpec, _: Around) -> Iterator[Found]:
    """Orders to forget, to reveal, or to send away."""
    for field in dict.fromkeys(field for field, _, text in texts_of(spec) if _order_in(text)):
        at, said = next((at, _order_in(text)) for name, at, text in texts_of(spec) if name == field and _order_in(text))
        words = f"“{_short(said)}” speaks to the model, not about the persona. It may have come with an import."
        yield Found(field, words, rewritten(spec, field, _without_orders), "Remove the sentence", at)


def role_markers(spec: PersonaSpec, _: Around) -> Iterator[Found]:
    """Marks by which a model tells who is speaking."""
    marks = pattern(advice()["markers"], whole_words=False)
    for field in dict.fromkeys(field for field, _, text in texts_of(spec) if marks.search(text)):
        at, mark = next(
            (at, marks.search(text)) for name, at, text in texts_of(spec) if name == field and marks.search(text)
        )
        said = f"“{mark[0].strip() if mark else ''}” pretends that somebody else begins to speak."
        yield Found(field, said, rewritten(spec, field, _without_marks), "Remove the mark", at)


def hidden_characters(spec: PersonaSpec, _: Around) -> Iterator[Found]:
    """Letters that nobody sees and the model reads."""
    for field in dict.fromkeys(field for field, _, text in texts_of(spec) if _unseen(text)):
        at = next(at for name, at, text in texts_of(spec) if name == field and _unseen(text))
        number = sum(_unseen(text) for name, _, text in texts_of(spec) if name == field)
        said = f"{number} characters in it are invisible." if number > 1 else "One character in it is invisible."
        yield Found(
            field, f"{said} The model reads them all the same.", rewritten(spec, field, _seen), "Remove them", at
        )


@lru_cache(maxsize=512)
def _order_in(text: str) -> str:
    """The first order in a text that is not merely spoken about."""
    text = _seen(text)
    return next(
        (
            found[0]
            for words in advice()["injected"]
            for found in pattern(words).finditer(text)
            if not _framed(text, found)
        ),
        "",
    )


def _framed(text: str, found: re.Match[str]) -> bool:
    return pattern(rf"(?:{advice()['framed']})\W*$", whole_words=False).search(text[: found.start()][-60:]) is not None


def _without_orders(text: str) -> str:
    while order := _order_in(text):
        text = _seen(text)
        begin = text.index(order)
        start = max(text.rfind(end, 0, begin) for end in _SENTENCE_ENDS) + 1
        ends = [text.find(end, begin + len(order)) for end in _SENTENCE_ENDS]
        stop = min((end for end in ends if end >= 0), default=len(text) - 1) + 1
        text = f"{text[:start].rstrip(' ')} {text[stop:].lstrip(' ')}".strip()
    return text


def _without_marks(text: str) -> str:
    marks = pattern(advice()["markers"], whole_words=False)
    while marks.search(text):
        text = marks.sub("", text).strip()
    return text


def _unseen(text: str) -> int:
    return sum(found[1] is None for found in _UNSEEN.finditer(text))


def _seen(text: str) -> str:
    return _UNSEEN.sub(lambda found: found[1] or "", text)


def _short(text: str) -> str:
    line = " ".join(text.split())
    return line if len(line) <= 60 else f"{line[:59].rstrip()}…"
