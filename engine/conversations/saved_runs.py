"""Answers that outlive their process: each run saves itself, and one whose process is gone is found again."""

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any, TypeVar
from uuid import UUID

from uuid_utils.compat import uuid7

from db.session import Database
from engine.llm import CallControl
from engine.runs import Keep, Run, Runs, RunWriter, State

CUT_AFTER = timedelta(seconds=10)
"""A run that is being written saves itself every second; one that has not for so long has lost its process."""

T = TypeVar("T")


class SavedRuns:
    """One run per subject, in whichever process: a new one stops the one before."""

    def __init__(self, database: Database, runs: Runs, *, clock: Callable[[], datetime]) -> None:
        self._database = database
        self._runs = runs
        self._clock = clock

    def start(self, subject: str, work: Callable[[RunWriter], T], *, person_id: UUID | None, question: str) -> Run[T]:
        """Begin a run that saves itself for a person; one of the operator lives in memory only."""
        keep = None if person_id is None else self._keep(subject, person_id, question)
        return self._runs.start(subject, work, question=question, keep=keep)

    def get(self, subject: str) -> Run[Any] | None:
        """The run of a subject: the one of this process, else the saved one as it stands now."""
        run = self._runs.get(subject)
        if run is not None:
            return run
        with self._database.read() as unit:
            row = unit.runs.of(subject)
        return None if row is None else self._found(row)

    def _keep(self, subject: str, person_id: UUID, question: str) -> Keep:
        run = {"subject": subject, "person_id": person_id, "run_id": uuid7(), "question": question}

        def keep(text: str, state: State) -> bool:
            with self._database.write() as unit:
                return unit.runs.save(run | {"text": text, "state": state, "saved_at": self._clock()})

        return keep

    def _found(self, row: Any) -> Run[Any]:
        silent = row.state == "writing" and self._clock() - row.saved_at > CUT_AFTER
        control = CallControl(0)
        control.on_stop(lambda: self._stop(row.run_id))
        return Run(control, question=row.question, text=row.text, state="cut" if silent else row.state)

    def _stop(self, run_id: UUID) -> None:
        with self._database.write() as unit:
            unit.runs.stop(run_id)
