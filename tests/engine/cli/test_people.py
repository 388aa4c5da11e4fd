"""`people …` and `audit export` as a stranger runs them."""

import csv
import io
import json

import pytest

from tests.engine.cli.conftest import Run, error, read

on_sqlite = pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)


def test_people_are_disabled_enabled_and_given_roles_and_the_log_says_so(run: Run) -> None:
    added = read(run("people", "add", "mia@example.org", "--verified", "--json"))
    assert (added["department_id"], added["last_seen_at"]) == (None, None)
    assert read(run("people", "disable", "MIA@example.org", "--json"))["disabled"] is True
    assert error(run("ask", "hi", "--as", "mia@example.org", "--json")) == (3, "forbidden")
    assert read(run("people", "enable", "mia@example.org", "--json"))["disabled"] is False
    assert run("ask", "hi", "--as", "mia@example.org").returncode == 0
    assert read(run("people", "set-role", "mia@example.org", "admin", "--json"))["role"] == "admin"
    assert error(run("people", "set-role", "mia@example.org", "user", "--json")) == (2, "bad_input")
    assert error(run("people", "disable", "mia@example.org", "--json")) == (2, "bad_input")

    acts = json.loads(run("audit", "export").stdout)
    assert [act["action"] for act in acts] == ["person.role", "person.enable", "person.disable", "person.add"]
    assert {(act["actor"], act["target_id"]) for act in acts} == {("Operator", added["id"])}
    rows = list(csv.DictReader(io.StringIO(run("audit", "export", "--csv").stdout, newline="")))
    assert [row["action"] for row in rows] == [act["action"] for act in acts]
    assert json.loads(rows[0]["after"]) == {"role": "admin"}


@on_sqlite
def test_the_log_is_read_from_a_day_on(run: Run) -> None:
    assert run("people", "add", "mia@example.org").returncode == 0
    assert len(read(run("audit", "export", "--since", "2020-01-01", "--json"))) == 1
    for later in ("2999-12-31", "2999-12-31T09:30+02:00"):
        assert read(run("audit", "export", "--since", later)) == []
    assert run("audit", "export", "--since", "2999-12-31", "--csv").stdout.count("\n") == 1


@on_sqlite
def test_what_is_refused_has_its_code(run: Run) -> None:
    assert error(run("audit", "export", "--since", "yesterday", "--json")) == (2, "bad_input")
    assert error(run("audit", "export", "--csv", "--json")) == (2, "bad_input")
    assert error(run("people", "disable", "no@example.org", "--json")) == (5, "not_found")
    assert error(run("people", "set-role", "no@example.org", "king", "--json")) == (2, "bad_input")
