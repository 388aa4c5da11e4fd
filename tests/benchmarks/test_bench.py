"""The benchmark still runs: its stub, a tiny round in processes of its own, and its table. No time is judged here."""

from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import httpx2
import pytest
import yaml

from benchmarks.processes import Place, Worker, environment, stub_server
from benchmarks.report import CAUSES, Circumstances, page
from benchmarks.rounds import QUICK, measure_calls, measure_dashboard
from benchmarks.rows import ROWS, results
from benchmarks.samples import Samples
from benchmarks.stub import words


def test_a_round_of_our_chain_and_the_raw_sdk_fills_their_rows(tmp_path: Path) -> None:
    samples = Samples()
    with stub_server(tmp_path) as stub:
        versions = measure_calls(Place(tmp_path, stub), replace(QUICK, a_round=2), samples)
    assert "openai" in versions
    reckoned, missing = results(samples)
    assert [result.row.key for result in reckoned] == ["chain", "chain-streamed", "piece", "threads"]
    assert all(result.ratio > 0 for result in reckoned)
    assert len(reckoned) + len(missing) == len(ROWS)


def test_the_stub_answers_whole_and_in_one_chunk_a_word(tmp_path: Path) -> None:
    with stub_server(tmp_path) as stub, httpx2.Client(base_url=f"{stub}/s-1-5/v1") as client:
        whole = client.post("/responses", json={}).json()
        assert whole["output"][0]["content"][0]["text"] == "".join(words(5))
        streamed = client.post("/responses", json={"stream": True}).text
        assert streamed.count("data: ") == 5 + 8 and streamed.count("event: response.output_text.delta") == 5
        chat = client.post("/chat/completions", json={"stream": True}).text
        assert chat.count('"content": "word') == 5 and chat.endswith("data: [DONE]\n\n")
        assert client.post(f"{stub}/elsewhere", json={}).status_code == 404


def test_a_worker_that_cannot_do_what_it_is_asked_says_why(tmp_path: Path) -> None:
    with (
        pytest.raises(RuntimeError, match="did not get the answer"),
        stub_server(tmp_path) as stub,
        Worker(Place(tmp_path, stub), "calling", kind="raw", stub=stub) as worker,
    ):
        worker.ask("warm", path="s-0-3", expected="another answer")


def test_a_worker_knows_no_key_of_the_machine(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ANTHROPIC_API_KEY", "sk-of-the-house")
    monkeypatch.setenv("OPENAI_API_KEY", "sk-of-the-house")
    assert "sk-of-the-house" not in environment().values()


def test_the_page_says_by_how_much_and_why_a_bar_is_missed() -> None:
    samples = Samples()
    for measure, value in {
        "call/ours-sqlite": 3.2,
        "call/raw": 1.0,
        "piece/ours-sqlite": 1.0,
        "piece/raw": 5.0,
    }.items():
        samples.add(measure, [value])
    reckoned, missing = results(samples)
    told = Circumstances(datetime.now(UTC), 60, "2 cores", {"openai": "1"}, "calls 1", 0.0, "litellm was left out")
    written = page(reckoned, missing, samples, told)
    assert (
        "| full chain on SQLite (durable) vs the raw SDK call | 3.20x | 3.20 to 3.20 | 1.6x | 1.25 | **no** |"
        in written
    )
    assert "3.20x, 2.00 times the bar. " + yaml.safe_load(CAUSES.read_text("utf-8"))["chain"] in written
    assert "not measured: litellm was left out" in written


def test_every_cause_belongs_to_a_row_with_a_bar() -> None:
    assert set(yaml.safe_load(CAUSES.read_text("utf-8"))) <= {row.key for row in ROWS if row.bar}


def test_a_small_ledger_fills_the_rows_of_the_dashboard_and_its_sums_agree(tmp_path: Path) -> None:
    samples = Samples()
    shape = measure_dashboard(Place(tmp_path, ""), QUICK, samples)
    assert shape == "1 people, 2 models each, 180 days, 55 calls a cell: 19,800 lines, 360 sums"
    (result,) = results(samples)[0]
    assert result.row.key == "dashboard-sqlite" and result.ratio > 0
