"""`keys …`: the master key that stored secrets are sealed with."""

from collections.abc import Iterator
from contextlib import contextmanager

import typer

from db.session import Database
from engine.accounts import rotation
from engine.accounts.master_keys import MasterKeys
from engine.cli.output import AsJson, print_json
from engine.opening import open_database
from engine.settings import load_settings
from engine.studio import utc_now

keys = typer.Typer(help="The keys at rest.", no_args_is_help=True, rich_markup_mode=None)


@keys.callback()
def _keys() -> None:
    """The keys at rest."""


@keys.command("rotate")
def rotate(as_json: AsJson = False) -> None:
    """Seal all stored secrets with a new master key, while the studio runs. Goes on where it was interrupted.

    With the key in a file, a new one is made; with STUDIO_MASTER_KEY, the first that is listed is the new one.
    """
    with _opened() as (master_keys, database):
        done = rotation.rotate(master_keys, database, utc_now())
        place = master_keys.place
    if as_json:
        print_json({"key": done.primary, "new": done.is_new, "resealed": done.resealed, "unreadable": done.unreadable})
        return
    print(f"The master key is {done.primary}{', a new one,' if done.is_new else ''} in {place}.")
    print(f"Sealed anew: {done.resealed}. The older key still opens; `keys retire` gives it up.")
    if done.unreadable:
        print(f"Opened by no master key: {done.unreadable}. Their owners see “needs re-entry”.")


@keys.command("retire")
def retire(as_json: AsJson = False) -> None:
    """Give up the older master keys. Refused while anything is sealed with one of them."""
    with _opened() as (master_keys, database):
        done = rotation.retire(master_keys, database, utc_now())
    if as_json:
        print_json({"key": done.primary, "retired": list(done.dropped), "by_hand": done.by_hand})
        return
    if not done.dropped:
        print(f"There is no older master key than {done.primary}.")
    elif done.by_hand:
        print(f"Nothing needs {', '.join(done.dropped)} any more: leave only the first key in STUDIO_MASTER_KEY.")
    else:
        print(f"The master key is {done.primary} alone. Given up: {', '.join(done.dropped)}.")
    if done.dropped:
        print("Copies of the database from before need the older key: keep your copy of it as long as you keep them.")


@keys.command("forget")
def forget_lost_master_key(as_json: AsJson = False) -> None:
    """Go on with the present master key when the old one is lost; stored provider keys are then entered again."""
    with _opened() as (master_keys, database):
        rotation.forget(master_keys, database, utc_now())
    if as_json:
        print_json({"forgotten": True})
    else:
        print("This master key is the one from now on. Keys that another one sealed show “needs re-entry”.")


@contextmanager
def _opened() -> Iterator[tuple[MasterKeys, Database]]:
    """The master keys and the database; the studio itself would not open with a lost key."""
    settings = load_settings()
    database = open_database(settings)
    try:
        yield MasterKeys(settings), database
    finally:
        database.close()
