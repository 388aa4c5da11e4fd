"""OpenAI: what is asked, and what every answer and every failure becomes."""

import json
import threading
from typing import Any

import pytest

from engine.errors import (
    BadRequest,
    KeyRejected,
    ModelNotFound,
    Overloaded,
    ProviderError,
    ProviderQuota,
    RateLimited,
    Refused,
    Stopped,
    StreamCut,
    TooLong,
)
from engine.llm import CallControl, Completed, LLMRequest, Message, Provider, StreamEvent, Tool, ToolCall, Usage
from engine.providers import Adapters
from engine.providers.openai_responses import read
from tests.engine.providers.canned import KEY, WAIT_S, Peer, credential, heard, hosting, question, sse, text_of
from tests.engine.providers.wires import WIRES, requested
from tests.engine.vendors import Vendors

WIRE = WIRES["openai"]


@pytest.fixture
def openai(adapters: Adapters) -> Provider:
    return adapters.get("openai")


def ask(openai: Provider, url: str, request: LLMRequest | None = None, **more: Any) -> list[StreamEvent]:
    control = more.get("control") or CallControl(WAIT_S)
    return list(openai.stream("gpt-4.1", request or question(), credential(url), control))


def test_a_rejected_key_is_named_by_its_provider_and_its_end(openai: Provider, vendors: Vendors) -> None:
    vendors.will("fail", status=401)
    with pytest.raises(KeyRejected, match=r"^OpenAI does not accept the key …1234\.$"):
        ask(openai, f"{vendors.url}/v1")


def test_a_request_to_slow_down_says_for_how_long(openai: Provider, vendors: Vendors) -> None:
    vendors.will("fail", status=429, retry_after=7)
    with pytest.raises(RateLimited) as slow:
        ask(openai, f"{vendors.url}/v1")
    assert slow.value.retry_after == 7
    assert slow.value.hint == "Try again in 7 s."


def test_stop_ends_an_answer_that_has_stalled(openai: Provider, vendors: Vendors) -> None:
    vendors.will("reply", text="one two three four five six seven")
    vendors.will("stream_fault", kind="stall", after_chunks=6, stall_seconds=WAIT_S)
    control = CallControl(10 * WAIT_S)
    events = openai.stream("gpt-4.1", question(), credential(f"{vendors.url}/v1"), control)
    next(event for event in events if event.kind == "text")
    threading.Thread(target=control.stop).start()
    with pytest.raises(Stopped):
        list(events)


def test_a_connection_closed_without_an_answer_counts_as_broken_off(openai: Provider) -> None:
    with hosting(lambda peer: peer.request() and None) as host, pytest.raises(StreamCut):
        ask(openai, host.url)


@pytest.mark.parametrize(
    ("status", "error", "kind"),
    [
        (429, {"code": "insufficient_quota"}, ProviderQuota),
        (400, {"code": "context_length_exceeded"}, TooLong),
        (400, {"type": "exceed_context_size_error", "code": 400}, TooLong),
        (403, {"code": "model_not_found"}, ModelNotFound),
        (400, {"code": "content_policy_violation"}, Refused),
        (400, {"message": f"no {KEY} here\n" + "x" * 999}, BadRequest),
        (307, {}, BadRequest),
    ],
)
def test_the_code_of_a_refusal_counts_more_than_its_status(
    openai: Provider, status: int, error: dict[str, Any], kind: type[ProviderError]
) -> None:
    def refuse(peer: Peer) -> None:
        peer.request()
        peer.answer(status, json.dumps({"error": error}), location="http://127.0.0.1:9/elsewhere")

    with hosting(refuse) as host, pytest.raises(kind) as refused:
        ask(openai, host.url)
    assert KEY not in refused.value.message
    assert len(refused.value.message) < 400


def test_a_model_that_knows_no_temperature_is_asked_without(adapters: Adapters) -> None:
    refusal = '{"error": {"message": "Unsupported", "param": "temperature"}}'
    requests = requested(adapters, WIRE, question(temperature=0.7), refusal)
    assert [body.get("temperature") for _, body in requests] == [0.7, None]


