"""Rotations that are killed: `python -m tests.engine.accounts.rotation_killed DATABASE_URL`.

Each line on standard input is a data folder and a number. A child rotates there and is killed (SIGKILL) at that
moment: before and after each renaming of a file, before and after each commit. The answer is how it ended.
"""

import os
import signal
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from db.session import Database
from db.unit import Unit
from engine.accounts.master_keys import MasterKeys
from engine.accounts.rotation import rotate
from engine.settings import Settings
from tests.databases import opened

BATCH = 3


class Fuse:
    """Kills this process when it has been touched so often."""

    def __init__(self, touches: int) -> None:
        self.left = touches

    def touch(self) -> None:
        self.left -= 1
        if self.left == 0:
            os.kill(os.getpid(), signal.SIGKILL)


def lay(fuse: Fuse) -> None:
    """Have the fuse touched at every moment that counts."""
    write, replace = Database.write, Path.replace

    @contextmanager
    def fused_write(database: Database) -> Iterator[Unit]:
        with write(database) as unit:
            yield unit
            fuse.touch()
        fuse.touch()

    def fused_replace(path: Path, to: Any) -> Path:
        fuse.touch()
        done = replace(path, to)
        fuse.touch()
        return done

    Database.write, Path.replace = fused_write, fused_replace  # type: ignore[method-assign]


def main(url: str) -> None:
    """Answer each line."""
    for line in sys.stdin:
        folder, touches = line.split()
        child = os.fork()
        if child == 0:
            lay(Fuse(int(touches)))
            settings = Settings(data_dir=Path(folder))
            rotate(MasterKeys(settings), opened(url), datetime.now(UTC), batch=BATCH)
            os._exit(0)
        _, status = os.waitpid(child, 0)
        print("killed" if os.WIFSIGNALED(status) else f"ended {os.WEXITSTATUS(status)}", flush=True)


if __name__ == "__main__":
    main(sys.argv[1])
