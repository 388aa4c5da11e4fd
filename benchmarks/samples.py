"""What was measured, round by round, and what can be said of it: paired ratios and differences."""

from collections import defaultdict
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from statistics import median, quantiles

Series = list[float]


@dataclass(slots=True)
class Samples:
    """For each measure the figure of each round: the median of what was measured in that round."""

    rounds: dict[str, Series] = field(default_factory=lambda: defaultdict(list))

    def add(self, measure: str, values: Sequence[float]) -> None:
        """Keep a round's figure."""
        self.rounds[measure].append(median(values))

    def has(self, *measures: str) -> bool:
        """Whether all these were measured."""
        return all(measure in self.rounds for measure in measures)

    def middle(self, measure: str) -> float:
        """The median over the rounds."""
        return median(self.rounds[measure])

    def paired(self, reckon: Callable[..., float], *measures: str) -> Series:
        """Reckon with the figures that belong to the same round."""
        return [reckon(*figures) for figures in zip(*(self.rounds[name] for name in measures), strict=True)]


def quartiles(values: Series) -> tuple[float, float]:
    """The middle half of the rounds; of a single one, itself."""
    if len(values) == 1:
        return values[0], values[0]
    first, _, third = quantiles(values, n=4, method="inclusive")
    return first, third
