"""Google, by generateContent of the Gemini API."""

import json
import re
from collections.abc import Iterator
from contextlib import closing, contextmanager
from functools import lru_cache
from typing import Any

import httpx2
from google import genai
from google.genai import types

from engine.errors import Malformed, ModelNotFound
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
from engine.providers.frames import BadFrame, Body, Frame, Frames
from engine.providers.turns import ROOM_TO_THINK, turns
from engine.providers.wire import http_client
from engine.settings import Settings

API_VERSION = "v1beta"
PAGE = 1000
WISHES = ("temperature", "seed", "thinking_config")

_FINISH: dict[str, FinishReason] = {
    "MAX_TOKENS": "length",
    **dict.fromkeys(
        ("SAFETY", "RECITATION", "LANGUAGE", "BLOCKLIST", "PROHIBITED_CONTENT", "SPII", "MODEL_ARMOR"), "refusal"
    ),
}


class GoogleGenerate:
    """Google over the official SDK `google-genai`."""

    def __init__(self, settings: Settings) -> None:
        self._label = PROVIDERS["google"].label

    def stream(
        self, model: str, request: LLMRequest, credential: Credential, control: CallControl
    ) -> Iterator[StreamEvent]:
        """Ask `model`; with little room for the answer it is asked not to think first."""
        asked = Asked(self._label, model, credential.api_key)
        return streamed(control, asked, lambda: _send(credential, asked, request), read)

    def list_models(self, credential: Credential) -> list[str]:
        """The ids that the key may use and that answer questions."""
        asked = Asked(self._label, "", credential.api_key)
        return listed(asked, lambda: _ids(client(credential)) or _nothing(asked))

    def check(self, credential: Credential) -> int:
        """Prove that the key works."""
        return len(self.list_models(credential))


class _Opened(Exception):
    """The answer itself, taken from the SDK before it is taken apart there."""

    def __init__(self, response: httpx2.Response) -> None:
        super().__init__()
        self.response = response


class _HTTP(httpx2.Client):
    """The HTTP client of the SDK. The SDK passes over what it cannot read in a stream, so streams end here."""

    def send(self, request: httpx2.Request, *, stream: bool = False, **more: Any) -> httpx2.Response:
        """Send a request. Raises _Opened when the answer to it begins to stream."""
        response = super().send(request, stream=stream, **more)
        if stream and response.status_code == 200:
            raise _Opened(response)
        return response


def _raw(stream: Iterator[object]) -> httpx2.Response:
    """Begin a stream of the SDK, and take its answer."""
    try:
        next(stream)
    except _Opened as answer:
        return answer.response
    raise BadFrame


@lru_cache(maxsize=64)
def client(credential: Credential) -> genai.Client:
    """The client of one key at one address, whatever the SDK's environment variables say. All share connections."""
    return genai.Client(
        enterprise=False,
        api_key=credential.api_key.reveal(),
        http_options=types.HttpOptions(
            base_url=credential.base_url, api_version=API_VERSION, httpx_client=http_client(_HTTP)
        ),
    )


def _send(credential: Credential, asked: Asked, request: LLMRequest) -> Any:
    if not re.fullmatch(r"[\w.-]+(/[\w.-]+)?", asked.model) or ".." in asked.model:
        raise asked.error(ModelNotFound)  # it would become part of the address
    models = client(credential).models
    contents = [
        types.Content(role="model" if role == "assistant" else "user", parts=[types.Part(text=text)])
        for role, text in turns(request.messages)
    ]

    @contextmanager
    def post(**wanted: Any) -> Iterator[Body]:
        config = types.GenerateContentConfig(**wanted)
        with closing(_raw(models.generate_content_stream(model=asked.model, contents=contents, config=config))) as body:
            yield body

    return opened(post, _config(request), *WISHES)


def _config(request: LLMRequest) -> dict[str, Any]:
    thinks = request.max_output_tokens >= ROOM_TO_THINK
    config: dict[str, Any] = {
        "max_output_tokens": request.max_output_tokens,
        "automatic_function_calling": {"disable": True},
        "automatic_continuation": False,
        "thinking_config": {"include_thoughts": True} if thinks else {"thinking_budget": 0},
    }
    if request.system:
        config["system_instruction"] = request.system
    if request.temperature is not None:
        config["temperature"] = request.temperature
    if request.seed is not None:
        config["seed"] = request.seed
    if request.schema is not None:
        config |= {"response_mime_type": "application/json", "response_json_schema": dict(request.schema)}
    if request.tools:
        functions = [
            {"name": tool.name, "description": tool.description, "parameters_json_schema": dict(tool.parameters)}
            for tool in request.tools
        ]
        config["tools"] = [{"function_declarations": functions}]
    return config


def _ids(client: genai.Client) -> list[str]:
    return [
        model.name.removeprefix("models/")
        for model in client.models.list(config={"page_size": PAGE})
        if model.name and (model.supported_actions is None or "generateContent" in model.supported_actions)
    ]


def _nothing(asked: Asked) -> list[str]:
    raise asked.error(Malformed)


class _Answer:
    """What has come so far."""

    def __init__(self) -> None:
        self.text: list[str] = []
        self.report: object = None
        self.finish: str | None = None
        self.blocked = False
        self.calls = 0

    def parts(self, frame: Frame) -> Iterator[StreamEvent]:
        """Take in a frame."""
        self.report = frame.get("usageMetadata") or self.report
        self.blocked |= bool((frame.get("promptFeedback") or {}).get("blockReason"))
        for candidate in (frame.get("candidates") or ())[:1]:
            for part in (candidate.get("content") or {}).get("parts") or ():
                yield from self._part(part)
            self.finish = candidate.get("finishReason") or self.finish

    def _part(self, part: Frame) -> Iterator[StreamEvent]:
        if (call := part.get("functionCall")) is not None:
            self.calls += 1
            arguments = json.dumps(call.get("args") or {}, ensure_ascii=False)
            yield ToolCall(call.get("id") or f"{call['name']}-{self.calls}", call["name"], arguments)
        elif (text := part.get("text")) and part.get("thought"):
            yield ReasoningDelta(text)
        elif text:
            self.text.append(text)
            yield TextDelta(text)

    @property
    def finish_reason(self) -> FinishReason:
        """Our word for why it ended."""
        if self.blocked:
            return "refusal"
        return "tool_call" if self.calls else _FINISH.get(self.finish or "", "stop")


def read(frames: Frames, asked: Asked) -> Iterator[StreamEvent]:
    """Turn the frames of generateContent into our events. A prompt that is blocked has no candidate, only a reason."""
    answer = _Answer()
    model, request_id = asked.model, None
    for frame in frames:
        if error := frame.get("error"):
            raise asked.failed(error if isinstance(error, dict) else {"message": error})
        if request_id is None:
            model, request_id = frame.get("modelVersion") or model, frame.get("responseId") or ""
            yield Started(model, request_id)
        yield from answer.parts(frame)
        if answer.finish or answer.blocked:
            break
    else:
        return
    for frame in frames.rest():  # some models give a reason with every frame
        yield from answer.parts(frame)
    text = "".join(answer.text)
    yield Completed(LLMResponse(text, _usage(answer.report), answer.finish_reason, model, request_id))


def _usage(report: object) -> Usage:
    """Google counts cached tokens within the prompt, but thoughts and the results of its tools apart."""
    counts = Counts(report)
    cached = counts("cachedContentTokenCount")
    return counts.usage(
        counts("promptTokenCount") + counts("toolUsePromptTokenCount") - cached,
        counts("candidatesTokenCount"),
        cache_read=cached,
        reasoning=counts("thoughtsTokenCount"),
    )
