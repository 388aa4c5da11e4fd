"""Naming a model anywhere: page, database, log, command line."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class ModelRef:
    """A model of one provider, written `openai:gpt-4.1`."""

    provider: str
    model: str

    @classmethod
    def parse(cls, text: str) -> "ModelRef | None":
        """Read `provider:model`; None when the text has no such form."""
        provider, colon, model = text.strip().partition(":")
        return cls(provider, model) if colon and provider and model else None

    def __str__(self) -> str:
        return f"{self.provider}:{self.model}"
