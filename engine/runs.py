"""Answers being written: work in a thread of its own with a text that any number of readers follow."""

import logging
import threading
import time
from collections.abc import Callable, Hashable, Iterator
from dataclasses import dataclass
from typing import Any, Generic, Literal, TypeVar

from engine.errors import StudioError
from engine.llm import CallControl

State = Literal["writing", "done", "stopped", "failed", "cut"]
Keep = Callable[[str, State], bool]
"""Saves a run's text and state; False when another run has its place: one that had the place before is to stop."""
T = TypeVar("T")

SAVE_EVERY_S = 1.0
LAST_TRIES = 60
CLOSE_S = 10.0

log = logging.getLogger(__name__)


class Run(Generic[T]):
    """One answer to `question`, written by a worker. May be read and stopped from any thread.

    `result` is what the work returned, `error` what it raised, `first_word_ms` how long it was silent at first. A run
    that was found again after its process had gone has none of them: only its text, and the state "cut" when it never
    came to an end.
    """

    def __init__(self, control: CallControl, *, question: str = "", text: str = "", state: State = "writing") -> None:
        self.question = question
        self.text = text
        self.state: State = state
        self.result: T | None = None
        self.error: Exception | None = None
        self.first_word_ms: int | None = None
        self._began = time.monotonic()
        self._control = control
        self._changed = threading.Condition()
        self._closing = False
        self._threads: list[threading.Thread] = []

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

    def _begin(self, work: "Callable[[RunWriter], T]", keep: Keep | None, save_every_s: float) -> None:
        self._threads = [threading.Thread(target=self._work, args=(work,), name="run", daemon=True)]
        if keep is not None:
            args = (keep, save_every_s)
            self._threads.append(threading.Thread(target=self._save, args=args, name="run saver", daemon=True))
        for thread in self._threads:
            thread.start()

    @property
    def _busy(self) -> bool:
        """Whether a thread of it still works, if only to settle the call or to save the text of a run that is over."""
        return not self._threads or any(thread.is_alive() for thread in self._threads)

    def _close(self, patient_until: float) -> None:
        with self._changed:
            self._closing = True
            self._changed.notify_all()
        for thread in self._threads:
            thread.join(max(0.0, patient_until - time.monotonic()))

    def _add(self, text: str) -> None:
        text = storable(text)
        with self._changed:
            if not self.over:
                if self.first_word_ms is None:
                    self.first_word_ms = round((time.monotonic() - self._began) * 1000)
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
        except Exception as problem:  # whatever it is, the readers are to see it
            if self.over:
                return  # the work broke off because it was stopped
            self.error = problem
            self._end("failed")
            if isinstance(problem, StudioError):
                log.info("a run failed: %s", problem.message)
            else:
                log.error("a run failed unexpectedly", exc_info=problem)

    def _save(self, keep: Keep, every_s: float) -> None:
        """Save at once, then at each interval, and the end until it is saved. The answer never waits for this."""
        failures, was_saved = 0, False
        while failures < LAST_TRIES:
            with self._changed:
                text, state = self.text, self.state
            try:
                if not keep(text, state):
                    if was_saved:
                        self.stop()
                    return
                failures, was_saved = 0, True
            except Exception as problem:  # noqa: BLE001  a text that cannot be saved now is still there to be read
                failures += state != "writing"
                log.warning("an answer could not be saved, its text is kept in memory: %s", problem)
            if state != "writing" and (not failures or self._closing):
                return
            self._rest(every_s, over=state != "writing")
        log.error("an answer was never saved")

    def _rest(self, seconds: float, *, over: bool) -> None:
        """Wait, but no longer than until the run ends or the house closes."""
        with self._changed:
            self._changed.wait_for(lambda: self._closing or self.over != over, seconds)


@dataclass(frozen=True, slots=True)
class RunWriter:
    """What the work writes with: `add` appends to the text, `control` is for the provider it asks."""

    add: Callable[[str], None]
    control: CallControl


class Runs:
    """The runs of this process by subject, such as a message or a draft. Keeps the latest `kept` that are over."""

    def __init__(self, *, deadline_s: float = 120.0, kept: int = 200, save_every_s: float = SAVE_EVERY_S) -> None:
        self._deadline_s = deadline_s
        self._kept = kept
        self._save_every_s = save_every_s
        self._runs: dict[Hashable, Run[Any]] = {}
        self._busy: list[Run[Any]] = []
        self._lock = threading.Lock()

    def start(
        self, subject: Hashable, work: Callable[[RunWriter], T], *, question: str = "", keep: Keep | None = None
    ) -> Run[T]:
        """Begin `work` in a thread. An earlier run of the same subject is stopped.

        `keep` is called from another thread: at once, every second while the run is writing, and at its end.
        """
        run: Run[T] = Run(CallControl(self._deadline_s), question=question)
        with self._lock:
            earlier = self._runs.pop(subject, None)
            self._runs[subject] = run
            self._busy = [known for known in self._busy if known._busy] + [run]
            over = [key for key, known in self._runs.items() if known.over]
            for key in over[: max(0, len(over) - self._kept)]:
                del self._runs[key]
        if earlier is not None:
            earlier.stop()
        run._begin(work, keep, self._save_every_s)
        return run

    def get(self, subject: Hashable) -> Run[Any] | None:
        """The latest run of a subject, while it is kept."""
        with self._lock:
            return self._runs.get(subject)

    def stop(self, subject: Hashable) -> None:
        """Stop the run of a subject, when there is one."""
        if (run := self.get(subject)) is not None:
            run.stop()

    def close(self) -> None:
        """Stop all runs, and give them a moment to settle their calls and save their text."""
        with self._lock:
            runs = self._busy
        for run in runs:
            run.stop()
        patient_until = time.monotonic() + CLOSE_S
        for run in runs:
            run._close(patient_until)


def storable(text: str) -> str:
    """The text with U+FFFD for what no database and no browser takes: NUL, and halves of surrogate pairs."""
    if not text.isascii():
        text = text.encode("utf-16", "surrogatepass").decode("utf-16", "replace")
    return text.replace("\x00", "\ufffd")
