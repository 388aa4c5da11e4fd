"""How a check of the campaign speaks: one line with its figure beside its bar."""

from dataclasses import dataclass
from enum import Enum
from typing import TypeVar

T = TypeVar("T")


class Size(Enum):
    """How much of a check is run: the short form with every test run, the full one by `make campaign`."""

    SHORT = "short"
    FULL = "full"

    def of(self, short: T, full: T) -> T:
        """The amount for this size."""
        return short if self is Size.SHORT else full


@dataclass(frozen=True, slots=True)
class Figure:
    """What a check found, and whether that is the bar or better."""

    check: str
    found: str
    bar: str
    passed: bool

    def holds(self) -> None:
        """Say it, and fail when the bar is missed."""
        self._say("pass" if self.passed else "MISSED")
        assert self.passed, f"{self.check}: {self.found}, the bar is {self.bar}"

    def catches(self, mutant: str) -> None:
        """The same figure of code with a seeded bug has to miss the bar: a check that cannot fail proves nothing."""
        self._say(f"mutant ({mutant}) {'NOT caught' if self.passed else 'caught'}")
        assert not self.passed, f"{self.check} does not see {mutant}: {self.found}"

    def _say(self, verdict: str) -> None:
        print(f"\n{self.check} | {self.found} | {self.bar} | {verdict}", flush=True)
