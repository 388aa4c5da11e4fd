"""OpenAI, by its Responses API."""

from collections.abc import Iterator
from typing import Any

from engine.llm import (
    CallControl,
    Completed,
    Credential,
    FinishReason,
    LLMRequest,
    LLMResponse,
    ReasoningDelta,
    Started,
    StreamEvent,
    TextDelta,
    ToolCall,
    Usage,
)
from engine.providers import PROVIDERS
from engine.providers.answering import opened, streamed
from engine.providers.counts import Counts
from engine.providers.failures import Asked
from engine.providers.frames import Frame, Frames
from engine.providers.openai_client import client, model_ids
from engine.providers.turns import answer_format, turns
from engine.settings import Settings

LEAST_OUTPUT_TOKENS = 16


class OpenAIResponses:
    """OpenAI over the official SDK."""

    def __init__(self, settings: Settings) -> None:
        self._label = PROVIDERS["openai"].label

    def stream(
        self, model: str, request: LLMRequest, credential: Credential, control: CallControl
    ) -> Iterator[StreamEvent]:
        """Ask `model`; nothing of it is stored at OpenAI."""
        asked = Asked(self._label, model, credential.api_key)
        body = _body(model, request)
        create = client(credential).responses.with_streaming_response.create
        return streamed(control, asked, lambda: opened(create, body, "temperature"), read)

    def list_models(self, credential: Credential) -> list[str]:
        """The ids that the key may use."""
        return model_ids(credential, Asked(self._label, "", credential.api_key))

    def check(self, credential: Credential) -> int:
        """Prove that the key works."""
        return len(self.list_models(credential))


def _body(model: str, request: LLMRequest) -> dict[str, Any]:
    talk = [{"type": "message", "role": role, "content": text} for role, text in turns(request.messages)]
    body: dict[str, Any] = {
        "model": model,
        "extra_body": {"input": talk},  # as it is: the SDK would walk through it field by field
        "max_output_tokens": max(LEAST_OUTPUT_TOKENS, request.max_output_tokens),
        "store": False,
        "stream": True,
    }
    if request.system:
        body["instructions"] = request.system
    if request.temperature is not None:
        body["temperature"] = request.temperature
    if request.schema is not None:
        body["text"] = {"format": {"type": "json_schema", **answer_format(request.schema)}}
    if request.tools:
        body["tools"] = [
            {
                "type": "function",
                "name": tool.name,
                "description": tool.description,
                "parameters": tool.parameters,
                "strict": False,
            }
            for tool in request.tools
        ]
    return body


def read(frames: Frames, asked: Asked) -> Iterator[StreamEvent]:
    """Turn the events of the Responses API into ours. A refusal is text too, told apart by the finish reason."""
    text: list[str] = []
    refused = called = False
    for frame in frames:
        match frame["type"]:
            case "response.created":
                yield Started(frame["response"].get("model") or asked.model, frame["response"]["id"])
            case "response.output_text.delta" | "response.refusal.delta" as kind:
                refused |= kind == "response.refusal.delta"
                text.append(frame["delta"])
                yield TextDelta(frame["delta"])
            case "response.reasoning_text.delta" | "response.reasoning_summary_text.delta":
                yield ReasoningDelta(frame["delta"])
            case "response.output_item.done" if frame["item"]["type"] == "function_call":
                called = True
                item = frame["item"]
                yield ToolCall(item["call_id"], item["name"], item["arguments"])
            case "response.completed" | "response.incomplete":
                for _ in frames.rest():
                    continue
                yield Completed(_response(frame["response"], "".join(text), refused=refused, called=called))
                return
            case "response.failed":
                raise asked.failed(frame["response"].get("error") or {})
            case "error":
                raise asked.failed(frame.get("error") or frame)


def _response(answer: Frame, text: str, *, refused: bool, called: bool) -> LLMResponse:
    why = (answer.get("incomplete_details") or {}).get("reason")
    finish: FinishReason = "stop"
    if refused or why == "content_filter":
        finish = "refusal"
    elif answer["status"] == "incomplete":
        finish = "length"
    elif called:
        finish = "tool_call"
    return LLMResponse(text, _usage(answer), finish, answer["model"], answer["id"])


def _usage(answer: Frame) -> Usage:
    """OpenAI counts cached tokens within the input, and reasoning within the output."""
    counts = Counts(answer.get("usage"))
    cached = counts("input_tokens_details", "cached_tokens")
    reasoning = counts("output_tokens_details", "reasoning_tokens")
    return counts.usage(
        counts("input_tokens") - cached,
        counts("output_tokens") - reasoning,
        cache_read=cached,
        reasoning=reasoning,
    )
