"""`keys …` and what `doctor` says of the master key, as an operator runs them."""

import base64
import re
from datetime import UTC, datetime
from pathlib import Path
from uuid import UUID

import pytest

from db.session import Database
from engine.accounts.actor import Actor, Role, Standing
from engine.accounts.keys import Keys
from engine.accounts.vault import load_vault
from engine.settings import Settings
from tests.engine.cli.conftest import Run, error, read

KEY = "sk-planted-0123456789abcdef"
OLD, NEW = base64.b64encode(b"o" * 32).decode(), base64.b64encode(b"n" * 32).decode()


def keeper(database: Database, tmp_path: Path) -> Keys:
    """The keys as a running studio has them."""
    settings = Settings(data_dir=tmp_path / "data")
    return Keys(database, settings, load_vault(settings), clock=lambda: datetime.now(UTC))


def somebody(run: Run, **variables: str) -> Actor:
    """A person, as an actor."""
    added = read(run("people", "add", "ada@example.org", "--json", **variables))
    return Actor(UUID(added["id"]), Role.USER, Standing.VERIFIED, "Ada", "ada", "ada@example.org")


def of_doctor(run: Run, **variables: str) -> str:
    findings = read(run("doctor", "--json", **variables))["findings"]
    return str(next(finding["found"] for finding in findings if finding["what"] == "master key"))


def test_the_key_is_changed_under_a_running_studio_and_the_old_one_given_up(
    run: Run, database: Database, tmp_path: Path, clean_environment: pytest.MonkeyPatch
) -> None:
    assert "0 of 0 sealed rows use an older one" in of_doctor(run)
    running, ada = keeper(database, tmp_path), somebody(run)
    running.save(ada, "openai", KEY)
    file = tmp_path / "data" / "master.key"
    (old,) = file.read_text().split()
    before = of_doctor(run)
    done = read(run("keys", "rotate", "--json"))
    assert done == {"key": done["key"], "new": True, "resealed": 1, "unreadable": 0} and done["key"] not in before
    assert of_doctor(run).startswith(f"{done['key']} in the key file") and "keys retire" in of_doctor(run)
    said = run("keys", "rotate")
    assert said.returncode == 0 and "Sealed anew: 0" in said.stdout
    retired = read(run("keys", "retire", "--json"))
    assert retired["key"] == done["key"] and len(retired["retired"]) == 1 and not retired["by_hand"]
    assert "There is no older master key" in run("keys", "retire").stdout
    (new,) = file.read_text().split()
    assert new != old and of_doctor(run).endswith("0 of 1 sealed rows use an older one")
    for keys in (running, keeper(database, tmp_path)):
        credential = keys.wallet(ada).credential("openai")
        assert credential is not None and credential.api_key.reveal() == KEY


def test_what_is_left_undone_is_said_and_refused(
    run: Run, database: Database, tmp_path: Path, clean_environment: pytest.MonkeyPatch
) -> None:
    clean_environment.setenv("STUDIO_MASTER_KEY", OLD)
    assert "in the variable STUDIO_MASTER_KEY" in of_doctor(run, STUDIO_MASTER_KEY=OLD)
    ada = somebody(run, STUDIO_MASTER_KEY=OLD)
    keeper(database, tmp_path).save(ada, "openai", KEY)
    assert error(run("keys", "rotate", "--json", STUDIO_MASTER_KEY=OLD)) == (2, "bad_input")
    both = {"STUDIO_MASTER_KEY": f"{NEW} {OLD}"}
    assert "1 of 1 sealed rows use an older one" in of_doctor(run, **both)
    assert error(run("keys", "retire", "--json", **both)) == (2, "bad_input")
    assert read(run("keys", "rotate", "--json", **both))["resealed"] == 1
    assert "leave only the first key" in run("keys", "retire", **both).stdout
    assert of_doctor(run, STUDIO_MASTER_KEY=NEW).endswith("0 of 1 sealed rows use an older one")


def test_nothing_printed_is_key_material(run: Run, tmp_path: Path) -> None:
    printed = ""
    secrets: set[str] = set()
    for arguments in (("doctor",), ("keys", "rotate"), ("doctor", "--json"), ("keys", "retire", "--json"), ("doctor",)):
        done = run(*arguments)
        printed += done.stdout + done.stderr
        for line in (tmp_path / "data" / "master.key").read_text().split():
            raw = base64.b64decode(line)
            secrets |= {line, line.rstrip("="), raw.hex(), base64.urlsafe_b64encode(raw).decode()}
    assert len(secrets) > 4 and [secret for secret in secrets if secret in printed] == []
    assert re.search(r"master key +[0-9a-f]{12} in the key file", printed)
