"""`personas rehearse`: what a stranger sees of a rehearsal."""

from engine.errors import NotFound
from tests.engine.cli.conftest import Run, error, read


def test_a_rehearsal_says_what_came_of_every_check_and_asks_nothing_twice(run: Run) -> None:
    found = read(run("personas", "rehearse", "general", "--json"))
    states = {(row["kind"], row["judged_by"]): row["state"] for row in found["results"]}
    assert states == {("sample", "model"): "unjudged", ("limit", "model"): "unjudged"}, "the script gives no verdicts"
    assert found["persona"] == "general" and found["cost_usd"] == "0.000000000" and found["lost"] == []
    assert found["calls"] == 2 * len(found["results"])
    assert found["rates"] == [{"version": 1, "model": "scripted:smollm2", "passed": 0, "total": len(found["results"])}]
    again = read(run("personas", "rehearse", "general", "--judge", "scripted:smollm2", "--json"))
    assert again["calls"] == len(found["results"]), "the answers are there; only their verdicts are asked for"
    said = run("personas", "rehearse", "general", "--again").stdout
    assert f"version 1 on scripted:smollm2: 0 of {len(found['results'])} passed." in said and "calls, cost" in said


def test_a_persona_that_is_not_there_is_not_rehearsed(run: Run) -> None:
    for wrong in (("user:nobody",), ("general", "--version", "9")):
        assert error(run("personas", "rehearse", *wrong, "--json")) == (NotFound.exit_code, "not_found")
    assert error(run("personas", "rehearse", "general", "--model", "nonsense", "--json")) == (2, "bad_input")
