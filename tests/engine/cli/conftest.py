"""The command line as a stranger runs it: a process, its output and its exit code."""

import json
import os
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any

import pytest

ROOT = Path(__file__).parents[3]
BARE = {"PATH": os.environ["PATH"], "PYTHONPATH": str(ROOT)}
Run = Execute = Callable[..., subprocess.CompletedProcess[str]]


class Zygote:
    """Has commands run in processes forked from one that has imported the engine; see `zygote.py`."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._process = subprocess.Popen(
            [sys.executable, "-m", "tests.engine.cli.zygote"],
            cwd=ROOT,
            env=BARE,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )

    def __call__(
        self, arguments: Sequence[str], folder: Path, environment: dict[str, str], stdin: str
    ) -> subprocess.CompletedProcess[str]:
        """What `subprocess.run` would return."""
        streams = [Path(tempfile.mkstemp(dir=self._folder)[1]) for _ in range(3)]
        streams[0].write_text(stdin)
        told = {"arguments": arguments, "folder": str(folder), "environment": environment}
        assert self._process.stdin is not None and self._process.stdout is not None
        print(json.dumps(told | {"streams": [*map(str, streams)]}), file=self._process.stdin, flush=True)
        code = int(self._process.stdout.readline())
        return subprocess.CompletedProcess(list(arguments), code, *(file.read_text() for file in streams[1:]))

    def close(self) -> None:
        """End it."""
        self._process.communicate(timeout=120)


@pytest.fixture(scope="session")
def zygote(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Zygote]:
    """The one that all commands are forked from."""
    zygote = Zygote(tmp_path_factory.mktemp("streams"))
    yield zygote
    zygote.close()


@pytest.fixture
def execute(zygote: Zygote, tmp_path: Path) -> Execute:
    """Runs `python -m engine …` with an environment; one that changes what Python imports has an interpreter anew."""

    def execute(*arguments: str, stdin: str = "", **environment: str) -> subprocess.CompletedProcess[str]:
        environment = BARE | {name: value for name, value in environment.items() if value}
        if environment["PYTHONPATH"] == BARE["PYTHONPATH"]:
            return zygote(arguments, tmp_path, environment, stdin)
        return subprocess.run(
            [sys.executable, "-m", "engine", *arguments],
            cwd=tmp_path,
            env=environment,
            input=stdin,
            capture_output=True,
            text=True,
            check=False,
            timeout=120,
        )

    return execute


@pytest.fixture
def run(execute: Execute, tmp_path: Path, database_url: str) -> Run:
    """Runs `python -m engine …` on the test's database with a scripted local model."""
    script = tmp_path / "script"
    script.mkdir()
    (script / "answer.txt").write_text("I am a scripted answer.")
    house = {
        "DATABASE_URL": database_url,
        "STUDIO_DATA_DIR": str(tmp_path / "data"),
        "STUDIO_SCRIPT_DIR": str(script),
    }
    return lambda *arguments, **more: execute(*arguments, **house | more)


def read(done: subprocess.CompletedProcess[str]) -> Any:
    assert done.returncode == 0, done.stdout + done.stderr
    return json.loads(done.stdout)


def error(done: subprocess.CompletedProcess[str]) -> tuple[int, str]:
    """Exit code and error code; nothing but the error may be printed, and no traceback."""
    assert "Traceback" not in done.stdout + done.stderr
    return done.returncode, json.loads(done.stdout)["error"]["code"]
