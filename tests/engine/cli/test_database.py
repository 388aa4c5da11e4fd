"""`doctor`, `backup` and `restore` as a stranger runs them, also where the machine has a fault."""

import os
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest
from sqlalchemy import text

from db.session import Database
from tests.databases import opened
from tests.engine.cli.conftest import ROOT, Run, read
from tests.engine.providers.canned import Peer, hosting

SQLITE = pytest.mark.parametrize("database_url", [""], ids=["sqlite"])
LIMITED = "import resource; resource.setrlimit(resource.RLIMIT_FSIZE, (4096, 4096))"


def said(done: subprocess.CompletedProcess[str]) -> str:
    """The one sentence, with its way on, of a command that found the house unsound."""
    assert (done.returncode, done.stdout) == (6, "")
    assert len(done.stderr.strip().splitlines()) == 1 and "Traceback" not in done.stderr
    return done.stderr


def everybody(run: Run, **variables: str) -> list[str]:
    return [person["name"] for person in read(run("people", "list", "--json", **variables))["people"]]


def mounted(folder: Path, options: str) -> bool:
    """Whether this machine lets us have a small disk of our own there."""
    folder.mkdir()
    done = subprocess.run(["mount", "-t", "tmpfs", "-o", options, "tmpfs", folder], capture_output=True, check=False)
    return done.returncode == 0


class Disk:
    """A disk that can be filled to the last byte; where none may be mounted, files that may not grow."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self._own = mounted(folder, "size=2m")
        self._ballast = folder / "ballast"
        self._limit = folder / "sitecustomize.py"

    def fill(self) -> dict[str, str]:
        """Leave no space; what a command's environment needs to feel it."""
        if not self._own:
            self._limit.write_text(LIMITED)
            return {"PYTHONPATH": f"{self.folder}{os.pathsep}{ROOT}"}
        with pytest.raises(OSError, match="No space left"), self._ballast.open("wb", buffering=0) as file:
            while True:
                file.write(b"x" * 1024)
        return {}

    def clear(self) -> None:
        self._ballast.unlink(missing_ok=True)
        self._limit.unlink(missing_ok=True)

    def close(self) -> None:
        if self._own:
            subprocess.run(["umount", self.folder], check=True)


@pytest.fixture
def disk(tmp_path: Path) -> Iterator[Disk]:
    disk = Disk(tmp_path / "disk")
    yield disk
    disk.close()


@pytest.fixture
def read_only(tmp_path: Path) -> Iterator[Path]:
    """A folder that nobody can write to, not even root."""
    folder = tmp_path / "read-only"
    own = mounted(folder, "ro")
    folder.chmod(0o500) if not own else None
    yield folder if own or os.geteuid() else Path("/proc")
    if own:
        subprocess.run(["umount", folder], check=True)


@SQLITE
def test_a_full_disk_is_one_sentence_and_loses_nothing(run: Run, disk: Disk) -> None:
    data = {"STUDIO_DATA_DIR": str(disk.folder / "data")}
    read(run("people", "add", "ada@example.org", "--json", **data))
    full = disk.fill()
    for command in (["doctor"], ["people", "add", "bob@example.org"], ["backup", str(disk.folder / "copy.db")]):
        sentence = said(run(*command, **data | full))
        assert "full" in sentence or "could not be made" in sentence
    disk.clear()
    assert not list(disk.folder.glob("*copy.db*"))
    assert run("doctor", **data).returncode == 0
    assert everybody(run, **data) == ["ada"]


@SQLITE
def test_a_data_folder_that_is_read_only_is_one_sentence(run: Run, read_only: Path) -> None:
    sentence = said(run("doctor", STUDIO_DATA_DIR=str(read_only)))
    assert str(read_only) in sentence and "cannot be" in sentence


def test_a_database_of_a_newer_version_is_one_sentence_and_is_left_alone(run: Run, database: Database) -> None:
    def set_revision(revision: str) -> str:
        with database.write() as unit:
            before = str(unit.connection.scalar(text("SELECT version_num FROM alembic_version")))
            unit.connection.execute(text("UPDATE alembic_version SET version_num = :to"), {"to": revision})
        return before

    read(run("people", "add", "ada@example.org", "--json"))
    ours = set_revision("9999")
    try:
        for command in (["doctor"], ["people", "list"], ["migrate"]):
            assert "newer version of the studio" in said(run(*command))
    finally:
        assert set_revision(ours) == "9999"
    assert everybody(run) == ["ada"]


@SQLITE
def test_a_backup_comes_back_and_the_database_before_is_kept(run: Run, tmp_path: Path) -> None:
    read(run("people", "add", "ada@example.org", "--json"))
    copied = read(run("backup", "copy.db", "--json"))
    assert copied == {"file": "copy.db", "bytes": (tmp_path / "copy.db").stat().st_size}
    read(run("people", "add", "bob@example.org", "--json"))
    restored = read(run("restore", "copy.db", "--json"))
    assert restored["restored"] == "copy.db" and everybody(run) == ["ada"]
    assert everybody(run, DATABASE_URL=f"sqlite:///{restored['kept']}") == ["ada", "bob"]


@SQLITE
def test_a_refused_file_is_bad_input(run: Run, tmp_path: Path) -> None:
    (tmp_path / "notes.txt").write_text("notes")
    for command in (["restore", "nowhere.db"], ["restore", "notes.txt"], ["backup", "notes.txt"]):
        done = run(*command)
        assert done.returncode == 2 and len(done.stderr.splitlines()) == 1
    assert (tmp_path / "notes.txt").read_text() == "notes"


@SQLITE
def test_a_database_in_use_is_not_replaced(run: Run, tmp_path: Path) -> None:
    assert run("backup", "none.db").returncode == 6, "there is nothing to copy yet"
    read(run("people", "add", "ada@example.org", "--json"))
    read(run("backup", "copy.db", "--json"))
    studio = opened(f"sqlite:///{tmp_path / 'data' / 'studio.db'}")
    studio.ping()
    assert "in use" in said(run("restore", "copy.db"))
    studio.close()


@SQLITE
def test_postgresql_is_left_to_its_own_tools(run: Run, postgres_url: str) -> None:
    for command in ("backup", "restore"):
        done = run(command, "copy.db", DATABASE_URL=postgres_url)
        assert done.returncode == 2 and "pg_dump" in done.stderr


@SQLITE
def test_doctor_names_the_local_model_and_its_file(run: Run, tmp_path: Path) -> None:
    assert "smollm2 (SmolLM2-135M-Instruct.Q4_1.gguf, " in run("doctor").stdout
    assert "The local model other.gguf is not there." in run("doctor", STUDIO_LOCAL_MODEL_PATH="other.gguf").stdout


@SQLITE
def test_doctor_asks_the_server_that_stands_in_for_the_local_model(run: Run) -> None:
    def models(peer: Peer) -> None:
        peer.request()
        body = '{"object": "list", "data": [{"id": "llama3", "object": "model"}]}'
        peer.answer(200, body, content_type="application/json")

    with hosting(models) as host:
        url = host.url.replace("://", "://me:hunter2@")
        answering = run("doctor", STUDIO_LOCAL_BASE_URL=url).stdout
    silent = run("doctor", STUDIO_LOCAL_BASE_URL=url)
    assert "answers, it has models: llama3" in answering
    assert silent.returncode == 0 and "does not answer (Local model cannot be reached)" in silent.stdout
    assert "hunter2" not in answering + silent.stdout
