"""The processes of a run: the stub, the workers, and an environment in which no key of the machine is."""

import json
import os
import select
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parents[1]
KEY = "sk-bench-not-a-real-key"
PATIENCE_S = 180
PASSED_ON = ("PATH", "HOME", "LANG", "LC_ALL", "TMPDIR", "TZ", "XDG_RUNTIME_DIR")


def environment(**more: str) -> dict[str, str]:
    """What a child may know: no key but our own, which is not one."""
    kept = {name: os.environ[name] for name in PASSED_ON if name in os.environ}
    ours = {"PYTHONPATH": str(ROOT), "OPENAI_API_KEY": KEY, "LITELLM_LOCAL_MODEL_COST_MAP": "True"}
    return kept | ours | more


@dataclass(frozen=True, slots=True)
class Place:
    """Where a run keeps its files, and the address of its stub. `scratch` is also where children run: no .env there."""

    scratch: Path
    stub: str


@contextmanager
def stub_server(scratch: Path) -> Iterator[str]:
    """The address of the stub, as long as the block."""
    child = subprocess.Popen(
        [sys.executable, "-m", "benchmarks.stub"],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
        env=environment(),
        cwd=scratch,
    )
    try:
        yield f"http://127.0.0.1:{int(_line(child))}"
    finally:
        _end(child)


class Worker:
    """A process that measures one implementation. Used in a `with` block."""

    def __init__(
        self,
        place: Place,
        module: str,
        *,
        python: Path | str = sys.executable,
        variables: Mapping[str, str] | None = None,
        **made_with: str,
    ) -> None:
        self.name = f"{module} {made_with.get('kind', '')}".strip()
        self._noise = (place.scratch / f"{time.monotonic_ns()}.log").open("w+", encoding="utf-8")
        self._child = subprocess.Popen(  # noqa: S603  our own module
            [str(python), "-m", "benchmarks.worker", module, json.dumps(made_with)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=self._noise,
            text=True,
            env=environment(**(variables or {})),
            cwd=place.scratch,
        )

    def ask(self, do: str, **how: Any) -> Any:
        """Have it do something and return what it says. Raises RuntimeError with its last words when it cannot."""
        try:
            print(json.dumps({"do": do, **how}), file=self._child.stdin, flush=True)
            answer = json.loads(_line(self._child))
        except (OSError, TimeoutError, EOFError) as problem:
            self._noise.seek(0)
            raise RuntimeError(f"{self.name} broke off: {problem}\n{self._noise.read()[-2000:]}") from None
        if "problem" in answer:
            raise RuntimeError(f"{self.name}: {answer['problem']}")
        return answer["said"]

    def __enter__(self) -> "Worker":
        return self

    def __exit__(self, kind: type[BaseException] | None, *_: object) -> None:
        try:
            if kind is None:
                self.ask("close")
        finally:
            _end(self._child)
            self._noise.close()


def _line(child: subprocess.Popen[str]) -> str:
    """The next line that a child says. Raises TimeoutError or EOFError."""
    if child.stdout is None:
        raise EOFError("it has no voice")
    ready, _, _ = select.select([child.stdout], [], [], PATIENCE_S)
    if not ready:
        raise TimeoutError(f"no answer in {PATIENCE_S} s")
    line = child.stdout.readline()
    if not line:
        raise EOFError("it ended")
    return line


def _end(child: subprocess.Popen[str]) -> None:
    """Let a child end by itself, or make it."""
    for pipe in (child.stdin, child.stdout):
        if pipe is not None:
            pipe.close()
    try:
        child.wait(30)
    except subprocess.TimeoutExpired:
        child.kill()
        child.wait()
