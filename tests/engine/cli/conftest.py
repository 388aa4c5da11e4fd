"""The command line as a stranger runs it: a process, its output and its exit code."""

import json
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

ROOT = Path(__file__).parents[3]
Run = Callable[..., subprocess.CompletedProcess[str]]


@pytest.fixture
def run(tmp_path: Path, database_url: str) -> Run:
    """Runs `python -m engine …` on the test's database with a scripted local model."""
    script = tmp_path / "script"
    script.mkdir()
    (script / "answer.txt").write_text("I am a scripted answer.")

    def command(*arguments: str, stdin: str = "", **variables: str) -> subprocess.CompletedProcess[str]:
        environment = {
            "PATH": os.environ["PATH"],
            "PYTHONPATH": str(ROOT),
            "DATABASE_URL": database_url,
            "STUDIO_DATA_DIR": str(tmp_path / "data"),
            "STUDIO_SCRIPT_DIR": str(script),
        }
        return subprocess.run(
            [sys.executable, "-m", "engine", *arguments],
            cwd=tmp_path,
            env={name: value for name, value in (environment | variables).items() if value},
            input=stdin,
            capture_output=True,
            text=True,
            check=False,
            timeout=120,
        )

    return command


def read(done: subprocess.CompletedProcess[str]) -> Any:
    assert done.returncode == 0, done.stdout + done.stderr
    return json.loads(done.stdout)


def error(done: subprocess.CompletedProcess[str]) -> tuple[int, str]:
    """Exit code and error code; nothing but the error may be printed, and no traceback."""
    assert "Traceback" not in done.stdout + done.stderr
    return done.returncode, json.loads(done.stdout)["error"]["code"]
