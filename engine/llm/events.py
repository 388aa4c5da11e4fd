"""The events of an answer as it comes. Switch on `event.kind`: a page may outlive a reloaded class."""

from dataclasses import dataclass
from typing import Literal

from engine.llm.response import LLMResponse


@dataclass(frozen=True, slots=True)
class Started:
    """The provider has accepted the request."""

    model: str
    request_id: str | None = None
    kind: Literal["started"] = "started"


@dataclass(frozen=True, slots=True)
class TextDelta:
    """More of the answer."""

    text: str
    kind: Literal["text"] = "text"


@dataclass(frozen=True, slots=True)
class ReasoningDelta:
    """More of what the model thinks aloud; never part of the answer."""

    text: str
    kind: Literal["reasoning"] = "reasoning"


@dataclass(frozen=True, slots=True)
class ToolCall:
    """The model asks for a tool. `arguments` is JSON text as the model wrote it."""

    id: str
    name: str
    arguments: str
    kind: Literal["tool_call"] = "tool_call"


@dataclass(frozen=True, slots=True)
class Completed:
    """The end marker came: the answer is whole, and the usage is final."""

    response: LLMResponse
    kind: Literal["completed"] = "completed"


StreamEvent = Started | TextDelta | ReasoningDelta | ToolCall | Completed
