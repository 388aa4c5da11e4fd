"""`usage report` over the thirty calls that were reckoned by hand."""

import csv
import io
from decimal import Decimal
from pathlib import Path

from db.session import Database
from tests.engine.cli.conftest import Run, error, read
from tests.engine.usage.golden import book_of, write
from tests.engine.usage.test_golden import FORMULA


def test_the_report_has_the_figures_as_json_as_csv_and_as_a_table(run: Run, database: Database, tmp_path: Path) -> None:
    write(database, book_of(tmp_path))
    month = ("usage", "report", "--since", "2026-11-01", "--until", "2026-12-01")
    report = read(run(*month, "--by", "provider", "--json"))
    assert {row["provider"]: (row["calls"], row["cost_usd"], row["unknown_price_calls"]) for row in report["rows"]} == {
        "anthropic": (9, "0.034750000", 0),
        "openai": (12, "0.015822000", 2),
        "google": (4, "0.020010000", 0),
        "groq": (3, "0.000840000", 0),
        "local": (1, "0.000000000", 0),
    }
    assert report["total"] == {
        "calls": 29, "tokens_in": 45_601, "tokens_out": 6_226, "cost_usd": "0.071422000", "unknown_price_calls": 2,
    }  # fmt: skip
    assert list(report["rows"][0]) == [
        "provider", "calls", "tokens_in", "tokens_out", "cost_usd", "unknown_price_calls",
    ]  # fmt: skip

    head, *rows = csv.reader(io.StringIO(run(*month, "--by", "person,persona", "--csv").stdout))
    assert head[:2] == ["person", "persona"]
    assert sum(Decimal(row[head.index("cost_usd")]) for row in rows) == Decimal("0.071422")
    assert [cell for row in rows for cell in row[:2] if cell.startswith(FORMULA)] == []
    assert any("cmd|" in row[0] for row in rows) and any("HYPER" in row[1] for row in rows)

    assert "total  29 calls  45601 + 6226 tokens  $0.0714  2 of unknown price" in run(*month).stdout
    assert "total  1 calls" in run("usage", "report", "--until", "2026-11-01").stdout
    assert error(run(*month, "--json", "--csv")) == (2, "bad_input")
