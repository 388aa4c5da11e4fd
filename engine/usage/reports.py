"""Reports: sums of the daily rollup by whatever is asked for."""

from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Any, get_args

from db.models.base import NOBODY
from db.repositories.ledger import Dimension
from db.session import Database
from engine.accounts.actor import Actor
from engine.accounts.rights import Right, needs
from engine.errors import BadInput
from engine.usage.prices import NANO

DIMENSIONS: tuple[str, ...] = get_args(Dimension)


@dataclass(frozen=True, slots=True)
class Sum:
    """One row: the values that it stands for, and their sums. Tokens in are read, cached and written to cache."""

    of: dict[str, str]
    calls: int
    tokens_in: int
    tokens_out: int
    cost_usd: Decimal
    unknown_price_calls: int


@dataclass(frozen=True, slots=True)
class Report:
    """Rows, the dearest first, and the sum of all."""

    rows: list[Sum]
    total: Sum


class Reports:
    """Sums for those who may see the usage of everyone."""

    def __init__(self, database: Database) -> None:
        self._database = database

    @needs(Right.SEE_HOUSE_USAGE)
    def report(
        self, actor: Actor, by: tuple[str, ...] = (), *, since: date | None = None, until: date | None = None
    ) -> Report:
        """Sums by dimensions (names of DIMENSIONS) over billing days from `since` up to and without `until`.

        People and departments are named where they are still there. Raises BadInput for an unknown dimension.
        """
        if unknown := next((name for name in by if name not in DIMENSIONS), None):
            raise BadInput(f"There is no sum by {unknown!r}.", field="By", hint=f"Known: {', '.join(DIMENSIONS)}.")
        with self._database.read() as unit:
            rows = unit.ledger.sums(by, since=since, until=until)
            total = unit.ledger.sums((), since=since, until=until)
            people = unit.people.names(row.person for row in rows) if "person" in by else {}
            departments = {row.id: row.name for row in unit.departments.all()} if "department" in by else {}
        names = {NOBODY: "–"} | departments | people
        found = [_sum({name: _named(getattr(row, name), names) for name in by}, row) for row in rows]
        return Report(sorted(found, key=lambda row: row.cost_usd, reverse=True), _sum({}, total[0]))


def _sum(of: dict[str, str], row: Any) -> Sum:
    return Sum(
        of=of,
        calls=int(row.calls or 0),
        tokens_in=int(row.tokens_in or 0),
        tokens_out=int(row.tokens_out or 0),
        cost_usd=Decimal(int(row.cost_nano or 0)) / NANO,
        unknown_price_calls=int(row.unknown_price or 0),
    )


def _named(value: Any, names: dict[Any, str]) -> str:
    return names.get(value) or str(value)
