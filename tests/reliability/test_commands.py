"""Twelve commands at once of somebody who may ask three times: three are answered, nine are told so."""

import json
import os
import subprocess
import sys
from collections import Counter as Tally
from pathlib import Path

from db.session import Database
from engine.accounts.people import People
from engine.studio import utc_now
from tests.engine.usage.cases import OPERATOR
from tests.engine.waiting import until
from tests.reliability.figures import Figure, Size

ROOT = Path(__file__).parents[2]
COMMANDS, SAMPLES = 12, 3


def asked_at_once(database: Database, url: str, folder: Path, email: str) -> Figure:
    """All of them run at once, and nothing is answered before the refused ones have ended."""
    script = folder / "script"
    script.mkdir(exist_ok=True)
    (script / "answer.txt").write_text("I am a scripted answer.")
    (script / "gate").write_text("0")
    People(database, clock=utc_now).add(OPERATOR, email=email, name="Ada", verified=False)
    environment = {
        "PATH": os.environ["PATH"],
        "PYTHONPATH": str(ROOT),
        "DATABASE_URL": url,
        "STUDIO_DATA_DIR": str(folder / "data"),
        "STUDIO_SCRIPT_DIR": str(script),
    }
    command = [sys.executable, "-m", "engine", "ask", "hi", "--as", email, "--json"]
    running = [
        subprocess.Popen(command, cwd=folder, env=environment, stdout=subprocess.PIPE, text=True)
        for _ in range(COMMANDS)
    ]
    try:
        until(lambda: sum(each.poll() is not None for each in running) >= COMMANDS - SAMPLES)
        (script / "gate").write_text("100")
        told = Tally(_told(each) for each in running)
    finally:
        for each in running:
            each.kill()
            each.wait()
    answered, refused = told[0, "answered"], told[3, "sample_used_up"]
    return Figure(
        f"A10 {COMMANDS} commands of an unverified person at once [{database.dialect}]",
        f"{answered} answered, {refused} refused with sample_used_up, {COMMANDS - answered - refused} otherwise",
        f"{SAMPLES}, {COMMANDS - SAMPLES}, 0",
        told == {(0, "answered"): SAMPLES, (3, "sample_used_up"): COMMANDS - SAMPLES},
    )


def _told(running: "subprocess.Popen[str]") -> tuple[int, str]:
    said = json.loads(running.communicate(timeout=120)[0])
    return running.returncode, said["error"]["code"] if "error" in said else "answered"


def test_a10_commands_at_once(database: Database, database_url: str, size: Size, tmp_path: Path) -> None:
    for turn in range(size.of(1, 5)):
        asked_at_once(database, database_url, tmp_path, f"ada{turn}@example.org").holds()
