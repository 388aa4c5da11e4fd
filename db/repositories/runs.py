"""Queries for answers being written."""

from datetime import datetime
from functools import cache
from typing import Any
from uuid import UUID

from sqlalchemy import Connection, bindparam, select, update

from db.models.base import table_of
from db.models.runs import SavedRun
from db.repositories.dialects import insert_into

_RUNS = table_of(SavedRun)


class SavedRuns:
    """The newest answer on each subject. Without the mapper: a run saves itself every second."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def begin(self, run: dict[str, Any]) -> None:
        """Put a new run (its columns by name) in the place of the subject's earlier one."""
        self._connection.execute(_begin(self._connection.dialect.name), run)

    def save(self, run_id: UUID, text: str, state: str, at: datetime) -> bool:
        """Write down how far a run is; False when a newer one has its place."""
        values = {"in_run": run_id, "in_text": text, "in_state": state, "in_at": at}
        return self._connection.execute(_SAVE, values).first() is not None

    def of(self, subject: str) -> Any:
        """The row of a subject, or None."""
        return self._connection.execute(_OF, {"in_subject": subject}).one_or_none()


_OF = select(_RUNS).where(_RUNS.c.subject == bindparam("in_subject"))
_SAVE = (
    update(_RUNS)
    .where(_RUNS.c.run_id == bindparam("in_run"))
    .values(text=bindparam("in_text"), state=bindparam("in_state"), saved_at=bindparam("in_at"))
    .returning(_RUNS.c.run_id)
)


@cache
def _begin(dialect: str) -> Any:
    insert = insert_into(dialect, _RUNS)
    changed = {name: insert.excluded[name] for name in _RUNS.c.keys() if name != "subject"}
    return insert.on_conflict_do_update(index_elements=["subject"], set_=changed)
