"""The module-level calls that old code makes, against an OpenAI-compatible server on loopback."""

import json
import os
import subprocess
import sys
from pathlib import Path

from engine import run_llm, run_structured
from tests.engine.providers.vendors import Vendors

ROOT = Path(__file__).parents[2]
KEY = "sk-only-key-0000000000"


def python(code: str, tmp_path: Path, vendors: Vendors) -> str:
    """What a fresh interpreter prints that knows one key and one address."""
    environment = {
        "PATH": os.environ["PATH"],
        "PYTHONPATH": str(ROOT),
        "OPENAI_API_KEY": KEY,
        "STUDIO_OPENAI_BASE_URL": vendors.openai_url,
    }
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=tmp_path, env=environment, capture_output=True, text=True, timeout=120
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


def test_with_only_an_openai_key_hello_goes_to_gpt_4_1_with_that_key(tmp_path: Path, vendors: Vendors) -> None:
    said = python("from engine import run_llm; print(run_llm('hello').output)", tmp_path, vendors)
    assert said.strip()
    (request,) = vendors.requests()
    assert request["body"]["model"] == "gpt-4.1"
    assert KEY in json.dumps(request)


def test_the_public_names_are_importable_at_once() -> None:
    assert callable(run_llm) and callable(run_structured)
