"""A conversation as vendors take it: two roles in turn, and a form for the answer."""

from collections.abc import Mapping, Sequence
from itertools import groupby
from typing import Any

from engine.llm import Message, Role

ROOM_TO_THINK = 8192
"""Tokens of an answer from which on a model may think first, which it does at the cost of these tokens."""

_STRICT_KEYWORDS = {
    *("type", "properties", "required", "additionalProperties", "items", "enum", "const", "anyOf", "$ref", "$defs"),
    *("description", "title", "pattern", "minimum", "maximum", "exclusiveMinimum", "exclusiveMaximum", "multipleOf"),
    *("minItems", "maxItems"),
}


def turns(messages: Sequence[Message]) -> list[tuple[Role, str]]:
    """Name the speakers inside the text, which every vendor understands, and join what one role says in a row."""
    return [
        (role, "\n\n".join(f"{said.name}: {said.text}" if said.name else said.text for said in group))
        for role, group in groupby(messages, key=lambda message: message.role)
    ]


def answer_format(schema: Mapping[str, Any]) -> dict[str, Any]:
    """The `json_schema` form that OpenAI and its look-alikes share."""
    return {"name": "answer", "schema": schema, "strict": allows_strict(schema)}


def allows_strict(schema: object) -> bool:
    """Whether OpenAI's strict mode takes the schema: every object closed, every property required,
    and no keyword outside its subset (platform.openai.com/docs/guides/structured-outputs)."""
    if not isinstance(schema, Mapping) or not _STRICT_KEYWORDS.issuperset(schema):
        return False
    properties: Mapping[str, object] = schema.get("properties", {})
    if schema.get("type") == "object" and (
        schema.get("additionalProperties") is not False or set(schema.get("required", ())) != set(properties)
    ):
        return False
    parts = [*properties.values(), *schema.get("$defs", {}).values(), *schema.get("anyOf", ())]
    return all(map(allows_strict, [*parts, schema["items"]] if "items" in schema else parts))
