"""What is asked of a model."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from engine.llm.messages import Message
from engine.llm.tokens import estimate_tokens

MESSAGE_OVERHEAD_TOKENS = 4


@dataclass(frozen=True, slots=True)
class Tool:
    """A function that the model may ask for. `parameters` is a JSON schema."""

    name: str
    description: str
    parameters: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class LLMRequest:
    """A question in full, before anyone has chosen who answers it.

    `schema` is a JSON schema of an object: the answer shall be JSON of that form.
    `temperature` and `seed` are wishes; a provider that has no such setting ignores them.
    """

    messages: tuple[Message, ...]
    system: str = ""
    max_output_tokens: int = 1024
    temperature: float | None = None
    seed: int | None = None
    schema: Mapping[str, Any] | None = None
    tools: tuple[Tool, ...] = field(default=())

    @property
    def texts(self) -> list[str]:
        """Every text that is sent: the system text, then each message."""
        return [self.system, *(message.text for message in self.messages)]

    @property
    def estimated_input_tokens(self) -> int:
        """An offline estimate of what the prompt costs to read."""
        return sum(map(estimate_tokens, self.texts)) + MESSAGE_OVERHEAD_TOKENS * len(self.messages)

    @property
    def most_input_tokens(self) -> int:
        """More tokens than the prompt can have: a byte-level tokenizer never makes more than one a byte."""
        return sum(len(text.encode()) for text in self.texts) + MESSAGE_OVERHEAD_TOKENS * (len(self.messages) + 1)
