"""The module-level calls that old code makes, against an OpenAI-compatible server on loopback."""

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from tests.engine.providers.canned import Peer, hosting, recorded
from tests.engine.vendors import Vendors

ROOT = Path(__file__).parents[2]
KEY = "sk-only-key-0000000000"
STRUCTURED = """
from pydantic import BaseModel
from engine import run_structured
class Hiker(BaseModel):
    name: str
    days: int
for schema in (Hiker, Hiker.model_json_schema()):
    result = run_structured("Who hikes?", schema)
    print(repr(result.parsed), result.fallback, repr(result.output_text))
"""


@pytest.fixture
def python(tmp_path: Path, vendors: Vendors) -> Any:
    """Runs code in a fresh interpreter that knows one key and one address; returns the lines it prints."""

    def run(code: str, address: str = f"{vendors.url}/v1") -> list[str]:
        environment = {
            "PATH": os.environ["PATH"],
            "PYTHONPATH": str(ROOT),
            "OPENAI_API_KEY": KEY,
            "STUDIO_OPENAI_BASE_URL": address,
        }
        done = subprocess.run(
            [sys.executable, "-c", code], cwd=tmp_path, env=environment, capture_output=True, text=True, timeout=120
        )
        assert (done.returncode, done.stderr) == (0, "")
        return done.stdout.splitlines()

    return run


def test_with_only_an_openai_key_hello_goes_to_gpt_4_1_with_that_key(python: Any) -> None:
    asked = []

    def listen(peer: Peer) -> None:
        head, body = peer.request()
        asked.append((KEY in head, json.loads(body)["model"], json.loads(body)["input"]))
        peer.answer(200, recorded("responses").decode())

    with hosting(listen) as host:
        said = python("from engine import run_llm; r = run_llm('hello'); print(r.answer.route.ref)", host.url)
    assert said == ["openai:gpt-4.1"]
    assert asked == [(True, "gpt-4.1", [{"type": "message", "role": "user", "content": "hello"}])]


def test_a_program_that_never_asks_does_not_wait_for_the_house(python: Any) -> None:
    loaded = python("from engine import run_llm, run_structured\nimport sys\nprint(*sys.modules, sep='\\n')")
    assert "engine.direct" in loaded and not {"sqlalchemy", "pydantic", "jsonschema", "openai"} & set(loaded)


def test_a_structured_answer_is_parsed_by_model_or_by_schema(python: Any, vendors: Vendors) -> None:
    vendors.will("reply", text='{"name": "Ana", "days": 3}', times=None)
    said = python(STRUCTURED)
    assert said[0].startswith("Hiker(name='Ana', days=3) False")
    assert said[1].startswith("{'name': 'Ana', 'days': 3} False")


def test_text_that_does_not_fit_the_schema_comes_back_as_it_is_after_one_call(python: Any, vendors: Vendors) -> None:
    vendors.will("reply", text='{"name": "Ana"}', times=None)
    assert python(STRUCTURED) == ['None True \'{"name": "Ana"}\''] * 2
    assert len(vendors.requests()) == 2
