"""The two module-level calls, for code that has no studio at hand: `run_llm` and `run_structured`.

They act as the operator, on settings from the environment. With only `OPENAI_API_KEY` set, `run_llm("hello")`
asks `gpt-4.1`. The house is imported by the first call, so that a program which may never ask starts without it.
"""

import atexit
import json
from dataclasses import dataclass
from functools import cache
from typing import TYPE_CHECKING, Any, TypedDict, Unpack

if TYPE_CHECKING:
    from pydantic import BaseModel

    from engine.generation import Answer
    from engine.studio import Studio

SURFACE = "cli"


class Context(TypedDict, total=False):
    """What may be said beside the prompt; each has the meaning that `LLMRequest` and `CallContext` give it."""

    system: str
    model: str
    mode: str
    surface: str
    max_output_tokens: int
    temperature: float
    seed: int
    idempotency_key: str


@dataclass(frozen=True, slots=True)
class LLMResult:
    """The text, and the whole answer with route, usage and cost."""

    output: str
    answer: "Answer"


@dataclass(frozen=True, slots=True)
class StructuredResult:
    """`parsed` is an object of the schema, or None with `fallback` set when the text does not fit it."""

    output_text: str
    parsed: Any
    raw: Any
    fallback: bool
    answer: "Answer"


def run_llm(prompt: str, **context: Unpack[Context]) -> LLMResult:
    """Ask once, in plain text. Raises children of StudioError."""
    answer = _generate(prompt, None, context)
    return LLMResult(answer.text, answer)


def run_structured(
    prompt: str, schema: "type[BaseModel] | dict[str, Any]", **context: Unpack[Context]
) -> StructuredResult:
    """Ask for an object of `schema`, a Pydantic model or a JSON schema. Raises children of StudioError.

    Text that does not parse comes back as it is, with `fallback=True`; never a half-filled object.
    """
    import jsonschema
    from pydantic import ValidationError

    wanted = schema if isinstance(schema, dict) else schema.model_json_schema()
    answer = _generate(prompt, wanted, context)
    try:
        raw = json.loads(answer.text)
        jsonschema.validate(raw, wanted)
        parsed = raw if isinstance(schema, dict) else schema.model_validate(raw)
    except (json.JSONDecodeError, jsonschema.ValidationError, ValidationError):
        return StructuredResult(answer.text, None, None, True, answer)
    return StructuredResult(answer.text, parsed, raw, False, answer)


def _generate(prompt: str, schema: dict[str, Any] | None, context: Context) -> "Answer":
    from engine.accounts.actor import Actor
    from engine.generation import CallContext
    from engine.llm import LLMRequest, Message

    request = LLMRequest(
        (Message("user", prompt),),
        system=context.get("system", ""),
        max_output_tokens=context.get("max_output_tokens", 1024),
        temperature=context.get("temperature"),
        seed=context.get("seed"),
        schema=schema,
    )
    call = CallContext(
        context.get("surface", SURFACE),
        context.get("mode", ""),
        context.get("model", ""),
        idempotency_key=context.get("idempotency_key"),
    )
    return _studio().generation.generate(Actor.operator(), request, call)


@cache
def _studio() -> "Studio":
    from engine.settings import load_settings
    from engine.studio import open_studio

    studio = open_studio(load_settings())
    atexit.register(studio.close)
    return studio
