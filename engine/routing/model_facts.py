"""What a model can do, from `models.yaml`: its context window and which wishes of a request it knows."""

import re
from dataclasses import replace
from functools import cache
from pathlib import Path

import yaml
from pydantic import BaseModel, ConfigDict, TypeAdapter

from engine.llm import LLMRequest

FILE = Path(__file__).with_name("models.yaml")


class ModelFacts(BaseModel):
    """One family. `context` is in tokens, None when nobody knows. What does not `chat` is not offered."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    match: str
    context: int | None
    temperature: bool
    seed: bool
    structured: bool
    vision: bool
    chat: bool = True

    def fitting(self, request: LLMRequest) -> LLMRequest:
        """The request without the wishes that the model does not know; a schema it lacks is left to the reader."""
        return replace(
            request,
            temperature=request.temperature if self.temperature else None,
            seed=request.seed if self.seed else None,
            schema=request.schema if self.structured else None,
        )


@cache
def _families() -> dict[str, tuple[ModelFacts, ...]]:
    return TypeAdapter(dict[str, tuple[ModelFacts, ...]]).validate_python(yaml.safe_load(FILE.read_text("utf-8")))


@cache
def facts_of(provider: str, model: str) -> ModelFacts:
    """What is known of a model; a provider without rows is taken to know every wish."""
    for family in _families().get(provider, ()):
        if re.fullmatch(family.match, model):
            return family
    return ModelFacts(match="", context=None, temperature=True, seed=True, structured=True, vision=False)
