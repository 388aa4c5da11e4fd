"""The campaign's fixtures: its two sizes, its processes, and SQLite files in memory where the machine has that."""

import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.engine.conftest import clean_environment, clock, local, open_with, openai, studio
from tests.reliability.crowd import start_server
from tests.reliability.figures import Size

__all__ = ["clean_environment", "clock", "local", "open_with", "openai", "studio"]

LONGEST_S = 3 * 3600
MEMORY = Path("/dev/shm")  # noqa: S108  a folder of its own is made there


@pytest.fixture(scope="session", autouse=True)
def forks() -> None:
    start_server()


@pytest.fixture(
    params=[
        pytest.param(Size.SHORT, id="short"),
        pytest.param(Size.FULL, id="full", marks=[pytest.mark.slow, pytest.mark.timeout(LONGEST_S)]),
    ]
)
def size(request: pytest.FixtureRequest) -> Size:
    """How much is run. Mutants ask for it too, so that a campaign shows them beside the checks."""
    found: Size = request.param
    return found


@pytest.fixture
def memory(tmp_path: Path) -> Iterator[Path]:
    """A folder for databases: on a disk most of a campaign would be waiting for it. A killed process loses neither."""
    if not MEMORY.is_dir():
        yield tmp_path
        return
    folder = Path(tempfile.mkdtemp(prefix="campaign", dir=MEMORY))
    yield folder
    shutil.rmtree(folder)


@pytest.fixture
def sqlite_url(sqlite_template: Path, memory: Path) -> str:
    """A migrated, empty SQLite database of the check's own."""
    file = shutil.copy(sqlite_template, memory / "studio.db")
    return f"sqlite:///{file}"
