"""Answers being written: work in a thread of its own with a text that any number of readers follow."""

import logging
import threading
from collections.abc import Callable, Hashable, Iterator
from dataclasses import dataclass
from typing import Any, Generic, Literal, TypeVar

from engine.llm import CallControl

State = Literal["writing", "done", "stopped", "failed"]
T = TypeVar("T")

log = logging.getLogger(__name__)


class Run(Generic[T]):
    """One answer, written by a worker. May be read and stopped from any thread.

    `result` is what the work returned, `error` what it raised.
    """

    def __init__(self, control: CallControl) -> None:
        self.text = ""
        self.state: State = "writing"
        self.result: T | None = None
        self.error: Exception | None = None
        self._control = control
        self._changed = threading.Condition()

    @property
    def over(self) -> bool:
        """Whether no more text will come."""
        return self.state != "writing"

    def follow(self, tick: float = 0.25) -> Iterator[str]:
        """Yield the whole text so far whenever it has grown, and at least every `tick` seconds, until the end."""
        seen = -1
        while True:
            with self._changed:
                if not self.over and len(self.text) == seen:
                    self._changed.wait(tick)
                text, over = self.text, self.over
            seen = len(text)
            yield text
            if over:
                return

    def stop(self) -> None:
        """End the run: readers go on at once, and the work is told to break off."""
        if self._end("stopped"):
            self._control.stop()

    def _add(self, text: str) -> None:
        with self._changed:
            if not self.over:
                self.text += text
                self._changed.notify_all()

    def _end(self, state: State) -> bool:
        with self._changed:
            first = not self.over
            if first:
                self.state = state
                self._changed.notify_all()
            return first

    def _work(self, work: "Callable[[RunWriter], T]") -> None:
        try:
            self.result = work(RunWriter(self._add, self._control))
            self._end("done")
        except Exception as problem:  # noqa: BLE001  whatever it is, the readers are to see it
            if self.over:
                return  # the work broke off because it was stopped
            self.error = problem
            self._end("failed")
            log.info("a run failed: %s", type(problem).__name__)


@dataclass(frozen=True, slots=True)
class RunWriter:
    """What the work writes with: `add` appends to the text, `control` is for the provider it asks."""

    add: Callable[[str], None]
    control: CallControl


class Runs:
    """The runs of this process by subject, such as a message or a draft. Keeps the latest `kept` that are over."""

    def __init__(self, *, deadline_s: float = 120.0, kept: int = 200) -> None:
        self._deadline_s = deadline_s
        self._kept = kept
        self._runs: dict[Hashable, Run[Any]] = {}
        self._lock = threading.Lock()

    def start(self, subject: Hashable, work: Callable[[RunWriter], T]) -> Run[T]:
        """Begin `work` in a thread. An earlier run of the same subject is stopped."""
        run: Run[T] = Run(CallControl(self._deadline_s))
        with self._lock:
            earlier = self._runs.pop(subject, None)
            self._runs[subject] = run
            over = [key for key, known in self._runs.items() if known.over]
            for key in over[: max(0, len(over) - self._kept)]:
                del self._runs[key]
        if earlier is not None:
            earlier.stop()
        threading.Thread(target=run._work, args=(work,), name="run", daemon=True).start()
        return run

    def get(self, subject: Hashable) -> Run[Any] | None:
        """The latest run of a subject, while it is kept."""
        with self._lock:
            return self._runs.get(subject)

    def close(self) -> None:
        """Stop all runs."""
        with self._lock:
            runs = list(self._runs.values())
        for run in runs:
            run.stop()
