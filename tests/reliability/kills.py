"""Points at which a process of the campaign kills itself, as the kernel would: without a word."""

import os
import signal
import threading
from collections.abc import Callable
from functools import wraps
from typing import Any

from db.repositories.metering import Metering, Take
from engine.usage.guard import Guard

POINTS = (
    "inside the admission",
    "after the admission",
    "before the request is sent",
    "between two words",
    "before the settlement",
    "inside the settlement",
    "after the settlement",
    "inside an expiry",
)

_here: list[Any] = ["", 0]
_lock = threading.Lock()


def point(name: str) -> None:
    """Die here when it is this point's turn."""
    with _lock:
        if _here[0] != name:
            return
        _here[1] -= 1
        if _here[1] < 0:
            os.kill(os.getpid(), signal.SIGKILL)


def arm(name: str, after: int) -> None:
    """Have this process die at a point when it comes there once more than `after` times."""
    _here[:] = [name, after]
    _wrap(Metering, "take", after=lambda take, *_: _house(take) and point("inside the admission"))
    _wrap(Metering, "record", after=lambda *_: point("inside the settlement"))
    _wrap(Metering, "expire", after=lambda *_: point("inside an expiry"))
    _wrap(Guard, "admit", after=lambda *_: point("after the admission"))
    _wrap(
        Guard, "settle", before=lambda: point("before the settlement"), after=lambda *_: point("after the settlement")
    )


def _house(take: Take) -> bool:
    return take.scope == "house"


def _wrap(owner: type, name: str, *, before: Callable[[], object] = lambda: None, after: Callable[..., object]) -> None:
    honest = getattr(owner, name)

    @wraps(honest)
    def wrapped(self: Any, *args: Any, **kwargs: Any) -> Any:
        before()
        result = honest(self, *args, **kwargs)
        after(*args)
        return result

    setattr(owner, name, wrapped)
