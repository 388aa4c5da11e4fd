"""`demo load`: an invented company to look around in."""

import sys
from dataclasses import asdict
from datetime import UTC, datetime
from typing import Annotated

import typer

from engine.cli.opened import opened
from engine.cli.output import AsJson, print_json
from engine.demo import load

demo = typer.Typer(help="Invented data to look around in.", no_args_is_help=True, rich_markup_mode=None)


@demo.callback()
def _demo() -> None:
    """Invented data to look around in."""


@demo.command("load")
def load_demo(
    people: Annotated[int, typer.Option(min=1, max=40, help="How many people.")] = 40,
    personas: Annotated[int, typer.Option(min=0, max=60, help="How many personas of their own.")] = 60,
    days: Annotated[int, typer.Option(min=1, max=400, help="How many days of usage.")] = 90,
    calls: Annotated[int, typer.Option(min=0, max=100_000, help="Calls on a working day.")] = 400,
    seed: Annotated[int, typer.Option(help="The same seed invents the same usage.")] = 7,
    password_stdin: Annotated[
        bool, typer.Option("--password-stdin", help="Read the administrator's password from standard input.")
    ] = False,
    as_json: AsJson = False,
) -> None:
    """Fill an empty database with invented people, personas and usage, marked as such."""
    password = sys.stdin.readline().rstrip("\n") if password_stdin else ""
    with opened() as studio:
        made = load(
            studio,
            people=people,
            personas=personas,
            days=days,
            calls_a_day=calls,
            seed=seed,
            password=password,
            now=datetime.now(UTC),
        )
    shown = asdict(made) | ({"password": None} if password else {})
    if as_json:
        print_json(shown)
        return
    print(f"{made.people} people, {made.personas} personas and {made.calls} calls were made up.")
    print(f"Sign in as {made.email}" + ("." if password else f" with the password {made.password}"))
