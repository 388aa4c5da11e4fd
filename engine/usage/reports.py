"""Reports: sums of the daily rollup by whatever is asked for."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from db.repositories.usage import UsageFilter
from db.session import Database
from db.unit import Unit
from engine.accounts.actor import Actor
from engine.accounts.rights import Right, needs
from engine.errors import BadInput
from engine.exports import Form, table
from engine.usage.naming import names_of
from engine.usage.sums import Sums
from engine.usage.view import DIMENSIONS, filter_of, text_of

SUMMED = ("calls", "tokens_in", "tokens_out", "cost_usd", "unknown_price_calls")


@dataclass(frozen=True, slots=True)
class Line:
    """One row: the names of the values that it stands for, those values as a View has them, and their sums."""

    of: dict[str, str]
    values: dict[str, str]
    sums: Sums

    @property
    def name(self) -> str:
        """What the row stands for, in one text."""
        return " · ".join(self.of.values())

    def figures(self) -> dict[str, Any]:
        """The row as the command line prints it."""
        sums = self.sums
        values = (sums.calls, sums.usage.tokens_in, sums.usage.tokens_out, sums.cost_usd, sums.unknown_price)
        return dict(zip(SUMMED, values, strict=True))


@dataclass(frozen=True, slots=True)
class Report:
    """Rows by some dimensions, the dearest first, and the sum of all."""

    by: tuple[str, ...]
    rows: list[Line]
    total: Line


class Reports:
    """Sums for those who may see the usage of everyone."""

    def __init__(self, database: Database) -> None:
        self._database = database

    @needs(Right.SEE_HOUSE_USAGE)
    def report(
        self,
        actor: Actor,
        by: tuple[str, ...] = (),
        *,
        since: date | None = None,
        until: date | None = None,
        only: Mapping[str, Sequence[str]] | None = None,
    ) -> Report:
        """Sums by dimensions (names of DIMENSIONS) over billing days from `since` up to and without `until`.

        `only` filters as a View does. Raises BadInput for an unknown dimension or an impossible filter.
        """
        if unknown := next((name for name in by if name not in DIMENSIONS), None):
            raise BadInput(f"There is no sum by {unknown!r}.", field="By", hint=f"Known: {', '.join(DIMENSIONS)}.")
        wanted = UsageFilter(since, until, filter_of(None, only or {}).only)
        with self._database.read() as unit:
            rows = dearest(lines(unit, by, wanted))
            (all_of_it,) = lines(unit, (), wanted)
        return Report(by, rows, all_of_it)

    @needs(Right.SEE_HOUSE_USAGE)
    def export(self, actor: Actor, report: Report, form: Form) -> bytes:
        """A report as a file: its dimensions, then SUMMED."""
        rows = [[*line.of.values(), *line.figures().values()] for line in report.rows]
        return table([*report.by, *SUMMED], rows, form)


def lines(unit: Unit, by: Sequence[str], wanted: UsageFilter, *, latency: bool = False) -> list[Line]:
    """The rows of a report, in no order."""
    rows = unit.usage.sums(by, wanted, latency=latency)
    named = {name: names_of(unit, name, (getattr(row, name) for row in rows)) for name in by}
    return [
        Line(
            {name: named[name][getattr(row, name)] for name in by},
            {name: text_of(getattr(row, name)) for name in by},
            Sums.of(row),
        )
        for row in rows
    ]


def dearest(found: Iterable[Line]) -> list[Line]:
    """The dearest first; of equal cost the one with more calls, then by name, so that an order is always the same."""
    return sorted(found, key=lambda line: (-line.sums.cost_usd, -line.sums.calls, line.name))
