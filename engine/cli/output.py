"""How results and errors are printed: for people, or with `--json` for programs, and then nothing else."""

import json
import sys
from typing import Annotated, Any

import typer

from engine.errors import StudioError

AsJson = Annotated[bool, typer.Option("--json", help="Print JSON and nothing else.")]


def print_json(value: Any) -> None:
    """One JSON document on standard output."""
    print(json.dumps(value, ensure_ascii=False, indent=2, default=str))


def print_error(problem: StudioError) -> int:
    """Say what happened and what to do; returns the exit code."""
    # Read from the arguments: an error may come before any command has parsed them.
    if "--json" in sys.argv[1:]:
        print_json({"error": {"code": problem.code, "message": problem.message, "hint": problem.hint}})
    else:
        print(" ".join(filter(None, [problem.message, problem.hint])), file=sys.stderr)
    return problem.exit_code
