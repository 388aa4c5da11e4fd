"""Files that a spreadsheet opens without doing anything."""

import csv
import io
import json
import shutil
import subprocess
from datetime import UTC, date, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as some

from engine.exports import as_csv, as_json, table

STARTS = "=+-@\t\r\0\uff1d\uff0b\uff0d\uff20\ufe66\ufe62\ufe63\ufe6b\u2212"


def written(value: Any) -> str:
    """One value as it stands in a file."""
    return as_csv(["value"], [[value]]).decode().removeprefix('"value"\r\n').removesuffix("\r\n")


def read(data: bytes) -> list[list[str]]:
    return list(csv.reader(io.StringIO(data.decode(), newline=""), strict=True))


@pytest.mark.parametrize("start", STARTS)
@pytest.mark.parametrize("before", ["", " ", "   ", "\u00a0", "\u3000", "\u200b", "\ufeff", "\n", " \t"])
def test_what_could_be_a_formula_stands_behind_an_apostrophe(before: str, start: str) -> None:
    text = f"{before}{start}cmd|' /C calc'!A0"
    assert read(as_csv(["value"], [[text]]))[1] == [f"'{text}"]


@pytest.mark.parametrize("text", ["Ada", "a=b", "1-2", "a\n=b", "", " ", "'quoted'", "’", "é", "\u200bAda"])
def test_other_texts_stay_as_they_are(text: str) -> None:
    assert read(as_csv(["value"], [[text]]))[1] == [text]


def test_numbers_are_numbers_and_texts_like_numbers_are_not() -> None:
    numbers = [-5, 0, 2.5, -0.25, Decimal("-0.000028100"), Decimal("1E-9"), 10**20]
    said = ["-5", "0", "2.5", "-0.25", "-0.000028100", "0.000000001", "100000000000000000000"]
    assert [written(number) for number in numbers] == said
    assert written("-5") == '"\'-5"' and written("5") == '"5"'
    assert [written(value) for value in (float("inf"), float("-inf"), Decimal("NaN"), True, None)] == [
        '"inf"',
        '"\'-inf"',
        '"NaN"',
        '"true"',
        "",
    ]


def test_everything_else_is_said_plainly() -> None:
    at = datetime(2026, 11, 22, 12, tzinfo=UTC)
    row = [at, date(2026, 1, 2), UUID(int=7), {"role": "user", "list": [1]}, ("a", "b")]
    assert read(as_csv(list("abcde"), [row]))[1] == [
        "2026-11-22T12:00:00+00:00",
        "2026-01-02",
        "00000000-0000-0000-0000-000000000007",
        '{"role": "user", "list": [1]}',
        '["a", "b"]',
    ]


def test_headers_are_as_careful_as_rows() -> None:
    assert read(as_csv(["=1", "b"], []))[0] == ["'=1", "b"]


@given(some.lists(some.lists(some.text(), min_size=2, max_size=2), max_size=5))
def test_any_text_comes_back_with_at_most_one_apostrophe_more(rows: list[list[str]]) -> None:
    found = read(as_csv(["a", "b"], rows))[1:]
    for given_row, row in zip(rows, found, strict=True):
        for text, seen in zip(given_row, row, strict=True):
            assert seen in (text, f"'{text}") and seen[:1] not in tuple(STARTS)


@pytest.mark.slow
def test_a_spreadsheet_finds_no_formula_in_a_hostile_file(tmp_path: Path) -> None:
    office = shutil.which("soffice")
    if office is None:
        pytest.skip("no spreadsheet program: apt-get install --no-install-recommends libreoffice-calc")
    before = ("", " ", "\u00a0", "\u3000", "\u200b", "\ufeff", "\t")
    hostile = [f"{space}{start}1+cmd()" for space in before for start in STARTS.replace("\0", "")]
    for name, content in (("ours", as_csv(["text"], [[text] for text in hostile])), ("naive", b"text\r\n=1+1\r\n")):
        (tmp_path / f"{name}.csv").write_bytes(content)
        command = [office, "--headless", f"-env:UserInstallation=file://{tmp_path}/profile", "--convert-to", "fods"]
        subprocess.run([*command, "--outdir", tmp_path, tmp_path / f"{name}.csv"], check=True, capture_output=True)
    assert "table:formula" in (tmp_path / "naive.fods").read_text(), "the program evaluates what it finds"
    opened = (tmp_path / "ours.fods").read_text()
    assert "table:formula" not in opened and opened.count("cmd()") >= len(hostile)


def test_json_keeps_the_text_and_every_digit() -> None:
    rows = [["=1+1", Decimal("0.000028100"), -5, None, {"a": True}]]
    (found,) = json.loads(as_json(["text", "cost", "n", "none", "more"], rows))
    assert found == {"text": "=1+1", "cost": "0.000028100", "n": -5, "none": None, "more": {"a": True}}
    assert table(["a"], [[1]], "json") == as_json(["a"], [[1]]) and table(["a"], [[1]], "csv") == as_csv(["a"], [[1]])


def test_a_row_of_another_length_is_refused() -> None:
    with pytest.raises(ValueError, match="argument"):
        as_json(["a", "b"], [[1]])
