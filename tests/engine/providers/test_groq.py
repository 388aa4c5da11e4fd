"""Groq: what it has of its own beside the chat completions that others speak too."""

import gzip
import json

import pytest

from engine.errors import BadRequest, ModelNotFound, Overloaded, ProviderError, RateLimited, StreamCut, TooLong
from engine.llm import CallControl, ReasoningDelta, Usage
from engine.providers import Adapters
from engine.providers.openai_chat import read
from tests.engine.providers.canned import KEY, WAIT_S, Peer, credential, heard, hosting, question, recorded, text_of
from tests.engine.providers.wires import WIRES, requested

WIRE = WIRES["groq"]


def test_the_recorded_answer_is_read_as_it_was_given() -> None:
    events, problem = heard(read, [recorded("groq")])
    assert problem is None
    assert text_of(events) == "¡Hola!"
    assert ReasoningDelta("Spanish.") in events
    assert events[-1].kind == "completed"
    assert events[-1].response.usage == Usage(input=24, cache_read=16, output=3, reasoning=6)


def test_the_request_asks_for_a_stream_with_its_usage(adapters: Adapters) -> None:
    request = question(system="Be kind.", temperature=0.5, seed=7, schema={"type": "object"})
    [(head, body)] = requested(adapters, WIRE, request)
    assert head.startswith("POST /v1/openai/v1/chat/completions HTTP")
    assert f"authorization: bearer {KEY}" in head.lower()
    assert body == {
        "model": WIRE.model,
        "messages": [{"role": "system", "content": "Be kind."}, {"role": "user", "content": "Who are you?"}],
        "max_tokens": 16,
        "stream": True,
        "stream_options": {"include_usage": True},
        "temperature": 0.5,
        "seed": 7,
        "response_format": {
            "type": "json_schema",
            "json_schema": {"name": "answer", "schema": {"type": "object"}, "strict": False},
        },
    }


def test_an_answer_that_is_packed_is_unpacked_on_the_way(adapters: Adapters) -> None:
    packed = gzip.compress(WIRE.whole(WIRE.counted("9", "4")))

    def pack(peer: Peer) -> None:
        peer.request()
        peer.send(b"HTTP/1.1 200 OK\r\ncontent-encoding: gzip\r\ncontent-length: %d\r\n\r\n" % len(packed) + packed)

    with hosting(pack) as host:
        events = list(adapters.get("groq").stream("m", question(), credential(host.url), CallControl(WAIT_S)))
    assert text_of(events) == "Hello"


@pytest.mark.parametrize(
    ("status", "code", "kind"),
    [
        (400, "model_decommissioned", ModelNotFound),
        (400, "json_validate_failed", BadRequest),
        (400, "context_length_exceeded", TooLong),
        (413, "rate_limit_exceeded", TooLong),
        (429, "rate_limit_exceeded", RateLimited),
        (498, "capacity_exceeded", Overloaded),
    ],
)
def test_a_refusal_is_told_by_its_code(adapters: Adapters, status: int, code: str, kind: type[ProviderError]) -> None:
    def refuse(peer: Peer) -> None:
        peer.request()
        peer.answer(status, json.dumps({"error": {"message": "It went wrong.", "type": "tokens", "code": code}}))

    with hosting(refuse) as host, pytest.raises(ProviderError) as refused:
        list(adapters.get("groq").stream("m", question(), credential(host.url), CallControl(WAIT_S)))
    assert type(refused.value) is kind


def test_an_error_after_the_first_word_breaks_off_what_is_paid_for() -> None:
    error = b'data: {"error": {"message": "It went wrong.", "code": "json_validate_failed"}}\n\n'
    events, problem = heard(read, [WIRE.said() + error])
    assert type(problem) is StreamCut
    assert text_of(events) == "Hello"
