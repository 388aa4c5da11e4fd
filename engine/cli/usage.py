"""`usage report`: who spent what on which model, as a table, as JSON or as CSV."""

import sys
from typing import Annotated, Any

import typer

from engine.accounts.actor import Actor
from engine.cli.dates import instant
from engine.cli.opened import opened
from engine.cli.output import AsJson, print_json
from engine.errors import BadInput
from engine.usage.reports import Line
from engine.usage.view import DIMENSIONS

usage = typer.Typer(help="What was used.", no_args_is_help=True, rich_markup_mode=None)

AsCsv = Annotated[bool, typer.Option("--csv", help="Print the rows as CSV that no spreadsheet takes for formulas.")]


@usage.callback()
def _usage() -> None:
    """What was used."""


@usage.command("report")
def report(
    by: Annotated[str, typer.Option(metavar="NAMES", help=f"By what, with commas: {', '.join(DIMENSIONS)}.")] = "model",
    since: Annotated[str, typer.Option(metavar="DATE", help="From this billing day on.")] = "",
    until: Annotated[str, typer.Option(metavar="DATE", help="Up to and without this billing day.")] = "",
    as_json: AsJson = False,
    as_csv: AsCsv = False,
) -> None:
    """Sum the usage of everyone."""
    if as_json and as_csv:
        raise BadInput("The report is either JSON or CSV.", field="--csv", hint="Leave one of the two out.")
    first, end = instant(since, "Since"), instant(until, "Until")
    names = tuple(name.strip() for name in by.split(",") if name.strip())
    operator = Actor.operator()
    with opened() as studio:
        found = studio.reports.report(
            operator, names, since=first.date() if first else None, until=end.date() if end else None
        )
        if as_csv:
            sys.stdout.buffer.write(studio.reports.export(operator, found, "csv"))
            return
    if as_json:
        print_json({"rows": [_as_dict(line) for line in found.rows], "total": _as_dict(found.total)})
        return
    for line in (*found.rows, found.total):
        of, sums = "  ".join(line.of.values()) or "total", line.sums
        unknown = f"  {sums.unknown_price} of unknown price" if sums.unknown_price else ""
        tokens = f"{sums.usage.tokens_in} + {sums.usage.tokens_out} tokens"
        print(f"{of}  {sums.calls} calls  {tokens}  ${sums.cost_usd:.4f}{unknown}")


def _as_dict(line: Line) -> dict[str, Any]:
    return {**line.of, **line.figures(), "cost_usd": f"{line.sums.cost_usd:.9f}"}
