"""The provider that says what it is told."""

import json
import threading
from pathlib import Path

import pytest

from engine.errors import ModelNotFound, Overloaded, ProviderTimeout, Stopped
from engine.llm import CallControl
from engine.providers.scripted import Gate, Scripted, ScriptFolder
from engine.settings import Settings
from tests.engine.providers.canned import WAIT_S, credential, question, text_of


def test_answers_are_given_in_turn_and_the_last_one_for_ever() -> None:
    provider = Scripted(["one two", ["t", "hree"]])
    said = [text_of(list(provider.stream("m", question(), credential(), CallControl(WAIT_S)))) for _ in range(3)]
    assert said == ["one two", "three", "three"]
    assert len(provider.calls) == 3


def test_an_error_is_raised_where_the_script_has_it() -> None:
    overloaded = Overloaded("Too many guests.")
    provider = Scripted([overloaded, ["one ", overloaded]])
    with pytest.raises(Overloaded):
        next(provider.stream("m", question(), credential(), CallControl(WAIT_S)))
    events = provider.stream("m", question(), credential(), CallControl(WAIT_S))
    assert [next(events).kind, next(events).kind] == ["started", "text"]
    with pytest.raises(Overloaded):
        next(events)


def test_a_gate_lets_chunks_through_one_by_one() -> None:
    gate = Gate()
    events = Scripted(["one two three"], gate=gate).stream("m", question(), credential(), CallControl(WAIT_S))
    assert next(events).kind == "started"
    for word in ("one ", "two ", "three"):
        gate.let()
        assert text_of([next(events)]) == word
    assert next(events).kind == "completed"


def test_stop_and_the_deadline_open_a_closed_gate() -> None:
    control = CallControl(10 * WAIT_S)
    events = Scripted(gate=Gate()).stream("m", question(), credential(), control)
    next(events)
    threading.Thread(target=control.stop).start()
    with pytest.raises(Stopped):
        next(events)
    events = Scripted(gate=Gate()).stream("m", question(), credential(), CallControl(0.05))
    next(events)
    with pytest.raises(ProviderTimeout):
        next(events)


def test_a_folder_is_read_gated_and_written_to(settings: Settings, tmp_path: Path) -> None:
    provider = ScriptFolder(settings.model_copy(update={"script_dir": tmp_path}))
    assert provider.available()
    with pytest.raises(ModelNotFound):
        next(provider.stream("m", question(), credential(), CallControl(WAIT_S)))
    (tmp_path / "answer.txt").write_text("¿Qué tal?\n", encoding="utf-8")
    (tmp_path / "gate").write_text("1")
    assert provider.available() is None
    control = CallControl(WAIT_S)
    events = provider.stream("m", question("Hi", system="Be kind."), credential(), control)
    assert text_of([next(events), next(events)]) == "¿Qué "
    (tmp_path / "gate").unlink()
    assert text_of(list(events)) == "tal?"
    call = json.loads((tmp_path / "calls.jsonl").read_text(encoding="utf-8"))
    assert (call["model"], call["system"]) == ("m", "Be kind.")
    assert call["messages"] == [{"role": "user", "text": "Hi", "name": None}]
