"""`usage report`: who spent what on which model, as a table or as JSON."""

from dataclasses import asdict
from typing import Annotated, Any

import typer

from engine.accounts.actor import Actor
from engine.cli.dates import instant
from engine.cli.opened import opened
from engine.cli.output import AsJson, print_json
from engine.usage.reports import DIMENSIONS, Sum

usage = typer.Typer(help="What was used.", no_args_is_help=True, rich_markup_mode=None)


@usage.callback()
def _usage() -> None:
    """What was used."""


@usage.command("report")
def report(
    by: Annotated[str, typer.Option(metavar="NAMES", help=f"By what, with commas: {', '.join(DIMENSIONS)}.")] = "model",
    since: Annotated[str, typer.Option(metavar="DATE", help="From this billing day on.")] = "",
    until: Annotated[str, typer.Option(metavar="DATE", help="Up to and without this billing day.")] = "",
    as_json: AsJson = False,
) -> None:
    """Sum the usage of everyone."""
    first, end = instant(since, "Since"), instant(until, "Until")
    names = tuple(name.strip() for name in by.split(",") if name.strip())
    with opened() as studio:
        found = studio.reports.report(
            Actor.operator(), names, since=first.date() if first else None, until=end.date() if end else None
        )
    if as_json:
        print_json({"rows": [_as_dict(row) for row in found.rows], "total": _as_dict(found.total)})
        return
    for row in (*found.rows, found.total):
        of = "  ".join(row.of.values()) or "total"
        unknown = f"  {row.unknown_price_calls} of unknown price" if row.unknown_price_calls else ""
        print(f"{of}  {row.calls} calls  {row.tokens_in} + {row.tokens_out} tokens  ${row.cost_usd:.4f}{unknown}")


def _as_dict(row: Sum) -> dict[str, Any]:
    sums = asdict(row) | {"cost_usd": f"{row.cost_usd:.9f}"}
    return {**sums.pop("of"), **sums}
