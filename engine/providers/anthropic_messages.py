"""Anthropic, by its Messages API."""

import json
from collections.abc import Iterator, Mapping
from functools import lru_cache
from typing import Any

from anthropic import Anthropic, transform_schema

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
from engine.providers.answering import listed, opened, streamed
from engine.providers.counts import Counts
from engine.providers.failures import Asked
from engine.providers.frames import Frame, Frames
from engine.providers.turns import ROOM_TO_THINK, turns
from engine.providers.wire import http_client
from engine.settings import Settings

PAGE = 1000

_FINISH: dict[str, FinishReason] = {
    "max_tokens": "length",
    "model_context_window_exceeded": "length",
    "refusal": "refusal",
    "tool_use": "tool_call",
}


class AnthropicMessages:
    """Anthropic over the official SDK. It knows neither temperature nor seed."""

    def __init__(self, settings: Settings) -> None:
        self._label = PROVIDERS["anthropic"].label

    def stream(
        self, model: str, request: LLMRequest, credential: Credential, control: CallControl
    ) -> Iterator[StreamEvent]:
        """Ask `model`; with little room for the answer it is asked not to think first."""
        asked = Asked(self._label, model, credential.api_key)
        body = _body(model, request)
        create = client(credential).messages.with_streaming_response.create
        return streamed(control, asked, lambda: opened(create, body, "thinking"), read)

    def list_models(self, credential: Credential) -> list[str]:
        """The ids that the key may use."""
        asked = Asked(self._label, "", credential.api_key)
        return listed(asked, lambda: [model.id for model in client(credential).models.list(limit=PAGE)])

    def check(self, credential: Credential) -> int:
        """Prove that the key works."""
        return len(self.list_models(credential))


@lru_cache(maxsize=64)
def client(credential: Credential) -> Anthropic:
    """The client of one key at one address, whatever the SDK's environment variables say. All share connections."""
    key = credential.api_key.reveal()
    return Anthropic(
        api_key=key,
        base_url=credential.base_url,
        default_headers={"Authorization": f"Bearer {key}"},
        max_retries=0,
        timeout=None,
        open_telemetry=False,
        http_client=http_client(),
    )


def _body(model: str, request: LLMRequest) -> dict[str, Any]:
    body: dict[str, Any] = {
        "model": model,
        "messages": [{"role": role, "content": text} for role, text in turns(request.messages)],
        "max_tokens": request.max_output_tokens,
        "stream": True,
    }
    if request.system:
        body["system"] = request.system
    if request.max_output_tokens < ROOM_TO_THINK:
        body["thinking"] = {"type": "disabled"}
    if request.schema is not None:
        body["output_config"] = {"format": {"type": "json_schema", "schema": _closed(request.schema)}}
    if request.tools:
        body["tools"] = [
            {"name": tool.name, "description": tool.description, "input_schema": {"type": "object", **tool.parameters}}
            for tool in request.tools
        ]
    return body


def _closed(schema: Mapping[str, Any]) -> dict[str, Any]:
    """The schema in the subset that Anthropic takes; as it is when the SDK cannot bring it there."""
    try:
        return transform_schema(dict(schema))
    except (ValueError, TypeError, AttributeError, AssertionError):
        return dict(schema)


class _Answer:
    """What has come so far."""

    def __init__(self, model: str) -> None:
        self.model: str = model
        self.request_id: str | None = None
        self.usage: Frame = {}
        self.text: list[str] = []
        self.calls: dict[int, ToolCall] = {}
        self.stop_reason: str | None = None
        self.explanation = ""

    def begin(self, message: Frame) -> Started:
        """Take in the head of the message."""
        self.model, self.request_id = message["model"], message["id"]
        self.count(message)
        return Started(self.model, self.request_id)

    def block(self, frame: Frame) -> Iterator[StreamEvent]:
        """Take in the beginning of a block of content."""
        block = frame["content_block"]
        if block["type"] == "tool_use":
            self.calls[frame["index"]] = ToolCall(block["id"], block["name"], "")
        elif block["type"] == "text" and block.get("text"):
            yield from self.say(block["text"])

    def delta(self, frame: Frame) -> Iterator[StreamEvent]:
        """Take in more of a block."""
        delta = frame["delta"]
        match delta["type"]:
            case "text_delta":
                yield from self.say(delta["text"])
            case "thinking_delta":
                yield ReasoningDelta(delta["thinking"])
            case "input_json_delta" if frame["index"] in self.calls:
                call = self.calls[frame["index"]]
                self.calls[frame["index"]] = ToolCall(call.id, call.name, call.arguments + delta["partial_json"])

    def say(self, text: str) -> Iterator[StreamEvent]:
        """Say part of the answer."""
        self.text.append(text)
        yield TextDelta(text)

    def count(self, frame: Frame) -> None:
        """Take in a report of usage. The one at the end leaves out, or leaves empty, what the one of the head said."""
        if isinstance(report := frame.get("usage"), dict):
            self.usage |= {name: count for name, count in report.items() if count is not None}

    def near_end(self, frame: Frame) -> None:
        """Take in why the message ends."""
        self.stop_reason = frame["delta"].get("stop_reason") or self.stop_reason
        self.explanation = (frame["delta"].get("stop_details") or {}).get("explanation") or ""
        self.count(frame)

    def end(self) -> Iterator[StreamEvent]:
        """Everything is said."""
        if self.stop_reason == "refusal" and self.explanation and not self.text:
            yield from self.say(self.explanation)
        for call in self.calls.values():
            yield ToolCall(call.id, call.name, call.arguments or json.dumps({}))
        finish = _FINISH.get(self.stop_reason or "", "stop")
        yield Completed(LLMResponse("".join(self.text), _usage(self.usage), finish, self.model, self.request_id))


def read(frames: Frames, asked: Asked) -> Iterator[StreamEvent]:
    """Turn the events of the Messages API into ours."""
    answer = _Answer(asked.model)
    for frame in frames:
        match frame["type"]:
            case "message_start":
                yield answer.begin(frame["message"])
            case "content_block_start":
                yield from answer.block(frame)
            case "content_block_delta":
                yield from answer.delta(frame)
            case "message_delta":
                answer.near_end(frame)
            case "message_stop":
                for _ in frames.rest():
                    continue
                yield from answer.end()
                return
            case "error":
                raise asked.failed(frame["error"])


def _usage(report: Frame) -> Usage:
    """Anthropic counts what it read from and wrote to its cache apart, and thinking within the output."""
    counts = Counts(report)
    reasoning = counts("output_tokens_details", "thinking_tokens")
    return counts.usage(
        counts("input_tokens"),
        counts("output_tokens") - reasoning,
        cache_read=counts("cache_read_input_tokens"),
        cache_write=counts("cache_creation_input_tokens"),
        reasoning=reasoning,
    )
