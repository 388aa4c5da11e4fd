"""What changed between two personas: field by field, word by word. Pure.

Parts that are the same or removed make the old text, parts that are the same or added the new one.
"""

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from difflib import SequenceMatcher
from typing import Any, Literal

from engine.personas.spec import PersonaSpec

Op = Literal["same", "removed", "added"]
Block = tuple[str, Sequence[str], Sequence[str]]
_WORD = re.compile(r"\w+|\n|[^\S\n]+|[^\w\s]")
_SENTENCE = re.compile(r"[^.!?\n]+[.!?]*[^\S\n]*|[.!?]+[^\S\n]*|\n")
ALIKE = 0.2
"""Stretches that share fewer of their words are shown as two, not woven into each other."""
MOST_PAIRS = 1_000_000
"""Longer stretches are not taken apart: the time it takes grows with the product of both lengths."""


@dataclass(frozen=True, slots=True)
class Part:
    """A stretch of text, or one item of a list, and what became of it."""

    op: Op
    text: str


@dataclass(frozen=True, slots=True)
class FieldChange:
    """One field that changed. With `items` each part is one item of a list, else a stretch of the text."""

    name: str
    title: str
    items: bool
    parts: tuple[Part, ...]

    def count(self, op: Op) -> int:
        """How many items, or words, were removed or added."""
        found = [part.text for part in self.parts if part.op == op]
        return len(found) if self.items else sum(len(text.split()) for text in found)


def changes(old: PersonaSpec, new: PersonaSpec) -> tuple[FieldChange, ...]:
    """The fields that differ, in the order of the spec."""
    before, after = old.model_dump(mode="json"), new.model_dump(mode="json")
    return tuple(
        _change(name, str(field.title or name), _shortened(before[name]), _shortened(after[name]))
        for name, field in PersonaSpec.model_fields.items()
        if before[name] != after[name]
    )


def _shortened(value: Any) -> Any:
    """The name of a picture or of card data, as much of it as tells two apart."""
    kind, _, digest = value.partition(":") if isinstance(value, str) else ("", "", "")
    return f"{kind} {digest[:8]}" if kind in ("picture", "card") and len(digest) == 64 else value


def text_parts(old: str, new: str) -> tuple[Part, ...]:
    """The difference of two texts: by sentences, and by words where these differ."""
    pairs = [
        (word_op, "".join(left), "".join(right))
        for op, gone, come in _blocks(_SENTENCE.findall(old), _SENTENCE.findall(new))
        for word_op, left, right in ([(op, gone, come)] if op == "equal" else _words("".join(gone), "".join(come)))
    ]
    parts: list[Part] = []
    removed, added = "", ""
    for op, gone, come in pairs:
        if op == "equal" and not (gone.isspace() and (removed or added)):
            parts += _said(removed, added)
            before = parts.pop().text if parts and parts[-1].op == "same" else ""
            parts.append(Part("same", before + gone))
            removed, added = "", ""
        else:  # blanks between two changes change with them, so that it reads well
            removed, added = removed + gone, added + come
    return tuple([*parts, *_said(removed, added)])


def item_parts(old: Sequence[str], new: Sequence[str]) -> tuple[Part, ...]:
    """The difference of two lists, item by item."""
    parts: list[Part] = []
    for op, gone, come in _blocks(old, new):
        if op == "equal":
            parts += [Part("same", item) for item in gone]
        else:
            parts += [Part("removed", item) for item in gone] + [Part("added", item) for item in come]
    return tuple(parts)


def as_items(value: Any) -> list[str]:
    """The value of a field as lines: a list has one for each item, and a pair is one line with both sides."""
    if isinstance(value, list):
        return [line for item in value for line in as_items(item)]
    if isinstance(value, dict):
        return ["\n".join(f"{name}: {part}" for name, part in value.items())]
    return [str(value)]


def _change(name: str, title: str, before: Any, after: Any) -> FieldChange:
    if isinstance(before, str) and isinstance(after, str):
        return FieldChange(name, title, False, text_parts(before, after))
    return FieldChange(name, title, True, item_parts(as_items(before), as_items(after)))


def _words(old: str, new: str) -> Iterable[Block]:
    gone, come = _WORD.findall(old), _WORD.findall(new)
    blocks = list(_blocks(gone, come))
    shared = sum(_count(left) for op, left, _ in blocks if op == "equal")
    return blocks if shared >= ALIKE * min(_count(gone), _count(come)) else [("replace", gone, come)]


def _count(tokens: Sequence[str]) -> int:
    return sum(token[0].isalnum() for token in tokens)


def _blocks(old: Sequence[str], new: Sequence[str]) -> Iterable[Block]:
    """What is equal and what is not, in order; what both begin and end with is not compared any further."""
    shorter = min(len(old), len(new))
    first = next((at for at in range(shorter) if old[at] != new[at]), shorter)
    last = next((at for at in range(shorter - first) if old[-1 - at] != new[-1 - at]), shorter - first)
    gone, come = old[first : len(old) - last], new[first : len(new) - last]
    if first:
        yield "equal", old[:first], old[:first]
    if len(gone) * len(come) > MOST_PAIRS:
        yield "replace", gone, come
    else:
        for op, a, b, c, d in SequenceMatcher(None, gone, come, autojunk=False).get_opcodes():
            yield op, gone[a:b], come[c:d]
    if last:
        yield "equal", old[len(old) - last :], old[len(old) - last :]


def _said(removed: str, added: str) -> list[Part]:
    changed: tuple[tuple[Op, str], ...] = (("removed", removed), ("added", added))
    return [Part(op, text) for op, text in changed if text]
