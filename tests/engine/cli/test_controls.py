"""Stops, plans and reports on the command line."""

import pytest

from tests.engine.cli.conftest import Run, error, read
from tests.engine.cli.test_cli import on_sqlite


def test_a_stop_refuses_with_its_own_code_until_it_is_lifted(run: Run) -> None:
    assert error(run("ask", "hi", "--json", AI_FEATURES_ENABLED="false")) == (3, "ai_disabled")
    stopped = read(run("controls", "stop", "--reason", "Costs ran away.", "--json"))["stopped"]
    assert [(line["scope"], line["reason"], line["author"]) for line in stopped] == [
        ("everything", "Costs ran away.", "Operator")
    ]
    refused = run("ask", "hi", "--json")
    assert error(refused) == (3, "stopped") and "Costs ran away." in refused.stdout
    assert read(run("controls", "resume", "--json")) == {"stopped": []}
    assert read(run("ask", "hi", "--json"))["text"]
    assert error(run("controls", "resume", "--json")) == (5, "not_found")


@on_sqlite
def test_a_scoped_stop_stops_only_its_scope(run: Run) -> None:
    for email in ("ada@example.org", "bea@example.org"):
        read(run("people", "add", email, "--verified", "--json"))
    read(run("controls", "stop", "person", "ada@example.org", "--reason", "Talk to me.", "--json"))
    assert error(run("ask", "hi", "--as", "ada@example.org", "--json")) == (3, "stopped")
    assert read(run("ask", "hi", "--as", "bea@example.org", "--json"))
    assert "ada" in run("controls", "list").stdout
    assert "Nothing is stopped." in run("controls", "resume", "person", "ada@example.org").stdout
    for wrong in (("moon",), ("provider", "nobody"), ("person", "nobody@example.org")):
        assert error(run("controls", "stop", *wrong, "--reason", "x", "--json"))[0] in (2, 5)
    assert error(run("controls", "stop", "--reason", "x", "--until", "never", "--json")) == (2, "bad_input")


@on_sqlite
def test_a_plan_and_its_report(run: Run) -> None:
    read(run("people", "add", "ada@example.org", "--verified", "--json"))
    assert read(run("people", "set-plan", "ada@example.org", "light", "--json"))["email"] == "ada@example.org"
    assert error(run("people", "set-plan", "ada@example.org", "gold", "--json")) == (2, "bad_input")
    read(run("ask", "hi", "--as", "ada@example.org", "--json"))
    report = read(run("usage", "report", "--by", "person,surface", "--json"))
    (row,) = report["rows"]
    assert (row["person"], row["surface"], row["calls"], row["cost_usd"]) == ("ada", "cli", 1, "0.000000000")
    assert report["total"]["calls"] == 1 and set(report["total"]) == {
        "calls", "tokens_in", "tokens_out", "cost_usd", "unknown_price_calls",
    }  # fmt: skip
    assert "total  1 calls" in run("usage", "report", "--since", "2020-01-01").stdout
    assert read(run("usage", "report", "--until", "2020-01-01", "--json"))["rows"] == []
    assert error(run("usage", "report", "--by", "moon", "--json")) == (2, "bad_input")


@pytest.mark.parametrize("arguments", [("controls",), ("usage",), ("controls", "stop")])
@on_sqlite
def test_a_command_that_is_not_complete_says_how_it_is_used(run: Run, arguments: tuple[str, ...]) -> None:
    done = run(*arguments)
    assert done.returncode in (0, 2) and "Traceback" not in done.stderr
