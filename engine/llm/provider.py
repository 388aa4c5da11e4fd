"""The seam between the engine and a vendor."""

import threading
import time
from collections.abc import Callable, Iterator
from typing import Protocol

from engine.llm.credential import Credential
from engine.llm.events import StreamEvent
from engine.llm.request import LLMRequest


class CallControl:
    """The wall clock and the Stop button of one call, shared by the thread that reads and the one that stops.

    An adapter checks `stopped` and `seconds_left` between events, and hands over with `on_stop` what
    breaks a read that blocks.
    """

    def __init__(self, deadline_s: float, *, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._ends = clock() + deadline_s
        self._lock = threading.Lock()
        self._stopped = threading.Event()
        self._interrupt: Callable[[], None] | None = None

    @property
    def stopped(self) -> bool:
        """Whether somebody pressed Stop."""
        return self._stopped.is_set()

    @property
    def seconds_left(self) -> float:
        """Seconds until the deadline; never negative."""
        return max(0.0, self._ends - self._clock())

    def pause(self, seconds: float) -> None:
        """Wait, at most until Stop is pressed."""
        self._stopped.wait(seconds)

    def on_stop(self, interrupt: Callable[[], None]) -> None:
        """Set what ends a blocked read. Called at once when the call is stopped already."""
        with self._lock:
            self._interrupt = interrupt
            stopped = self.stopped
        if stopped:
            interrupt()

    def stop(self) -> None:
        """End the call: the reader sees `stopped`, and a blocked read breaks."""
        with self._lock:
            self._stopped.set()
            interrupt = self._interrupt
        if interrupt is not None:
            interrupt()


class Provider(Protocol):
    """One wire format over the vendor's official SDK. Stateless but for a cache of clients.

    All three raise only `engine.errors.ProviderError` and its children.
    """

    def stream(
        self, model: str, request: LLMRequest, credential: Credential, control: CallControl
    ) -> Iterator[StreamEvent]:
        """Ask `model` and yield its answer as it comes; the last event is `Completed`.

        A stream without its end marker raises `StreamCut`; one that was stopped raises `Stopped`.
        """
        ...

    def list_models(self, credential: Credential) -> list[str]:
        """The ids that this key may use. Costs nothing."""
        ...

    def check(self, credential: Credential) -> int:
        """Prove that the key works, at no cost; returns how many models it sees."""
        ...
