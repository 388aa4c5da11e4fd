"""Queries for answers being written."""

from functools import cache
from typing import Any
from uuid import UUID

from sqlalchemy import Connection, and_, bindparam, or_, select, update

from db.models.base import table_of
from db.models.runs import SavedRun
from db.repositories.dialects import insert_into

_RUNS = table_of(SavedRun)
_WRITING = _RUNS.c.state == "writing"


class SavedRuns:
    """The newest answer on each subject. Without the mapper: a run saves itself every second."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def save(self, run: dict[str, Any]) -> bool:
        """Write down how far a run is (its columns by name), in the place of the subject's earlier one.

        False, and nothing changed, when a newer run has that place, or when this one was ended already. Run ids are
        UUIDv7, so the newer is the greater.
        """
        return self._connection.execute(_save(self._connection.dialect.name), run).first() is not None

    def stop(self, run_id: UUID) -> None:
        """End a run that another process writes: its next `save` is refused."""
        self._connection.execute(_STOP, {"in_run": run_id})

    def of(self, subject: str) -> Any:
        """The row of a subject, or None."""
        return self._connection.execute(_OF, {"in_subject": subject}).one_or_none()


_OF = select(_RUNS).where(_RUNS.c.subject == bindparam("in_subject"))
_STOP = update(_RUNS).where(_RUNS.c.run_id == bindparam("in_run"), _WRITING).values(state="stopped")


@cache
def _save(dialect: str) -> Any:
    insert = insert_into(dialect, _RUNS)
    new = insert.excluded
    return insert.on_conflict_do_update(
        index_elements=["subject"],
        set_={column.name: new[column.name] for column in _RUNS.c if not column.primary_key},
        where=or_(_RUNS.c.run_id < new.run_id, and_(_RUNS.c.run_id == new.run_id, _WRITING)),
    ).returning(_RUNS.c.run_id)
