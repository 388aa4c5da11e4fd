"""What of a model's words is said aloud: without the own name in front, and nothing on behalf of anybody else."""

import re
from collections.abc import Iterable

from engine.theatre.scene import HOST_NAME

_DRESS_SIGNS = ' \t\r\n>*_#[]()"“”'
_DRESS = f"[{re.escape(_DRESS_SIGNS)}]*"
_BEHIND_A_NAME = re.compile(f"[says{re.escape(_DRESS_SIGNS)}]*:?[*_ \t]*")
_LONGEST_DRESS = 40


class Delivery:
    """Takes a turn as it is written, and gives back what may be shown; `over` once somebody else would speak.

    The beginning of each line is held back for as long as it may become a name.
    """

    def __init__(self, own: str, others: Iterable[str], mark: str) -> None:
        dress = rf"(?:{_DRESS}{mark})?{_DRESS}"
        said = rf"(?: says)?{_DRESS}:[*_]*[ \t]*"
        names = "|".join(sorted(map(re.escape, {*others, HOST_NAME}), key=len, reverse=True))
        self._own = re.compile(rf"^{dress}{re.escape(own)}{said}", re.IGNORECASE)
        self._other = re.compile(rf"^{dress}(?:{names}){said}", re.IGNORECASE)
        self._names = [name.casefold() for name in (own, HOST_NAME, *others)]
        self._mark = mark
        self._start: str | None = ""
        self._space = ""
        self._begun = False
        self.over = False

    def add(self, chunk: str) -> str:
        """What can be shown now that this came."""
        shown = ""
        for piece in re.split(r"(?<=\n)", chunk):
            if self.over:
                break
            shown += self._within(piece)
        return shown

    def finish(self) -> str:
        """The rest, once the model has ended."""
        return "" if self.over or self._start is None else self._begin(self._start)

    def _within(self, piece: str) -> str:
        """What can be shown of a piece of one line, which may end that line."""
        if self._start is None:
            shown = self._aloud(piece)
        else:
            self._start += piece
            if not piece.endswith("\n") and self._may_be_a_name(self._start):
                return ""
            shown = self._begin(self._start)
        if piece.endswith("\n"):
            self._start = ""
        return shown

    def _may_be_a_name(self, start: str) -> bool:
        """Whether what comes next may make a name of the beginning of a line."""
        bare = start.lstrip(_DRESS_SIGNS)
        bare = bare.removeprefix(self._mark).lstrip(_DRESS_SIGNS).casefold()
        if not bare or self._mark.startswith(bare):
            return len(start) < _LONGEST_DRESS
        return any(
            name.startswith(bare) or (bare.startswith(name) and _BEHIND_A_NAME.fullmatch(bare[len(name) :]))
            for name in self._names
        )

    def _begin(self, line: str) -> str:
        """Decide what the beginning of a line is."""
        self._start = None
        if self._other.match(line):
            self.over = True
            return ""
        return self._aloud(self._own.sub("", line, count=1))

    def _aloud(self, text: str) -> str:
        """The text without space at its two ends: space is shown when words follow it."""
        words = text.rstrip()
        if not words:
            self._space += text
            return ""
        shown = (self._space if self._begun else "") + (words if self._begun else words.lstrip())
        self._space, self._begun = text[len(words) :], True
        return shown
