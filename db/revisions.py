"""The versions of the tables: which the studio knows, and how far a database is."""

from pathlib import Path
from typing import Literal

State = Literal["current", "behind", "empty", "newer"]

MIGRATIONS = Path(__file__).parent / "migrations"


def newest() -> str:
    """The revision of this version of the studio."""
    return known()[-1]


def known() -> list[str]:
    """All revisions, the oldest first: each is the number that its file's name begins with."""
    return sorted(file.name.partition("_")[0] for file in (MIGRATIONS / "versions").glob("[0-9]*_*.py"))


def standing(revision: str | None) -> State:
    """How a database at `revision` stands to this version of the studio."""
    if revision is None:
        return "empty"
    if revision not in known():
        return "newer"
    return "current" if revision == newest() else "behind"
