"""Copies of a SQLite database: made while others write to it, and put back in its place."""

import logging
import os
import shutil
from collections.abc import Iterator
from contextlib import closing, contextmanager, suppress
from datetime import datetime
from pathlib import Path
from typing import Any

from pysqlite3 import dbapi2 as sqlite_driver

from db.revisions import standing
from db.session import Database, Failed

_LOG_FILES = ("-wal", "-shm")
_OURS = {"people", "personas", "usage_events"}
_PATIENCE_S = 2.0

logger = logging.getLogger(__name__)


def back_up(database: Database, to: Path, *, refused: Failed) -> None:
    """Write the database as it is at this moment to a new file. Raises `refused` for a file that cannot be used."""
    source = _file(database, refused)
    if to.exists():
        raise refused(f"The file {to} is there already.", hint="Choose another name, or move it away.")
    if not to.parent.is_dir():
        raise refused(f"There is no folder {to.parent}.", hint="Make it, or choose another.")
    if not source.is_file():
        raise database.failure(f"There is no database {source} yet.", hint="It is made when the studio first starts.")
    with _said(database, f"The copy {to} could not be made"):
        _copy(source, to)


def restore(database: Database, copy: Path, *, at: datetime, refused: Failed) -> Path | None:
    """Put a copy in the place of the database; the file that was there is kept beside it, and its path returned.

    Raises `refused` when the copy is not a sound database of this version of the studio or an earlier one, and the
    database's `failed` while anybody else has the database open.
    """
    live = _file(database, refused)
    _check(copy, refused)
    database.close()
    _fold(database, live)
    kept = live.with_name(f"{live.name}.before-restore-{at:%Y%m%dT%H%M%SZ}")
    draft = live.with_name(f".{live.name}.restoring")
    with _said(database, f"The copy {copy} could not be put in place"):
        _copy(copy, draft)
        existed = live.exists()
        if existed:
            _keep(live, kept)
        draft.replace(live)
        _sync(live.parent)
    return kept if existed else None


def copy_before(database: Database, revision: str) -> Path:
    """Copy the database beside itself before it is migrated to `revision`; a copy of an earlier try is replaced."""
    source = Path(str(database.url.database))
    to = source.with_name(f"{source.name}.before-{revision}")
    with _said(database, f"The database was not migrated, because its copy {to} could not be made"):
        _copy(source, to)
    return to


def _file(database: Database, refused: Failed) -> Path:
    if database.dialect != "sqlite":
        raise refused("This command is for SQLite.", hint="For PostgreSQL use pg_dump and pg_restore.")
    return Path(str(database.url.database))


def _copy(source: Path, to: Path) -> None:
    """Copy by SQLite's backup: one moment of the source, checked, and complete before it has its name."""
    draft = to.with_name(f".{to.name}.{os.getpid()}")
    try:
        os.close(os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600))
        with closing(_read_only(source)) as old, closing(sqlite_driver.connect(str(draft))) as new:
            old.backup(new)
            new.execute("PRAGMA journal_mode=DELETE")
            found = new.execute("PRAGMA quick_check(1)").fetchone()[0]
            if found != "ok":
                raise sqlite_driver.DatabaseError(f"the database is damaged: {found}")
        draft.replace(to)
        _sync(to.parent)
    finally:
        for suffix in ("", "-journal"):
            draft.with_name(draft.name + suffix).unlink(missing_ok=True)


def _read_only(file: Path) -> Any:
    return sqlite_driver.connect(f"{file.absolute().as_uri()}?mode=ro", uri=True, timeout=_PATIENCE_S)


def _check(copy: Path, refused: Failed) -> None:
    """Refuse what is not a sound database of the studio, or is newer than this version of it."""
    not_ours = f"The file {copy} is not a database of the studio."
    if not copy.is_file():
        raise refused(f"There is no file {copy}.")
    try:
        with closing(_read_only(copy)) as connection:
            tables = {name for (name,) in connection.execute("SELECT name FROM sqlite_schema WHERE type = 'table'")}
            if not tables >= _OURS | {"alembic_version"}:
                raise refused(not_ours)
            revision = connection.execute("SELECT version_num FROM alembic_version").fetchone()
            sound = connection.execute("PRAGMA integrity_check(1)").fetchone()[0] == "ok"
    except sqlite_driver.Error:
        raise refused(not_ours) from None
    if not sound:
        raise refused(f"The file {copy} is damaged.", hint="Take an earlier copy.")
    if standing(revision and revision[0]) == "newer":
        raise refused(f"The file {copy} was written by a newer version of the studio.", hint="Update the studio first.")


def _fold(database: Database, live: Path) -> None:
    """Bring the log into the file, which SQLite does only when nobody else has it open.

    What cannot be read is left alone, file and log: closing it after a write would change both.
    """
    if not live.exists():
        return
    try:
        with closing(_read_only(live)) as connection:
            connection.execute("SELECT count(*) FROM sqlite_schema").fetchone()
        with closing(sqlite_driver.connect(str(live), timeout=_PATIENCE_S)) as connection:
            connection.execute("PRAGMA journal_mode=DELETE")
    except sqlite_driver.Error as problem:
        if "locked" in str(problem):
            raise database.failure("The database is in use.", hint="Stop the studio on it, and restore then.") from None
        logger.info("the database that is replaced cannot be read: %s", problem)


def _keep(live: Path, kept: Path) -> None:
    """Give the file its second name, so that there is a database under the first one at every moment."""
    try:
        os.link(live, kept)
    except OSError:
        shutil.copy2(live, kept)
    for suffix in _LOG_FILES:  # only a damaged database still has them, and they are not the copy's
        with suppress(FileNotFoundError):
            live.with_name(live.name + suffix).replace(kept.with_name(kept.name + suffix))


def _sync(folder: Path) -> None:
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


@contextmanager
def _said(database: Database, what: str) -> Iterator[None]:
    try:
        yield
    except (sqlite_driver.Error, OSError) as problem:
        reason = getattr(problem, "strerror", None) or str(problem)
        raise database.failure(f"{what}: {reason}.", hint="The database is as it was.") from None
