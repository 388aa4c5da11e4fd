"""A start that cannot succeed ends with one sentence that says what to do, and with an exit code."""

import os
import socket
import subprocess
import sys

import pytest

from tests.e2e.conftest import ROOT, SAFETY_S, free_port


def start(tmp_path, *, port=None, **settings):
    """Start the app and wait for its end; returns the exit code and what it said."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("STUDIO_", "DATABASE_URL"))}
    ended = subprocess.run(
        [sys.executable, "-m", "streamlit", "run", "app.py", "--server.port", str(port or free_port())],
        cwd=ROOT,
        env={**kept, "STUDIO_DATA_DIR": str(tmp_path / "data"), **settings},
        capture_output=True,
        text=True,
        timeout=SAFETY_S,
        check=False,
    )
    return ended.returncode, ended.stdout + ended.stderr


@pytest.mark.parametrize(
    ("settings", "said"),
    [
        ({"DATABASE_URL": "nonsense"}, "DATABASE_URL"),
        ({"DATABASE_URL": "postgresql+psycopg://me:hunter2@127.0.0.1:9/studio"}, "database"),
        ({"STUDIO_DATA_DIR": "/proc/nowhere"}, "STUDIO_DATA_DIR"),
        ({"STUDIO_BILLING_TIMEZONE": "Mars/Olympus"}, "STUDIO_BILLING_TIMEZONE"),
    ],
)
def test_a_wrong_setting_is_named_without_a_traceback(tmp_path, settings, said):
    code, output = start(tmp_path, **settings)
    assert code == 6, output
    assert said in output
    assert "Traceback" not in output
    assert "hunter2" not in output


def test_a_taken_port_is_named(tmp_path):
    with socket.socket() as taken:
        taken.bind(("0.0.0.0", 0))
        taken.listen()
        port = taken.getsockname()[1]
        code, output = start(tmp_path, port=port)
    assert code != 0
    assert str(port) in output
    assert "Traceback" not in output