def test_the_request_carries_all_that_was_asked_and_is_not_stored(adapters: Adapters) -> None:
    talk = (Message("user", "Hi.", "Ann"), Message("user", "Hello.", "Bob"), Message("assistant", "Yes?"))
    schema = {"type": "object", "properties": {"a": {"type": "string"}}, "required": ["a"]}
    request = LLMRequest(talk, "Be kind.", 5, schema=schema, tools=(Tool("clock", "The time.", {}),))
    [(head, body)] = requested(adapters, WIRE, request)
    assert f"authorization: bearer {KEY}" in head.lower()
    assert body == {
        "model": "gpt-4.1",
        "instructions": "Be kind.",
        "input": [
            {"type": "message", "role": "user", "content": "Ann: Hi.\n\nBob: Hello."},
            {"type": "message", "role": "assistant", "content": "Yes?"},
        ],
        "max_output_tokens": 16,
        "store": False,
        "stream": True,
        "text": {"format": {"type": "json_schema", "name": "answer", "schema": schema, "strict": False}},
        "tools": [{"type": "function", "name": "clock", "description": "The time.", "parameters": {}, "strict": False}],
    }


def end_of(*frames: str) -> Completed:
    events, problem = heard(read, [sse(*frames)])
    assert problem is None
    assert isinstance(events[-1], Completed)
    assert text_of(events) == events[-1].response.text
    return events[-1]


def test_the_five_counts_of_tokens_are_disjoint() -> None:
    usage = (
        '{"input_tokens": 100, "input_tokens_details": {"cached_tokens": 60},'
        ' "output_tokens": 50, "output_tokens_details": {"reasoning_tokens": 30}}'
    )
    response = f'{{"id": "r", "model": "gpt-4.1-2025", "status": "completed", "usage": {usage}}}'
    end = end_of(f'{{"type": "response.completed", "response": {response}}}').response
    assert end.usage == Usage(input=40, cache_read=60, output=20, reasoning=30)
    assert end.model == "gpt-4.1-2025"


@pytest.mark.parametrize(
    ("why", "finish"), [("max_output_tokens", "length"), ("content_filter", "refusal"), ("novelty", "length")]
)
def test_an_incomplete_answer_says_why_it_ends(why: str, finish: str) -> None:
    response = f'{{"id": "r", "model": "m", "status": "incomplete", "incomplete_details": {{"reason": "{why}"}}}}'
    assert end_of(f'{{"type": "response.incomplete", "response": {response}}}').response.finish_reason == finish


def test_a_refusal_is_an_answer_with_its_words_and_its_usage() -> None:
    usage = '{"input_tokens": 9, "output_tokens": 4}'
    response = f'{{"id": "r", "model": "m", "status": "completed", "usage": {usage}}}'
    end = end_of(
        '{"type": "response.refusal.delta", "delta": "I would rather not."}',
        f'{{"type": "response.completed", "response": {response}}}',
    ).response
    assert (end.finish_reason, end.text) == ("refusal", "I would rather not.")
    assert end.usage == Usage(input=9, output=4)


def test_a_call_of_a_tool_is_handed_on() -> None:
    item = '{"type": "function_call", "call_id": "c1", "name": "clock", "arguments": "{}"}'
    events, _ = heard(read, [sse(f'{{"type": "response.output_item.done", "item": {item}}}') + WIRE.whole()])
    assert events[0] == ToolCall("c1", "clock", "{}")
    assert events[-1].kind == "completed"
    assert events[-1].response.finish_reason == "tool_call"


@pytest.mark.parametrize(
    ("code", "kind"),
    [("rate_limit_exceeded", RateLimited), ("server_error", Overloaded), ("", StreamCut), ("novelty", StreamCut)],
)
def test_a_failure_inside_the_stream_is_raised(code: str, kind: type[ProviderError]) -> None:
    error = f'{{"code": "{code}", "message": "It went wrong."}}'
    for frame in (
        f'{{"type": "response.failed", "response": {{"error": {error}}}}}',
        f'{{"type": "error", "code": "{code}", "message": "It went wrong."}}',
        f'{{"type": "error", "error": {error}}}',
    ):
        _, problem = heard(read, [sse(frame)])
        assert type(problem) is kind
