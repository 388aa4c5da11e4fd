"""`theatre run` as a stranger runs it."""

import json
from pathlib import Path

import pytest

from db.session import Database
from tests.engine.cli.conftest import Run, error, read

on_sqlite = pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
SCENE = """
title: Luxury hike
premise: A planning table in Granada, six in the morning.
cast: [{persona: operations}, {persona: writer, model: "local:smollm2", talkativeness: 0.7}]
strategy: round_robin
stop: {turns: 4, usd: 0.10, minutes: 5}
seed: 7
opening: Plan a luxury hiking trip for 4 VIP clients.
"""


@pytest.fixture
def scene(tmp_path: Path) -> Path:
    """The scene of the manual."""
    file = tmp_path / "scene.yaml"
    file.write_text(SCENE.replace(', model: "local:smollm2"', ""))
    return file


def test_a_scene_is_played_to_its_end_and_the_ledger_agrees(run: Run, scene: Path, database: Database) -> None:
    said = read(run("theatre", "run", str(scene), "--json"))
    assert set(said) == {"turns", "stopped_by", "cost_usd"} and said["stopped_by"] == "turns"
    assert [(turn["n"], turn["speaker"]) for turn in said["turns"]] == [
        (1, "operations"), (2, "writer"), (3, "operations"), (4, "writer"),
    ]  # fmt: skip
    assert set(said["turns"][0]) == {"n", "speaker", "reason", "model", "text", "cost_usd"}
    assert said["turns"][0]["text"] == "I am a scripted answer." and said["cost_usd"] == "0.000000000"
    with database.read() as unit:
        events = unit.ledger.events()
        assert [event.persona_key for event in events] == ["operations", "writer"] * 2
        assert {event.surface for event in events} == {"theatre"}
        assert unit.scenes.count(None) == 0


@on_sqlite
def test_options_win_over_the_file_and_a_person_keeps_the_scene(run: Run, scene: Path, database: Database) -> None:
    run("people", "add", "mia@example.org", "--verified")
    done = run("theatre", "run", str(scene), "--turns", "2", "--seed", "3", "--as", "mia@example.org")
    assert done.returncode == 0 and done.stdout.count("I am a scripted answer.") == 2
    assert "[2 turns · $0.0000 · All 2 turns are played.]" in done.stdout
    with database.read() as unit:
        person = unit.people.by_email("mia@example.org")
        assert person is not None
        (kept,) = unit.scenes.page(person.id, skip=0, most=9)
    assert (kept.spec["seed"], kept.spec["stop"]["turns"], kept.state) == (3, 2, "ended")


@on_sqlite
def test_what_is_wrong_with_a_scene_is_said(run: Run, scene: Path, tmp_path: Path) -> None:
    def wrong(text: str) -> tuple[int, str]:
        scene.write_text(text)
        return error(run("theatre", "run", str(scene), "--json"))

    assert error(run("theatre", "run", str(tmp_path / "none.yaml"), "--json")) == (2, "bad_input")
    assert wrong("just words") == (2, "bad_input")
    assert wrong("{") == (2, "bad_input")
    assert wrong("stop: {turns: many}") == (2, "bad_input")
    assert wrong("title: Alone") == (2, "bad_input")
    assert wrong("strategy: shouting\ncast: [{persona: writer}]") == (2, "bad_input")
    assert wrong("cast: [{persona: nobody}]") == (5, "not_found")
    assert wrong('cast: [{persona: writer, model: "openai:gpt-4.1"}]') == (4, "model_not_found")
    scene.write_text(SCENE.replace("local:smollm2", "openai:gpt-4.1"))
    cut = run("theatre", "run", str(scene), "--json")
    said = json.loads(cut.stdout)
    assert cut.returncode == 3 and [turn["speaker"] for turn in said["turns"]] == ["operations"]
    assert said["stopped_by"] == said["error"]["code"] == "model_not_found"
    assert error(run("theatre", "run", str(scene), "--json", AI_FEATURES_ENABLED="false")) == (3, "ai_disabled")
