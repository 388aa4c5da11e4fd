"""`doctor`, `migrate`, `backup` and `restore`: is the installation sound, and how to keep it so."""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated

import typer

from db import backup
from db.migrate import migrate
from db.session import Database
from engine.cli.output import AsJson, print_json
from engine.doctor import examine
from engine.errors import BadInput
from engine.opening import connect
from engine.settings import load_settings

File = Annotated[Path, typer.Argument(metavar="FILE")]


def doctor(as_json: AsJson = False) -> None:
    """Look at settings, data folder, database, local model and ledger."""
    findings = examine(load_settings())
    if as_json:
        print_json({"ok": True, "findings": [{"what": finding.what, "found": finding.found} for finding in findings]})
        return
    width = max(len(finding.what) for finding in findings)
    for finding in findings:
        print(f"{finding.what:<{width}}  {finding.found}")


def migrate_database(as_json: AsJson = False) -> None:
    """Bring the database to this version."""
    with _connected() as database:
        migrate(database)
    if as_json:
        print_json({"migrated": True})
    else:
        print("The database is at this version.")


def back_up(file: File, as_json: AsJson = False) -> None:
    """Copy the database to FILE, also while the studio runs."""
    with _connected() as database:
        backup.back_up(database, file, refused=BadInput)
    if as_json:
        print_json({"file": str(file), "bytes": file.stat().st_size})
    else:
        print(f"The database was copied to {file}. The master key is not in it: keep that apart.")


def restore(file: File, as_json: AsJson = False) -> None:
    """Put the copy FILE in the place of the database, which is kept beside it."""
    with _connected() as database:
        kept = backup.restore(database, file, at=datetime.now(UTC), refused=BadInput)
    if as_json:
        print_json({"restored": str(file), "kept": kept and str(kept)})
    else:
        print(f"{file} is the database now.", f"The one before is kept as {kept}." if kept else "")


@contextmanager
def _connected() -> Iterator[Database]:
    database = connect(load_settings())
    try:
        yield database
    finally:
        database.close()
