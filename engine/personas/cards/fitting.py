"""Making foreign text fit a field of a persona: what cannot be stored is taken out, what is too long is cut."""

import re
from collections.abc import Iterable
from html.parser import HTMLParser

from engine.personas.cards.macros import others_in, resolved
from engine.personas.cards.report import Notes
from engine.personas.spec import LONG, MEDIUM, MOST_ITEMS, SHORT, PersonaSpec

ROLE, PUSHED, SAID, MOST_SAMPLES = 160, 2_000, 4_000, 20
_LENGTHS = {"name": SHORT, "role": ROLE, "when_pushed": PUSHED, "tags": SHORT}
LONGEST_NOTE = 10_000
_UNSTORABLE = re.compile("[\0\ud800-\udfff]")


class Fitting:
    """Fits text into fields, as spoken of a character of this name, and notes what was lost on the way."""

    def __init__(self, notes: Notes, name: str) -> None:
        self.notes = notes
        self._name = name

    def text(self, field: str, value: object, *, most: int = 0) -> str:
        """A text for a field of text; anything but a text is empty."""
        words = self.words(value)
        most = most or _LENGTHS.get(field, LONG)
        if len(words) > most:
            self.notes.drop(f"{_title(field)}: cut after {most:,} of {len(words):,} characters.")
        return words[:most]

    def lines(self, field: str, values: Iterable[object]) -> tuple[str, ...]:
        """Lines for a field of lines: each on one line, none twice, none empty, not too many."""
        most, found = _LENGTHS.get(field, MEDIUM), []
        for value in values:
            line = " ".join(self.words(value).split())
            if len(line) > most:
                self.notes.drop(f"{_title(field)}: “{line[:40]}…” is cut after {most:,} of {len(line):,} characters.")
            found.append(line[:most].rstrip())
        kept = list(dict.fromkeys(line for line in found if line))
        if len(kept) > MOST_ITEMS:
            self.notes.drop(f"{_title(field)}: the first {MOST_ITEMS} of {len(kept):,} were taken.")
        return tuple(kept[:MOST_ITEMS])

    def words(self, value: object) -> str:
        """A text with its placeholders put in place, and without what neither database can store."""
        if not isinstance(value, str):
            return ""
        words = resolved(value, self._name)
        if others := others_in(words):
            named = ", ".join(f"{{{{{other[:20]}}}}}" for other in others[:5])
            self.notes.keep(f"Placeholders that only other apps fill stay as they are written: {named}.")
        if _UNSTORABLE.search(words):
            self.notes.drop("Characters that cannot be stored (NUL, halves of pairs) were taken out.")
        return _UNSTORABLE.sub("", words)


def plain_text(markup: object) -> str:
    """A note of a card's maker without tags, scripts and styles."""
    if not isinstance(markup, str):
        return ""
    reader = _Text()
    reader.feed(markup[:LONGEST_NOTE])
    reader.close()
    return _UNSTORABLE.sub("", "".join(reader.said)).strip()


class _Text(HTMLParser):
    """Keeps the text between tags, but for what is inside scripts and styles."""

    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.said: list[str] = []
        self._hidden = 0

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Note where something hidden begins; a line ends at what stands on its own."""
        if tag in ("script", "style"):
            self._hidden += 1
        elif tag in ("br", "p", "div", "li", "tr"):
            self.said.append("\n")

    def handle_endtag(self, tag: str) -> None:
        """Note where something hidden ends."""
        if tag in ("script", "style"):
            self._hidden = max(0, self._hidden - 1)

    def handle_data(self, data: str) -> None:
        """Keep what is read."""
        if not self._hidden:
            self.said.append(data)


def _title(field: str) -> str:
    return str(PersonaSpec.model_fields[field].title)
