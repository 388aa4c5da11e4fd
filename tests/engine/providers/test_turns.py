"""The form of a question and of its answer."""

from typing import Any

import pytest

from engine.llm import Message
from engine.providers.turns import allows_strict, turns

CLOSED: dict[str, Any] = {
    "type": "object",
    "properties": {"a": {"type": "string"}},
    "required": ["a"],
    "additionalProperties": False,
}


def test_roles_take_turns_and_speakers_are_named() -> None:
    talk = [Message("user", "Hi.", "Ann"), Message("user", "Hello."), Message("assistant", "Yes?"), Message("user", "")]
    assert turns(talk) == [("user", "Ann: Hi.\n\nHello."), ("assistant", "Yes?"), ("user", "")]
    assert turns([]) == []


@pytest.mark.parametrize(
    ("change", "strict"),
    [
        ({}, True),
        ({"required": []}, False),
        ({"additionalProperties": True}, False),
        ({"properties": {"a": {"type": "string", "maxLength": 9}}}, False),
        ({"properties": {"a": CLOSED}}, True),
        ({"properties": {"a": CLOSED | {"required": []}}}, False),
        ({"properties": {"a": {"type": "array", "items": CLOSED | {"required": []}}}}, False),
        ({"properties": {"a": {"anyOf": [{"type": "null"}, {"type": "string", "format": "date"}]}}}, False),
        ({"$defs": {"b": {"type": "object"}}}, False),
    ],
)
def test_strict_mode_is_asked_for_only_where_it_is_allowed(change: dict[str, Any], strict: bool) -> None:
    assert allows_strict(CLOSED | change) is strict
