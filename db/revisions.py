"""The versions of the tables: which the studio knows, and how far a database is."""

from pathlib import Path
from typing import Literal

from alembic.config import Config
from alembic.script import ScriptDirectory

State = Literal["current", "behind", "empty", "newer"]

MIGRATIONS = Path(__file__).parent / "migrations"


def newest() -> str:
    """The revision of this version of the studio."""
    return _known()[0]


def standing(revision: str | None) -> State:
    """How a database at `revision` stands to this version of the studio."""
    known = _known()
    if revision is None:
        return "empty"
    if revision not in known:
        return "newer"
    return "current" if revision == known[0] else "behind"


def config() -> Config:
    """Where Alembic finds the migrations."""
    config = Config()
    config.set_main_option("script_location", str(MIGRATIONS).replace("%", "%%"))
    return config


def _known() -> list[str]:
    """All revisions, the newest first."""
    return [script.revision for script in ScriptDirectory.from_config(config()).walk_revisions()]
