"""Google: what is asked, and what every answer and every failure becomes."""

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
from engine.providers.google_generate import read
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
from tests.engine.providers.wires import WIRES, google_error, requested

WIRE = WIRES["google"]
END = '{"candidates": [{"finishReason": "STOP"}]}'


def parts(*given: dict[str, Any], **more: Any) -> str:
    return json.dumps({"candidates": [{"content": {"parts": given, "role": "model"}, **more}]})


def end_of(*frames: str) -> LLMResponse:
    events, problem = heard(read, [sse(*frames)])
    assert problem is None
    assert isinstance(events[-1], Completed)
    assert text_of(events) == events[-1].response.text
    return events[-1].response


def test_the_request_carries_all_that_was_asked(adapters: Adapters) -> None:
    talk = (Message("user", "Hi.", "Ann"), Message("user", "Hello.", "Bob"), Message("assistant", "Yes?"))
    schema = {"type": "object", "properties": {"a": {"type": "string"}}, "required": ["a"]}
    tool = Tool("clock", "The time.", {"type": "object", "properties": {}})
    request = LLMRequest(talk, "Be kind.", 5, temperature=0.5, seed=7, schema=schema, tools=(tool,))
    [(head, body)] = requested(adapters, WIRE, request)
    assert "/v1beta/models/gemini-2.5-flash:streamGenerateContent?alt=sse HTTP" in head
    assert f"x-goog-api-key: {KEY}" in head.lower()
    assert body["contents"] == [
        {"role": "user", "parts": [{"text": "Ann: Hi.\n\nBob: Hello."}]},
        {"role": "model", "parts": [{"text": "Yes?"}]},
    ]
    assert body["systemInstruction"]["parts"] == [{"text": "Be kind."}]
    assert body["generationConfig"] == {
        "maxOutputTokens": 5,
        "temperature": 0.5,
        "seed": 7,
        "responseMimeType": "application/json",
        "responseJsonSchema": schema,
        "thinkingConfig": {"thinking_budget": 0},
    }
    [function] = body["tools"][0]["functionDeclarations"]
    assert (function["name"], function["description"]) == ("clock", "The time.")


def test_wishes_that_a_model_does_not_know_are_dropped_one_by_one(adapters: Adapters) -> None:
    refusals = [
        google_error(400, "Budget 0 is invalid. This model only works in thinking mode."),
        google_error(400, "Temperature is not supported by this model."),
    ]
    requests = requested(adapters, WIRE, question(temperature=0.5), *refusals)
    assert [sorted(body["generationConfig"]) for _, body in requests] == [
        ["maxOutputTokens", "temperature", "thinkingConfig"],
        ["maxOutputTokens", "temperature"],
        ["maxOutputTokens"],
    ]


def test_a_model_with_room_for_it_may_think_aloud(adapters: Adapters) -> None:
    [(_, body)] = requested(adapters, WIRE, question(max_output_tokens=8192))
    assert body["generationConfig"]["thinkingConfig"] == {"include_thoughts": True}


@pytest.mark.parametrize("model", ["../../tunedModels/x", "a?key=b", "a b", "a#b", "", "a/b/c", "a%2e%2e"])
def test_a_model_whose_name_is_no_name_is_not_found_and_nothing_is_sent(adapters: Adapters, model: str) -> None:
    with hosting(lambda peer: None) as host:
        with pytest.raises(ModelNotFound):
            list(adapters.get("google").stream(model, question(), credential(host.url), CallControl(WAIT_S)))
        assert host.connections == 0


def test_the_recorded_answer_is_read_as_it_was_given() -> None:
    events, problem = heard(read, [recorded("google")])
    assert problem is None
    assert text_of(events) == "¡Hola!"
    assert ReasoningDelta("Spanish.") in events
    assert isinstance(events[-1], Completed)
    response = events[-1].response
    assert response.usage == Usage(input=24, cache_read=16, output=3, reasoning=6)
    assert (response.finish_reason, response.model, response.request_id) == ("stop", "gemini-2.5-flash", "kX9aZ")


@pytest.mark.parametrize(
    ("given", "ours"),
    [
        ("STOP", "stop"),
        ("OTHER", "stop"),
        ("NOVELTY", "stop"),
        ("MAX_TOKENS", "length"),
        ("SAFETY", "refusal"),
        ("RECITATION", "refusal"),
        ("PROHIBITED_CONTENT", "refusal"),
        ("BLOCKLIST", "refusal"),
        ("SPII", "refusal"),
    ],
)
def test_the_finish_reason_is_put_in_our_words(given: str, ours: str) -> None:
    assert end_of(END.replace("STOP", given)).finish_reason == ours


