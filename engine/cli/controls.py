"""`controls …`: stop everything or one thing, and let it go on."""

from dataclasses import asdict
from typing import Annotated, Any

import typer

from engine.accounts.actor import Actor
from engine.cli.dates import instant
from engine.cli.opened import opened
from engine.cli.output import AsJson, print_json
from engine.errors import NotFound
from engine.studio import Studio
from engine.usage.controls import StopLine
from engine.usage.stops import EVERYTHING, SCOPES

controls = typer.Typer(help="What is stopped.", no_args_is_help=True, rich_markup_mode=None)

Scope = Annotated[str, typer.Argument(metavar="SCOPE", help=f"One of {', '.join(SCOPES)}.")]
Target = Annotated[
    str, typer.Argument(metavar="TARGET", help="Which one: groq, openai:gpt-4.1, an e-mail address, a department.")
]


@controls.callback()
def _controls() -> None:
    """What is stopped."""


@controls.command("stop")
def stop(
    reason: Annotated[str, typer.Option(help="Why; shown to everyone whom the stop touches.")],
    scope: Scope = EVERYTHING,
    target: Target = "",
    until: Annotated[str, typer.Option(metavar="TIME", help="When it ends by itself, in UTC unless said.")] = "",
    cut: Annotated[bool, typer.Option("--cut", help="Also cut answers that are being written.")] = False,
    as_json: AsJson = False,
) -> None:
    """Stop calls; everything unless a scope is named."""
    with opened() as studio:
        operator = Actor.operator()
        target_id = _target_id(studio, scope, target)
        studio.controls.stop(operator, scope, target_id, reason=reason, until=instant(until, "Until"), cut=cut)
        _print(studio.controls.in_force(operator), as_json)


@controls.command("resume")
def resume(scope: Scope = "", target: Target = "", as_json: AsJson = False) -> None:
    """Lift the stops of a scope; all of them unless one is named."""
    with opened() as studio:
        operator = Actor.operator()
        target_id = _target_id(studio, scope, target)
        named = [
            line
            for line in studio.controls.in_force(operator)
            if scope in ("", line.stop.scope) and target_id in ("", line.stop.target)
        ]
        if not named:
            raise NotFound("Nothing of the kind is stopped.", hint="`controls list` shows what is.")
        for line in named:
            studio.controls.lift(operator, line.stop.id)
        _print(studio.controls.in_force(operator), as_json)


@controls.command("list")
def show_all(as_json: AsJson = False) -> None:
    """Show what is stopped."""
    with opened() as studio:
        _print(studio.controls.in_force(Actor.operator()), as_json)


def _target_id(studio: Studio, scope: str, target: str) -> str:
    """People are named by address and departments by name here, by id in the house."""
    if scope == "person" and target:
        return str(studio.people.by_email(Actor.operator(), target).id)
    if scope == "department" and target:
        departments = studio.departments.all(Actor.operator())
        found = next((each for each in departments if each.name.lower() == target.lower()), None)
        if found is None:
            raise NotFound(f"There is no department {target!r}.", hint="Write its name as the studio shows it.")
        return str(found.id)
    return target


def _print(lines: list[StopLine], as_json: bool) -> None:
    if as_json:
        print_json({"stopped": [_as_dict(line) for line in lines]})
        return
    for line in lines:
        until = f" until {line.stop.until:%Y-%m-%d %H:%M} UTC" if line.stop.until else ""
        print(f"{line.stop.scope} {line.name}{until}: {line.stop.reason} ({line.author}, {line.refused} calls refused)")
    if not lines:
        print("Nothing is stopped.")


def _as_dict(line: StopLine) -> dict[str, Any]:
    return {**asdict(line.stop), "name": line.name, "author": line.author, "refused": line.refused}
