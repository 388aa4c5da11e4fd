"""What a model answered."""

from dataclasses import dataclass
from typing import Any, Literal

from engine.llm.usage import Usage

FinishReason = Literal["stop", "length", "refusal", "tool_call"]


@dataclass(frozen=True, slots=True)
class LLMResponse:
    """A whole answer. `model` is the id that the provider says answered; `parsed` is set by structured calls."""

    text: str
    usage: Usage
    finish_reason: FinishReason
    model: str
    request_id: str | None = None
    parsed: Any = None
