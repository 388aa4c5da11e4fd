"""What a fresh process pays: seconds of the import, and memory after it and after one call."""

import os
import resource
import sys
import time
from pathlib import Path
from typing import Any

STATUS = Path("/proc/self/statm")


def memory_mib() -> float:
    """Resident memory now; where the system does not tell, the most there was."""
    if STATUS.exists():
        return int(STATUS.read_text("ascii").split()[1]) * os.sysconf("SC_PAGE_SIZE") / 2**20
    most = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return most / (2**20 if sys.platform == "darwin" else 2**10)


class Fresh:
    """One process of one implementation."""

    def __init__(self, kind: str, stub: str) -> None:
        self._kind = kind
        self._address = f"{stub}/s-0-100/v1"

    def about(self) -> dict[str, str]:
        """Nothing may be loaded to tell."""
        return {}

    def measure(self) -> dict[str, float]:
        """Import what a caller needs, then the rest of the public names, then make one call."""
        began = time.perf_counter()
        if self._kind == "ours":
            from engine import run_llm, run_structured  # noqa: F401
        else:
            import litellm  # noqa: F401
        imported = time.perf_counter() - began
        if self._kind == "ours":
            from engine import open_studio  # noqa: F401
        whole, light = time.perf_counter() - began, memory_mib()
        from benchmarks.callers import CALLERS

        caller = CALLERS[self._kind](self._address)
        caller.call()
        called, heavy = time.perf_counter() - began, memory_mib()
        caller.close()
        return {"import_s": imported, "whole_s": whole, "import_mib": light, "called_s": called, "called_mib": heavy}

    def close(self) -> None:
        """Nothing is left open."""


def work(kind: str, stub: str) -> Any:
    """The worker of an implementation."""
    return Fresh(kind, stub)
