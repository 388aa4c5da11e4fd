"""`personas …` as a stranger runs it: cards in, cards out, and what is said of them."""

import json
from pathlib import Path

import pytest

from tests.engine.cli.conftest import Run, error, read

on_sqlite = pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
ME = ("--as", "mia@example.org", "--json")


def test_a_persona_goes_out_and_in_by_its_file(run: Run, tmp_path: Path) -> None:
    assert run("people", "add", "mia@example.org", "--verified").returncode == 0
    card = tmp_path / "ada.yaml"
    card.write_text("name: Ada\nrole: Sceptical engineer\nvoice: Short.\nvisibility: workspace\n")
    came = read(run("personas", "import", str(card), *ME))
    assert came.keys() == {"key", "report"} and came["key"] == "user:ada"
    assert came["report"]["lossless"] is True and came["report"]["dropped"] == []
    assert all(isinstance(line, str) for line in came["report"]["kept"])

    shown = read(run("personas", "show", "user:ada", *ME))
    assert (shown["visibility"], shown["spec"]["voice"]) == ("private", "Short.")
    out = tmp_path / "ada.png"
    written = read(run("personas", "export", "user:ada", str(out), *ME))
    assert written["bytes"] == out.stat().st_size and written["report"]["lossless"] is True
    again = read(run("personas", "import", str(out), *ME))
    assert again["key"] == "user:ada-2" and again["report"]["lossless"] is True
    assert read(run("personas", "show", "user:ada-2", *ME))["spec"] == shown["spec"]
    listed = read(run("personas", "list", *ME))["personas"]
    assert [each["key"] for each in listed][:2] == ["user:ada", "user:ada-2"] and len(listed) == 10


@on_sqlite
def test_each_ending_has_its_format_and_people_read_a_report(run: Run, tmp_path: Path) -> None:
    for ending in (".v2.json", ".json"):
        assert run("personas", "export", "maestro", str(tmp_path / f"m{ending}")).returncode == 0
    assert json.loads((tmp_path / "m.v2.json").read_text())["spec"] == "chara_card_v2"
    assert json.loads((tmp_path / "m.json").read_text())["spec"] == "chara_card_v3"
    said = run("personas", "export", "maestro", str(tmp_path / "m.charx")).stdout
    assert "maestro was written to" in said and "Nothing was left out." in said
    assert "Maestro de Ritmos" in run("personas", "list", "--search", "ritmos").stdout
    assert "system_prompt: " in run("personas", "show", "maestro").stdout


@on_sqlite
def test_what_is_refused_has_its_code(run: Run, tmp_path: Path) -> None:
    assert run("people", "add", "mia@example.org", "--verified").returncode == 0
    broken, nameless = tmp_path / "x.png", tmp_path / "x.yaml"
    broken.write_bytes(b"\x89PNG\r\n\x1a\n....")
    nameless.write_text("role: Nobody in particular\n")
    for command, expected in {
        ("import", str(broken), *ME): (2, "bad_input"),
        ("import", str(nameless), *ME): (2, "bad_input"),
        ("export", "maestro", str(tmp_path / "x.docx"), *ME): (2, "bad_input"),
        ("export", "maestro", str(tmp_path / "no" / "x.png"), *ME): (2, "bad_input"),
        ("export", "user:nobody", str(tmp_path / "x.json"), *ME): (5, "not_found"),
    }.items():
        assert error(run("personas", *command)) == expected, command
    assert len(read(run("personas", "list", *ME))["personas"]) == 8
