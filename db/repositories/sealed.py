"""Queries over all sealed columns at once, for a change of the master key. Without the mapper, in small batches."""

from collections.abc import Sequence
from dataclasses import dataclass
from uuid import UUID

from sqlalchemy import Column, ColumnElement, Connection, Table, bindparam, func, literal, not_, select, update

from db.models.base import table_of
from db.models.keys import ProviderKey
from db.models.people import SecondFactor


@dataclass(frozen=True, slots=True)
class SealedRow:
    """A sealed text and what it is bound to."""

    row_id: UUID
    owner_id: UUID
    provider: str
    sealed: str


@dataclass(frozen=True, slots=True)
class _Place:
    table: Table
    row_id: Column[UUID]
    owner_id: Column[UUID]
    provider: ColumnElement[str]


_KEYS, _FACTORS = table_of(ProviderKey), table_of(SecondFactor)
_PLACES = {
    "provider-key": _Place(_KEYS, _KEYS.c.id, _KEYS.c.owner_id, _KEYS.c.provider),
    "second-factor": _Place(_FACTORS, _FACTORS.c.person_id, _FACTORS.c.person_id, literal("")),
}
PURPOSES = tuple(_PLACES)
"""The kinds of sealed columns. A test finds a `sealed` column that has none."""


class Sealed:
    """Sealed texts of every kind."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def older(self, purpose: str, prefix: str, *, after: UUID | None, most: int) -> list[SealedRow]:
        """Texts of a kind that do not begin with the prefix, by row from `after` on."""
        place = _PLACES[purpose]
        query = select(place.row_id, place.owner_id, place.provider, place.table.c.sealed).where(
            _is_not(place.table, prefix)
        )
        if after is not None:
            query = query.where(place.row_id > after)
        rows = self._connection.execute(query.order_by(place.row_id).limit(most))
        return [SealedRow(*row) for row in rows]

    def swap(self, purpose: str, changes: Sequence[tuple[SealedRow, str]]) -> int:
        """Put each new text in the place of the old one, where that is still there; how many there were."""
        if not changes:
            return 0
        place = _PLACES[purpose]
        sealed = place.table.c.sealed
        swapped = update(place.table).where(place.row_id == bindparam("row"), sealed == bindparam("old"))
        values = [{"row": row.row_id, "old": row.sealed, "new": new} for row, new in changes]
        return self._connection.execute(swapped.values(sealed=bindparam("new")), values).rowcount

    def count(self, prefix: str = "") -> int:
        """How many texts begin with the prefix."""
        return sum(
            self._connection.scalar(
                select(func.count()).select_from(place.table).where(not_(_is_not(place.table, prefix)))
            )
            or 0
            for place in _PLACES.values()
        )


def _is_not(table: Table, prefix: str) -> ColumnElement[bool]:
    return func.substr(table.c.sealed, 1, len(prefix)) != prefix
