"""The vocabulary of a model call: plain values, no I/O. Every other room speaks in these words."""

from engine.llm.credential import Credential, Secret
from engine.llm.events import Completed, ReasoningDelta, Started, StreamEvent, TextDelta, ToolCall
from engine.llm.messages import Message, Role
from engine.llm.provider import CallControl, Provider
from engine.llm.refs import ModelRef
from engine.llm.request import LLMRequest, Tool
from engine.llm.response import FinishReason, LLMResponse
from engine.llm.tokens import estimate_tokens
from engine.llm.usage import Usage

__all__ = [
    "CallControl",
    "Completed",
    "Credential",
    "FinishReason",
    "LLMRequest",
    "LLMResponse",
    "Message",
    "ModelRef",
    "Provider",
    "ReasoningDelta",
    "Role",
    "Secret",
    "Started",
    "StreamEvent",
    "TextDelta",
    "Tool",
    "ToolCall",
    "Usage",
    "estimate_tokens",
]
