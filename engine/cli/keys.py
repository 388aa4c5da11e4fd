"""`keys …`: the master key that stored provider keys are sealed with."""

import typer

from engine.accounts.vault import forget, load_vault
from engine.cli.output import AsJson, print_json
from engine.settings import load_settings
from engine.studio import open_database

keys = typer.Typer(help="The keys at rest.", no_args_is_help=True, rich_markup_mode=None)


@keys.callback()
def _keys() -> None:
    """The keys at rest."""


@keys.command("forget")
def forget_lost_master_key(as_json: AsJson = False) -> None:
    """Go on with the present master key when the old one is lost; stored provider keys are then entered again."""
    settings = load_settings()
    database = open_database(settings)
    try:
        forget(load_vault(settings), database)
    finally:
        database.close()
    if as_json:
        print_json({"forgotten": True})
    else:
        print("This master key is the one from now on. Keys that another one sealed show “needs re-entry”.")
