"""Runs commands in processes of their own that need not import the engine first: each is forked from this one.

Reads a line of JSON for each command (its arguments, folder and environment, and a file for each standard stream), and
answers with a line: the exit code.
"""

import json
import os
import sys
from typing import Any, NoReturn

import alembic.command  # noqa: F401  loaded here for those who need it

import engine.cli
import engine.doctor
import engine.studio

WAYS = (os.O_RDONLY, os.O_WRONLY | os.O_CREAT, os.O_WRONLY | os.O_CREAT)


def serve() -> None:
    """Fork a child for each command until the input ends."""
    for line in sys.stdin:
        child = os.fork()
        if not child:
            become(json.loads(line))
        print(os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]), flush=True)


def become(command: dict[str, Any]) -> NoReturn:
    """Be the command, to its end."""
    for number, (file, way) in enumerate(zip(command["streams"], WAYS, strict=True)):
        opened = os.open(file, way, 0o600)
        os.dup2(opened, number)
        os.close(opened)
    sys.stdin = open(0, closefd=False)  # noqa: SIM115  the old one has read ahead, and not for this process
    os.chdir(command["folder"])
    os.environ.clear()
    os.environ.update(command["environment"])
    sys.argv = ["engine", *command["arguments"]]
    engine.cli.main()
    sys.exit()


if __name__ == "__main__":
    serve()
