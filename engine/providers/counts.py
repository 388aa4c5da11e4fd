"""The token counts that a vendor reports, of which not every one is a number."""

from collections.abc import Mapping

from engine.llm import Usage

MOST_TOKENS = 10_000_000
"""No model reads or writes so many in one call."""


class Counts:
    """A report of usage. One count that makes no sense takes the worth from all of them."""

    def __init__(self, report: object) -> None:
        self._report = report
        self._make_sense = True

    def __call__(self, *path: str) -> int:
        """The count at a path; 0 when it is absent."""
        found = self._report
        for name in path:
            found = found.get(name) if isinstance(found, Mapping) else None
        if found is None:
            return 0
        if type(found) is not int or not 0 <= found <= MOST_TOKENS:
            self._make_sense = False
            return 0
        return found

    def usage(self, input: int, output: int, *, cache_read: int = 0, cache_write: int = 0, reasoning: int = 0) -> Usage:
        """The five counts, `input` and `output` without the others; all 0, as if not counted, when one is nonsense."""
        if not self._make_sense or min(input, output) < 0:
            return Usage()
        return Usage(input, cache_read, cache_write, output, reasoning)
