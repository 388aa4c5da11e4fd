"""Keeps the leases of calls that are being answered, and breaks off those that a stop is to cut.

One thread for all calls of the process; it goes when a whole beat has passed without one. A process that dies stops
renewing, so what its calls hold is free again within one lease.
"""

import logging
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from uuid import UUID

from db.session import Database
from engine.errors import DatabaseError
from engine.llm import CallControl
from engine.usage.call import Admission
from engine.usage.guard import Guard
from engine.usage.policy import stops_in_force
from engine.usage.stops import Reach, first_hit

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class _Call:
    reach: Reach
    control: CallControl


class Heartbeat:
    """Renews leases every `beat_s` seconds."""

    def __init__(self, guard: Guard, database: Database, *, beat_s: float) -> None:
        self._guard = guard
        self._database = database
        self._beat_s = beat_s
        self._calls: dict[UUID, _Call] = {}
        self._changed = threading.Condition()
        self._thread: threading.Thread | None = None
        self._now = False

    @contextmanager
    def of(self, admission: Admission, control: CallControl) -> Iterator[None]:
        """Keep a call's lease for as long as the block runs."""
        reach = Reach.of(admission.call, admission.person_id, admission.department_id)
        with self._changed:
            self._calls[admission.id] = _Call(reach, control)
            if self._thread is None:
                self._thread = threading.Thread(target=self._work, name="heartbeat", daemon=True)
                self._thread.start()
        try:
            yield
        finally:
            with self._changed:
                del self._calls[admission.id]

    def writing(self) -> int:
        """How many answers this process is writing."""
        with self._changed:
            return len(self._calls)

    def beat(self) -> None:
        """Look at once, because something was stopped."""
        with self._changed:
            self._now = True
            self._changed.notify_all()

    def _work(self) -> None:
        while True:
            with self._changed:
                self._changed.wait_for(lambda: self._now, self._beat_s)
                self._now = False
                if not self._calls:
                    self._thread = None
                    return
                calls = dict(self._calls)
            try:
                self._renew(calls)
            except DatabaseError as problem:
                log.warning("leases could not be renewed, the calls go on: %s", problem.message)

    def _renew(self, calls: dict[UUID, _Call]) -> None:
        self._guard.renew(calls)
        with self._database.read() as unit:
            cutting = [stop for stop in stops_in_force(unit, self._guard.now()) if stop.cut]
        for call in calls.values():
            if first_hit(cutting, call.reach):
                call.control.stop()
