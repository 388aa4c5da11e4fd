"""Anthropic: what is asked, and what every answer and every failure becomes."""

import json
from typing import Any

import pytest

from engine.errors import (
    BadRequest,
    KeyRejected,
    Malformed,
    ModelNotFound,
    Overloaded,
    ProviderError,
    ProviderQuota,
    RateLimited,
    StreamCut,
    TooLong,
)
from engine.llm import CallControl, Completed, LLMRequest, LLMResponse, Message, ReasoningDelta, Tool, ToolCall, Usage
from engine.providers import Adapters
from engine.providers.anthropic_messages import read
from tests.engine.providers.canned import (
    KEY,
    WAIT_S,
    Peer,
    credential,
    heard,
    hosting,
    question,
    recorded,
    sse,
    text_of,
)
from tests.engine.providers.wires import WIRES, anthropic_error, requested

WIRE = WIRES["anthropic"]
START = '{"type": "message_start", "message": {"id": "m1", "model": "claude", "usage": {"input_tokens": 100}}}'
STOP = '{"type": "message_stop"}'


def end(reason: str, **more: Any) -> str:
    return json.dumps(
        {"type": "message_delta", "delta": {"stop_reason": reason, **more}, "usage": {"output_tokens": 5}}
    )


def delta(index: int = 0, **more: str) -> str:
    return json.dumps({"type": "content_block_delta", "index": index, "delta": more})


def end_of(*frames: str) -> LLMResponse:
    events, problem = heard(read, [sse(*frames)])
    assert problem is None
    assert isinstance(events[-1], Completed)
    assert text_of(events) == events[-1].response.text
    return events[-1].response


def test_the_request_carries_all_that_was_asked(adapters: Adapters) -> None:
    talk = (Message("user", "Hi.", "Ann"), Message("user", "Hello.", "Bob"), Message("assistant", "Yes?"))
    schema = {"type": "object", "properties": {"a": {"type": "string", "maxLength": 9}}, "required": ["a"]}
    tool = Tool("clock", "The time.", {})
    request = LLMRequest(talk, "Be kind.", 5, temperature=0.5, seed=7, schema=schema, tools=(tool,))
    [(head, body)] = requested(adapters, WIRE, request)
    assert f"authorization: bearer {KEY}" in head.lower()
    form = body.pop("output_config")["format"]
    assert form["type"] == "json_schema"
    assert form["schema"]["additionalProperties"] is False
    assert "maxLength" not in form["schema"]["properties"]["a"]
    assert body == {
        "model": WIRE.model,
        "system": "Be kind.",
        "messages": [
            {"role": "user", "content": "Ann: Hi.\n\nBob: Hello."},
            {"role": "assistant", "content": "Yes?"},
        ],
        "max_tokens": 5,
        "stream": True,
        "thinking": {"type": "disabled"},
        "tools": [{"name": "clock", "description": "The time.", "input_schema": {"type": "object"}}],
    }


def test_a_form_that_the_sdk_cannot_bring_into_its_subset_is_sent_as_it_is(adapters: Adapters) -> None:
    schema = {"properties": {"a": {"type": ["string", "null"]}}}
    [(_, body)] = requested(adapters, WIRE, question(schema=schema))
    assert body["output_config"]["format"]["schema"] == schema


def test_a_model_that_cannot_but_think_is_asked_without_the_wish(adapters: Adapters) -> None:
    refusal = anthropic_error("invalid_request_error", '"thinking.type.disabled" is not supported for this model.')
    requests = requested(adapters, WIRE, question(), refusal)
    assert ["thinking" in body for _, body in requests] == [True, False]


def test_a_model_with_room_for_it_may_think(adapters: Adapters) -> None:
    [(_, body)] = requested(adapters, WIRE, question(max_output_tokens=8192))
    assert "thinking" not in body


def test_the_recorded_answer_is_read_as_it_was_given() -> None:
    events, problem = heard(read, [recorded("anthropic")])
    assert problem is None
    assert text_of(events) == "Hoy alií"
    assert events[-1].kind == "completed"
    assert events[-1].response.usage == Usage(input=35, output=4)
    assert events[-1].response.finish_reason == "length"


def test_the_five_counts_of_tokens_are_disjoint() -> None:
    start = json.loads(START)
    start["message"]["usage"] |= {"cache_read_input_tokens": 60, "cache_creation_input_tokens": 10, "output_tokens": 1}
    last = json.loads(end("end_turn"))
    last["usage"] = {"input_tokens": None, "output_tokens": 50, "output_tokens_details": {"thinking_tokens": 30}}
    assert end_of(json.dumps(start), json.dumps(last), STOP).usage == Usage(100, 60, 10, 20, 30)


@pytest.mark.parametrize(
    ("given", "ours"),
    [
        ("end_turn", "stop"),
        ("stop_sequence", "stop"),
        ("novelty", "stop"),
        ("max_tokens", "length"),
        ("model_context_window_exceeded", "length"),
        ("refusal", "refusal"),
        ("tool_use", "tool_call"),
    ],
)
def test_the_finish_reason_is_put_in_our_words(given: str, ours: str) -> None:
    assert end_of(START, end(given), STOP).finish_reason == ours


