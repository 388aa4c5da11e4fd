"""Token counts of a call, in the one form the house uses."""

from dataclasses import dataclass, fields


@dataclass(frozen=True, slots=True)
class Usage:
    """Five disjoint counts of tokens. Adapters untangle what providers fold into each other.

    `input` excludes what was read from or written to a cache; `output` excludes reasoning.
    """

    input: int = 0
    cache_read: int = 0
    cache_write: int = 0
    output: int = 0
    reasoning: int = 0

    @property
    def tokens_in(self) -> int:
        """All tokens sent: input, cache_read and cache_write."""
        return self.input + self.cache_read + self.cache_write

    @property
    def tokens_out(self) -> int:
        """All tokens written by the model: output and reasoning."""
        return self.output + self.reasoning

    def __add__(self, other: "Usage") -> "Usage":
        return Usage(**{f.name: getattr(self, f.name) + getattr(other, f.name) for f in fields(self)})

    def as_dict(self) -> dict[str, int]:
        """The five counts by name."""
        return {f.name: getattr(self, f.name) for f in fields(self)}
