"""`ask` at every cloud, against the emulator of all four: text, usage, price, and each fault's code."""

import json
from collections.abc import Callable
from decimal import Decimal
from typing import Any

import pytest

from tests.engine.cli.conftest import Execute
from tests.engine.vendors import Vendors

KEY = "planted-key-0000000000"
MODELS = ("openai:gpt-5.4-mini", "anthropic:claude-haiku-5-5", "google:gemini-2.5-flash", "groq:llama-3.1-8b-instant")
Ask = Callable[..., tuple[int, Any]]


@pytest.fixture
def ask(execute: Execute, sqlite_url: str, vendors: Vendors) -> Ask:
    """Runs `ask hi --json` with a key and an address for every cloud; returns exit code and output."""

    def run(model: str, **variables: str) -> tuple[int, Any]:
        environment = {"DATABASE_URL": sqlite_url}
        for name, path in (("OPENAI", "/v1"), ("ANTHROPIC", "/anthropic"), ("GOOGLE", "/gemini"), ("GROQ", "/groq")):
            environment |= {f"{name}_API_KEY": KEY, f"STUDIO_{name}_BASE_URL": vendors.url + path}
        done = execute("ask", "hi", "--model", model, "--json", **environment | variables)
        assert KEY not in done.stdout + done.stderr and "Traceback" not in done.stdout + done.stderr
        return done.returncode, json.loads(done.stdout)

    return run


@pytest.mark.parametrize("model", MODELS)
def test_each_cloud_answers_with_usage_and_price(ask: Ask, vendors: Vendors, model: str) -> None:
    vendors.will("reply", text="Good day to you.")
    code, said = ask(model)
    assert (code, said["text"]) == (0, "Good day to you.")
    route = said["route"]
    assert (f"{route['provider']}:{route['model']}", route["key_source"]) == (model, "env")
    assert said["usage"]["input"] > 0 and said["usage"]["output"] > 0
    assert Decimal(said["cost_usd"]) > 0 and len(said["cost_usd"].partition(".")[2]) == 9


FAULTS: dict[str, tuple[str, dict[str, Any]]] = {
    "key_rejected": ("fail", {"status": 401}),
    "model_not_found": ("fail", {"status": 404}),
    "provider_quota": ("fail", {"status": 402}),
    "too_long": ("fail", {"status": 413}),
    "bad_request": ("fail", {"status": 400}),
    "rate_limited": ("fail", {"status": 429, "retry_after": 60}),
    "overloaded": ("fail", {"status": 503}),
    "stream_cut": ("stream_fault", {"kind": "truncate"}),
    "malformed": ("stream_fault", {"kind": "malformed"}),
}


@pytest.mark.parametrize("code", FAULTS)
def test_each_fault_ends_with_its_code(ask: Ask, vendors: Vendors, code: str) -> None:
    behaviour, more = FAULTS[code]
    vendors.will(behaviour, times=None, **more)
    model = MODELS[list(FAULTS).index(code) % len(MODELS)]
    exit_code, said = ask(model)
    assert (exit_code, said["error"]["code"]) == (4, code)
    assert said["error"]["message"] and said["error"]["hint"]


def test_a_stalled_answer_ends_at_the_deadline(ask: Ask, vendors: Vendors) -> None:
    vendors.will("stream_fault", kind="stall", stall_seconds=60, times=None)
    exit_code, said = ask(MODELS[0], STUDIO_CALL_DEADLINE_S="2")
    assert (exit_code, said["error"]["code"]) == (4, "timeout")


def test_a_vendor_that_cannot_be_reached_is_said(ask: Ask) -> None:
    exit_code, said = ask(MODELS[1], STUDIO_ANTHROPIC_BASE_URL="http://127.0.0.1:9")
    assert (exit_code, said["error"]["code"]) == (4, "unreachable")