def test_a_refusal_is_an_answer_with_its_reason_and_its_usage() -> None:
    refusal = end("refusal", stop_details={"type": "refusal", "category": "bio", "explanation": "I would rather not."})
    answer = end_of(START, refusal, STOP)
    assert (answer.text, answer.finish_reason) == ("I would rather not.", "refusal")
    assert answer.usage == Usage(input=100, output=5)
    assert end_of(START, delta(type="text_delta", text="No."), refusal, STOP).text == "No."


def test_thinking_is_told_apart_from_the_answer() -> None:
    frames = [
        START,
        '{"type": "content_block_start", "index": 0, "content_block": {"type": "thinking", "thinking": ""}}',
        delta(type="thinking_delta", thinking="Hm."),
        delta(type="signature_delta", signature="x"),
        '{"type": "content_block_start", "index": 1, "content_block": {"type": "text", "text": "Y"}}',
        delta(1, type="text_delta", text="es."),
        '{"type": "ping"}',
        end("end_turn"),
        STOP,
    ]
    events, _ = heard(read, [sse(*frames)])
    assert ReasoningDelta("Hm.") in events
    assert text_of(events) == "Yes."


def test_the_pieces_of_a_call_of_a_tool_are_put_together() -> None:
    def begin(index: int) -> str:
        block = {"type": "tool_use", "id": f"t{index}", "name": "clock", "input": {}}
        return json.dumps({"type": "content_block_start", "index": index, "content_block": block})

    pieces = [delta(1, type="input_json_delta", partial_json=piece) for piece in ('{"zone":', '"UTC"}')]
    events, problem = heard(read, [sse(START, begin(1), *pieces, begin(2), end("tool_use"), STOP)])
    assert problem is None
    assert events[1:3] == [ToolCall("t1", "clock", '{"zone":"UTC"}'), ToolCall("t2", "clock", "{}")]
    assert events[-1].kind == "completed"
    assert events[-1].response.finish_reason == "tool_call"


ERRORS: list[tuple[str, type[ProviderError]]] = [
    ("overloaded_error", Overloaded),
    ("api_error", Overloaded),
    ("timeout_error", Overloaded),
    ("rate_limit_error", RateLimited),
    ("authentication_error", KeyRejected),
    ("permission_error", KeyRejected),
    ("billing_error", ProviderQuota),
    ("not_found_error", ModelNotFound),
    ("request_too_large", TooLong),
    ("novelty", StreamCut),
]


@pytest.mark.parametrize(("name", "kind"), ERRORS)
def test_an_error_before_the_first_word_is_raised_as_what_it_is(name: str, kind: type[ProviderError]) -> None:
    _, problem = heard(read, [sse(START, anthropic_error(name))])
    assert type(problem) is kind


@pytest.mark.parametrize(("name", "kind"), ERRORS)
def test_an_error_after_the_first_word_breaks_off_what_is_paid_for(name: str, kind: type[ProviderError]) -> None:
    events, problem = heard(read, [WIRE.said() + sse(anthropic_error(name))])
    assert type(problem) is StreamCut
    assert problem.charged
    assert text_of(events) == "Hello"


@pytest.mark.parametrize(
    ("status", "error", "kind"),
    [
        (400, ("invalid_request_error", "Your credit balance is too low to access the Anthropic API."), ProviderQuota),
        (400, ("invalid_request_error", "prompt is too long: 210000 tokens > 200000 maximum"), TooLong),
        (400, ("invalid_request_error", "messages: at least one message is required"), BadRequest),
        (402, ("billing_error", "Add a card."), ProviderQuota),
        (429, ("billing_error", "The spend limit is reached."), ProviderQuota),
        (529, ("overloaded_error", "Overloaded"), Overloaded),
    ],
)
def test_the_words_of_a_refusal_count_more_than_its_status(
    adapters: Adapters, status: int, error: tuple[str, str], kind: type[ProviderError]
) -> None:
    def refuse(peer: Peer) -> None:
        peer.request()
        peer.answer(status, anthropic_error(*error))

    with hosting(refuse) as host, pytest.raises(ProviderError) as refused:
        list(adapters.get("anthropic").stream("claude", question(), credential(host.url), CallControl(WAIT_S)))
    assert type(refused.value) is kind
    assert not refused.value.charged


def test_an_end_without_its_marker_is_an_answer_that_broke_off() -> None:
    _, problem = heard(read, [WIRE.said() + sse(end("end_turn"))])
    assert type(problem) is StreamCut


def test_a_frame_without_the_name_of_its_event_is_not_skipped() -> None:
    _, problem = heard(read, [WIRE.said() + b"data: {broken\n\n" + sse(end("end_turn"), STOP)])
    assert type(problem) is Malformed
