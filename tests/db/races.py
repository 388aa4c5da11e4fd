"""Starting many threads at the same moment."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from threading import Barrier
from typing import TypeVar

T = TypeVar("T")


def race(act: Callable[[int], T], racers: int) -> list[T]:
    """What `act(0)` … `act(racers - 1)` return when nobody starts before everybody is ready."""
    ready = Barrier(racers)

    def one(number: int) -> T:
        ready.wait()
        return act(number)

    with ThreadPoolExecutor(racers) as pool:
        return list(pool.map(one, range(racers)))
