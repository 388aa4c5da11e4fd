"""What a process that calls a model is asked to do, and measures by itself."""

import threading
import time
from typing import Any

from benchmarks.callers import CALLERS, Caller, Ours, versions

WARM_CALLS = 20
MOST_CALLS = 5000


class Calling:
    """One implementation, at one or more addresses of the stub."""

    def __init__(self, kind: str, stub: str) -> None:
        self._kind = kind
        self._stub = stub
        self._callers: dict[str, Caller] = {}

    def about(self) -> dict[str, str]:
        """The versions of what is measured."""
        return versions(self._kind)

    def warm(self, path: str, expected: str) -> None:
        """Make the caller of a path, check that it gets the whole answer both ways, and let it settle in."""
        caller = self._callers[path] = CALLERS[self._kind](f"{self._stub}/{path}/v1")
        heard: list[str] = []
        for _ in range(WARM_CALLS):
            said = caller.call()
        caller.stream(heard.append)
        if said != expected or "".join(heard) != expected:
            raise RuntimeError(f"{self._kind} did not get the answer: {said[:80]!r}, {''.join(heard)[:80]!r}")

    def calls(self, path: str, count: int) -> list[float]:
        """Seconds of each of `count` calls, one after the other."""
        caller, taken = self._callers[path], []
        for _ in range(count):
            began = time.perf_counter()
            caller.call()
            taken.append(time.perf_counter() - began)
        return taken

    def streams(self, path: str, count: int) -> list[tuple[float, float, float]]:
        """Of each streamed call: seconds to the first piece, seconds a piece after it, seconds in all."""
        return [self._streamed(self._callers[path]) for _ in range(count)]

    def _streamed(self, caller: Caller) -> tuple[float, float, float]:
        first = last = 0.0
        pieces = 0

        def heard(_: str) -> None:
            nonlocal first, last, pieces
            last = time.perf_counter()
            first = first or last
            pieces += 1

        began = time.perf_counter()
        caller.stream(heard)
        return first - began, (last - first) / max(1, pieces - 1), time.perf_counter() - began

    def parts(self, path: str, count: int) -> list[tuple[float, float]]:
        """Of our own chain only: seconds before the adapter is asked, seconds after its last event."""
        caller = self._callers[path]
        if not isinstance(caller, Ours):
            raise TypeError(f"{self._kind} has no parts")
        return [caller.parts() for _ in range(count)]

    def threads(self, path: str, count: int, seconds: float) -> float:
        """Calls a second that `count` threads make together in about `seconds`."""
        caller = self._callers[path]
        made = [0] * count
        start = threading.Barrier(count + 1)
        problems: list[Exception] = []

        def ask(at: int) -> None:
            start.wait()
            ends = time.perf_counter() + seconds
            try:
                while time.perf_counter() < ends and made[at] < MOST_CALLS:
                    caller.call()
                    made[at] += 1
            except Exception as problem:  # noqa: BLE001  carried to the main thread
                problems.append(problem)

        asking = [threading.Thread(target=ask, args=(at,)) for at in range(count)]
        for thread in asking:
            thread.start()
        start.wait()
        began = time.perf_counter()
        for thread in asking:
            thread.join()
        if problems:
            raise problems[0]
        return sum(made) / (time.perf_counter() - began)

    def close(self) -> None:
        """Close what was opened."""
        for caller in self._callers.values():
            caller.close()


def work(kind: str, stub: str) -> Any:
    """The worker of an implementation."""
    return Calling(kind, stub)
