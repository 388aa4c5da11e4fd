"""Waiting for what shows only by looking."""

import time
from collections.abc import Callable

from tests.engine.providers.canned import WAIT_S


def until(seen: Callable[[], object]) -> None:
    """Look until it is so."""
    give_up = time.monotonic() + WAIT_S
    while not seen():
        assert time.monotonic() < give_up, "it never came"
        time.sleep(0.02)