def test_a_prompt_that_is_blocked_is_a_refusal_with_its_usage() -> None:
    blocked = '{"promptFeedback": {"blockReason": "SAFETY"}, "usageMetadata": {"promptTokenCount": 9}}'
    answer = end_of(blocked)
    assert (answer.text, answer.finish_reason, answer.usage) == ("", "refusal", Usage(input=9))


def test_a_reason_with_every_frame_does_not_end_the_answer_early() -> None:
    frames = [parts({"text": text}, finishReason="STOP") for text in ("one ", "two ", "three")]
    assert end_of(*frames).text == "one two three"


def test_a_call_of_a_tool_is_handed_on() -> None:
    call = {"functionCall": {"name": "clock", "args": {"zone": "Åland"}}}
    named = {"functionCall": {"id": "f7", "name": "clock"}}
    events, problem = heard(read, [sse(parts(call, named), END)])
    assert problem is None
    assert events[1:3] == [ToolCall("clock-1", "clock", '{"zone": "Åland"}'), ToolCall("f7", "clock", "{}")]
    assert events[-1].kind == "completed"
    assert events[-1].response.finish_reason == "tool_call"


REASON = {"@type": "type.googleapis.com/google.rpc.ErrorInfo", "reason": "API_KEY_INVALID"}
WAIT = {"@type": "type.googleapis.com/google.rpc.RetryInfo", "retryDelay": "31.5s"}
REFUSALS: list[tuple[str, type[ProviderError]]] = [
    (google_error(400, "API key not valid.", REASON), KeyRejected),
    (google_error(400, "The input token count (2000000) exceeds the maximum number of tokens allowed."), TooLong),
    (google_error(400, "User location is not supported for the API use."), BadRequest),
    (google_error(403, "Billing is off.", {"reason": "BILLING_DISABLED"}), ProviderQuota),
    (google_error(403), KeyRejected),
    (google_error(404), ModelNotFound),
    (google_error(429, "You exceeded your current quota.", WAIT), RateLimited),
    (google_error(500), Overloaded),
    (google_error(503), Overloaded),
]


@pytest.mark.parametrize(("body", "kind"), REFUSALS)
def test_a_refusal_is_told_by_its_details(adapters: Adapters, body: str, kind: type[ProviderError]) -> None:
    def refuse(peer: Peer) -> None:
        peer.request()
        peer.answer(json.loads(body)["error"]["code"], body)

    with hosting(refuse) as host, pytest.raises(ProviderError) as refused:
        list(adapters.get("google").stream("gemini", question(), credential(host.url), CallControl(WAIT_S)))
    assert type(refused.value) is kind
    assert not refused.value.charged
    if isinstance(refused.value, RateLimited):
        assert refused.value.retry_after == 31.5


@pytest.mark.parametrize(("body", "kind"), REFUSALS)
def test_an_error_in_the_stream_is_what_it_is_before_the_first_word_and_a_cut_after_it(
    body: str, kind: type[ProviderError]
) -> None:
    assert type(heard(read, [sse(body)])[1]) is kind
    events, problem = heard(read, [WIRE.said() + sse(body)])
    assert type(problem) is StreamCut
    assert text_of(events) == "Hello"


def test_the_list_has_the_models_that_answer_questions_over_all_its_pages(adapters: Adapters) -> None:
    pages = [
        {"models": [{"name": "models/b", "supportedGenerationMethods": ["generateContent"]}], "nextPageToken": "p2"},
        {"models": [{"name": "models/e", "supportedGenerationMethods": ["embedContent"]}, {"name": "models/a"}]},
    ]

    def turn_pages(peer: Peer) -> None:
        for page in pages:
            peer.request()
            peer.answer(200, json.dumps(page), content_type="application/json")

    with hosting(turn_pages) as host:
        assert adapters.get("google").list_models(credential(host.url)) == ["a", "b"]


def test_a_frame_that_is_cut_in_two_is_not_put_together_from_guesses() -> None:
    _, problem = heard(read, [WIRE.said() + b'data: {"candidates": [\n\n' + sse(END)])
    assert type(problem) is Malformed
