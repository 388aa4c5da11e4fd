"""The wire of each vendor, in the few frames that tests need."""

import json
from dataclasses import dataclass
from typing import Any

from engine.llm import CallControl, LLMRequest
from engine.providers import Adapters
from tests.engine.providers.canned import WAIT_S, Peer, credential, hosting, sse


@dataclass(frozen=True, slots=True)
class Wire:
    """How one provider speaks. `path` leads to it at the emulator; `counts` is a report of usage with a hole for each
    of its two numbers, and `end` what follows the text, with a hole for that report."""

    provider: str
    model: str
    path: str
    stream: str
    start: str
    word: str
    end: tuple[str, ...]
    counts: str

    def said(self) -> bytes:
        """The first word of an answer."""
        return sse(self.start, self.word)

    def whole(self, usage: str = "null") -> bytes:
        """A whole answer, which is one word."""
        return self.said() + sse(*(frame.replace("COUNTS", usage) for frame in self.end))

    def counted(self, tokens_in: str, tokens_out: str) -> str:
        """A report of usage."""
        return self.counts.replace("IN", tokens_in).replace("OUT", tokens_out)


_CHAT = {
    "start": '{"id": "c1", "model": "m", "choices": [{"index": 0, "delta": {"role": "assistant"}}]}',
    "word": '{"id": "c1", "model": "m", "choices": [{"index": 0, "delta": {"content": "Hello"}}]}',
    "counts": '{"prompt_tokens": IN, "completion_tokens": OUT}',
}
_CHAT_END = '{"id": "c1", "model": "m", "choices": [{"index": 0, "delta": {}, "finish_reason": "stop"}]'

WIRES = {
    wire.provider: wire
    for wire in (
        Wire(
            provider="openai",
            model="gpt-4.1",
            path="/v1",
            stream="responses",
            start='{"type": "response.created", "response": {"id": "r1", "model": "m"}}',
            word='{"type": "response.output_text.delta", "delta": "Hello"}',
            end=(
                '{"type": "response.completed", "response":'
                ' {"id": "r1", "model": "m", "status": "completed", "usage": COUNTS}}',
            ),
            counts='{"input_tokens": IN, "output_tokens": OUT}',
        ),
        Wire(
            provider="anthropic",
            model="claude-sonnet-5",
            path="/anthropic",
            stream="anthropic",
            start='{"type": "message_start", "message": {"id": "m1", "model": "m", "usage": {}}}',
            word='{"type": "content_block_delta", "index": 0, "delta": {"type": "text_delta", "text": "Hello"}}',
            end=(
                '{"type": "message_delta", "delta": {"stop_reason": "end_turn"}, "usage": COUNTS}',
                '{"type": "message_stop"}',
            ),
            counts='{"input_tokens": IN, "output_tokens": OUT}',
        ),
        Wire(
            provider="google",
            model="gemini-2.5-flash",
            path="/gemini",
            stream="google",
            start='{"modelVersion": "m", "responseId": "g1"}',
            word='{"candidates": [{"content": {"parts": [{"text": "Hello"}]}}]}',
            end=('{"candidates": [{"finishReason": "STOP"}], "usageMetadata": COUNTS}',),
            counts='{"promptTokenCount": IN, "candidatesTokenCount": OUT}',
        ),
        Wire(
            provider="groq",
            model="llama-3.3-70b-versatile",
            path="/groq",
            stream="groq",
            end=(_CHAT_END + ', "x_groq": {"usage": COUNTS}}',),
            **_CHAT,
        ),
        Wire(
            provider="local",
            model="llama3",
            path="/v1",
            stream="chat",
            end=(_CHAT_END + "}", '{"choices": [], "usage": COUNTS}'),
            **_CHAT,
        ),
    )
}


def requested(adapters: Adapters, wire: Wire, request: LLMRequest, *refusals: str) -> list[tuple[str, dict[str, Any]]]:
    """The heads and bodies of the requests that a provider sends, the first of which are refused with a 400."""
    requests: list[tuple[str, dict[str, Any]]] = []
    waiting = list(refusals)

    def listen(peer: Peer) -> None:
        while (received := peer.request())[0]:
            requests.append((received[0], json.loads(received[1])))
            if waiting:
                peer.answer(400, waiting.pop(0))
            else:
                peer.answer(200, wire.whole().decode())

    with hosting(listen) as host:
        list(adapters.get(wire.provider).stream(wire.model, request, credential(host.url), CallControl(WAIT_S)))
    return requests


NAMES = {400: "INVALID_ARGUMENT", 403: "PERMISSION_DENIED", 429: "RESOURCE_EXHAUSTED", 503: "UNAVAILABLE"}


def google_error(code: int, message: str = "It went wrong.", *details: dict[str, str]) -> str:
    """An error as Google reports it."""
    error = {"code": code, "message": message, "status": NAMES.get(code, "UNKNOWN"), "details": list(details)}
    return json.dumps({"error": error})


def anthropic_error(kind: str, message: str = "It went wrong.") -> str:
    """An error as Anthropic reports it, as a body or as an event."""
    return json.dumps({"type": "error", "error": {"type": kind, "message": message}, "request_id": "req_1"})
