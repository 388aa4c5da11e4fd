"""The results of rehearsals as a table: checks by version and model, what passed, and what was lost. Pure."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

from engine.authoring.rehearsal.checks import Check
from engine.personas.versions import DRAFT

State = Literal["passed", "failed", "unjudged", "error", "waiting", "asking", "missing"]


@dataclass(frozen=True, slots=True)
class Lost:
    """A check that fails though an earlier version passed it."""

    check: Check
    version: int
    earlier: int
    model: str


@dataclass(frozen=True, slots=True)
class Matrix:
    """Versions (the oldest first, one's own draft last) by models, and the state of each check in each cell.

    `sets` has the checks that a version is to pass: the persona's own, for a draft those that follow from the draft.
    """

    versions: tuple[int, ...]
    models: tuple[str, ...]
    sets: Mapping[int, tuple[Check, ...]]
    states: Mapping[tuple[int, str, str], State] = field(repr=False)

    @property
    def checks(self) -> tuple[Check, ...]:
        """All checks, in order."""
        return tuple({check.key: check for checks in self.sets.values() for check in checks}.values())

    def state(self, version: int, model: str, key: str) -> State:
        """What came of a check; "missing" when it was not asked."""
        return self.states.get((version, model, key), "missing")

    def count(self, version: int, model: str, *states: State) -> int:
        """How many checks of a cell are in one of these states."""
        return sum(self.state(version, model, check.key) in states for check in self.sets[version])

    def is_begun(self, version: int, model: str) -> bool:
        """Whether any check of a cell was judged."""
        return self.count(version, model, "passed", "failed", "unjudged") > 0

    def is_complete(self, version: int, model: str) -> bool:
        """Whether every check of a cell was judged, whatever came of it."""
        checks = self.sets[version]
        return bool(checks) and self.count(version, model, "passed", "failed", "unjudged") == len(checks)

    def lost(self) -> tuple[Lost, ...]:
        """Checks that fail though the version that was rehearsed before on the same model passed them."""
        found = []
        for model in self.models:
            for at, version in enumerate(self.versions):
                for check in self.sets[version]:
                    earlier = self._before(at, model, check.key)
                    if self.state(version, model, check.key) == "failed" and earlier is not None:
                        found.append(Lost(check, version, earlier, model))
        return tuple(found)

    def _before(self, at: int, model: str, key: str) -> int | None:
        """The nearest earlier version with a verdict on a check, when that was a pass."""
        for version in reversed(self.versions[:at]):
            state = self.state(version, model, key)
            if state in ("passed", "failed"):
                return version if state == "passed" else None
        return None


def matrix_of(digests: Mapping[int, str], sets: Mapping[int, tuple[Check, ...]], rows: Iterable[Any]) -> Matrix:
    """The table from stored cells, the oldest first. Cells of a check that was changed since do not count."""
    now = {key: {check.key: check.digest for check in checks} for key, checks in sets.items()}
    models: dict[str, None] = {}
    states: dict[tuple[int, str, str], State] = {}
    by_prompt: dict[str, list[int]] = {}
    for version, digest in digests.items():
        by_prompt.setdefault(digest, []).append(version)
    for row in rows:
        for version in by_prompt.get(row.prompt_digest, ()):
            if now[version].get(row.check_key) == row.check_digest:
                models.setdefault(row.model)
                states[version, row.model, row.check_key] = row.state
    ordered = sorted(digests, key=lambda number: (number == DRAFT, number))
    return Matrix(tuple(ordered), tuple(models), sets, states)
