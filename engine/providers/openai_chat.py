"""The chat completions format, which OpenAI began and many servers speak."""

from collections.abc import Iterator
from contextlib import AbstractContextManager
from typing import Any

from engine.llm import (
    Completed,
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
from engine.providers.answering import opened
from engine.providers.counts import Counts
from engine.providers.failures import Asked
from engine.providers.frames import Body, Frame, Frames
from engine.providers.turns import answer_format, turns

_FINISH: dict[str, FinishReason] = {
    "length": "length",
    "content_filter": "refusal",
    "tool_calls": "tool_call",
    "function_call": "tool_call",
}


def create(client: Any, model: str, request: LLMRequest) -> AbstractContextManager[Body]:
    """Post the request through the SDK of OpenAI or one like it; the answer comes as a stream of raw bytes."""
    system = [{"role": "system", "content": request.system}] if request.system else []
    body: dict[str, Any] = {
        "model": model,
        "messages": [*system, *({"role": role, "content": text} for role, text in turns(request.messages))],
        "max_tokens": request.max_output_tokens,
        "stream": True,
        "extra_body": {"stream_options": {"include_usage": True}},
    }
    if request.temperature is not None:
        body["temperature"] = request.temperature
    if request.seed is not None:
        body["seed"] = request.seed
    if request.schema is not None:
        body["response_format"] = {"type": "json_schema", "json_schema": answer_format(request.schema)}
    if request.tools:
        body["tools"] = [
            {
                "type": "function",
                "function": {"name": tool.name, "description": tool.description, "parameters": tool.parameters},
            }
            for tool in request.tools
        ]
    return opened(client.chat.completions.with_streaming_response.create, body, "temperature", "seed")


class _Answer:
    """What has come so far."""

    def __init__(self) -> None:
        self.text: list[str] = []
        self.refused = False
        self.calls: dict[int, dict[str, str]] = {}
        self.finish: str | None = None

    def deltas(self, choice: Frame) -> Iterator[StreamEvent]:
        """Take in one choice of a chunk."""
        delta = choice.get("delta") or {}
        if thought := delta.get("reasoning_content") or delta.get("reasoning"):
            yield ReasoningDelta(thought)
        self.refused |= bool(delta.get("refusal"))
        if text := delta.get("content") or delta.get("refusal"):
            self.text.append(text)
            yield TextDelta(text)
        for part in delta.get("tool_calls") or ():
            call = self.calls.setdefault(part["index"], {"id": "", "name": "", "arguments": ""})
            call["id"] = part.get("id") or call["id"]
            for name, piece in (part.get("function") or {}).items():
                call[name] += piece or ""
        self.finish = choice.get("finish_reason") or self.finish

    @property
    def finish_reason(self) -> FinishReason:
        """Our word for why it ended."""
        if self.refused:
            return "refusal"
        return "tool_call" if self.calls else _FINISH.get(self.finish or "", "stop")


def read(frames: Frames, asked: Asked) -> Iterator[StreamEvent]:
    """Turn chunks into our events. The usage comes with or after the end marker, when the server counts at all."""
    answer = _Answer()
    usage = Usage()
    model, request_id = asked.model, None
    for frame in frames:
        if error := frame.get("error"):
            raise asked.failed(error if isinstance(error, dict) else {"message": error})
        if request_id is None:
            model, request_id = frame.get("model") or model, frame.get("id") or ""
            yield Started(model, request_id)
        usage = _usage(frame, usage)
        for choice in frame.get("choices") or ():
            yield from answer.deltas(choice)
        if answer.finish:
            break
    else:
        return
    for frame in frames.rest():
        usage = _usage(frame, usage)
    for call in answer.calls.values():
        yield ToolCall(call["id"], call["name"], call["arguments"])
    yield Completed(LLMResponse("".join(answer.text), usage, answer.finish_reason, model, request_id))


def _usage(frame: Frame, before: Usage) -> Usage:
    """Cached tokens are counted within the prompt, and reasoning within the completion. Groq has its own place."""
    own = frame.get("x_groq")
    report = frame.get("usage") or (own.get("usage") if isinstance(own, dict) else None)
    if not report:
        return before
    counts = Counts(report)
    cached = counts("prompt_tokens_details", "cached_tokens")
    written = counts("prompt_tokens_details", "cache_write_tokens")
    reasoning = counts("completion_tokens_details", "reasoning_tokens")
    return counts.usage(
        counts("prompt_tokens") - cached - written,
        counts("completion_tokens") - reasoning,
        cache_read=cached,
        cache_write=written,
        reasoning=reasoning,
    )
