"""A process that measures: told what to do in JSON lines on stdin, answers in JSON lines on stdout."""

import json
import os
import sys
from importlib import import_module
from typing import Any


def main() -> None:
    """`python -m benchmarks.worker MODULE '{…}'`: make the module's worker, then do what is asked until stdin ends."""
    answers = os.fdopen(os.dup(1), "w", encoding="utf-8")
    os.dup2(2, 1)  # whatever a library prints shall not be taken for an answer

    def say(**answer: Any) -> None:
        answers.write(json.dumps(answer) + "\n")
        answers.flush()

    worker = import_module(f"benchmarks.{sys.argv[1]}").work(**json.loads(sys.argv[2]))
    for line in sys.stdin:
        asked = json.loads(line)
        try:
            said = getattr(worker, asked.pop("do"))(**asked)
        except Exception as problem:  # noqa: BLE001  the other process has to hear of it
            say(problem=f"{type(problem).__name__}: {problem}")
        else:
            say(said=said)


if __name__ == "__main__":
    main()
