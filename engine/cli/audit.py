"""`audit export`: what was done that matters to security, as a file."""

import sys
from typing import Annotated

import typer

from engine.accounts.actor import Actor
from engine.accounts.audit import AuditFilter
from engine.cli.dates import instant
from engine.cli.opened import opened
from engine.cli.output import AsJson
from engine.errors import BadInput

audit = typer.Typer(help="The audit log.", no_args_is_help=True, rich_markup_mode=None)


@audit.callback()
def _audit() -> None:
    """The audit log."""


@audit.command("export")
def export(
    as_csv: Annotated[bool, typer.Option("--csv", help="Print CSV instead of JSON.")] = False,
    since: Annotated[str, typer.Option(metavar="DATE", help="From this day or instant on, in UTC unless said.")] = "",
    as_json: AsJson = False,
) -> None:
    """Print every act, newest first: as JSON, or as CSV."""
    if as_csv and as_json:
        raise BadInput("--csv and --json exclude each other.", field="Form")
    wanted = AuditFilter(since=instant(since, "Since"))
    with opened() as studio:
        data = studio.audit.export(Actor.operator(), wanted, "csv" if as_csv else "json")
    sys.stdout.buffer.write(data)
