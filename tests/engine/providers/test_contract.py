"""What every provider in the registry does alike."""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import pytest

from engine.errors import ProviderTimeout, Stopped, Unreachable
from engine.llm import CallControl, Credential, Provider
from engine.providers import PROVIDERS, Adapters
from engine.providers.scripted import ScriptFolder
from engine.settings import Settings
from tests.engine.providers.canned import WAIT_S, credential, question
from tests.engine.providers.wires import WIRES


@dataclass(frozen=True, slots=True)
class Row:
    """A provider ready to be asked."""

    provider: Provider
    model: str
    credential: Credential


def emulated(name: str) -> Callable[[pytest.FixtureRequest], Row]:
    def row(request: pytest.FixtureRequest) -> Row:
        vendors, wire = request.getfixturevalue("vendors"), WIRES[name]
        adapters: Adapters = request.getfixturevalue("adapters")
        return Row(adapters.get(name), wire.model, credential(f"{vendors.url}{wire.path}"))

    return row


def local(request: pytest.FixtureRequest) -> Row:
    settings: Settings = request.getfixturevalue("settings")
    paid = PROVIDERS["local"].house_credential(settings)
    assert paid is not None
    return Row(request.getfixturevalue("embedded"), "smollm2", paid)


def scripted(request: pytest.FixtureRequest) -> Row:
    folder: Path = request.getfixturevalue("tmp_path")
    (folder / "answer.txt").write_text("Good morning from the script.")
    settings: Settings = request.getfixturevalue("settings")
    return Row(ScriptFolder(settings.model_copy(update={"script_dir": folder})), "script", credential())


ROWS: dict[str, Callable[[pytest.FixtureRequest], Row]] = {
    **{name: emulated(name) for name in ("openai", "anthropic", "google", "groq")},
    "local": local,
    "scripted": scripted,
}


def test_every_provider_of_the_registry_is_held_to_the_contract() -> None:
    assert set(ROWS) == set(PROVIDERS)
    assert all(key == spec.key for key, spec in PROVIDERS.items())


@pytest.fixture(params=PROVIDERS)
def row(request: pytest.FixtureRequest) -> Row:
    return ROWS[request.param](request)


def test_an_answer_starts_grows_and_ends_with_its_receipt(row: Row) -> None:
    events = list(row.provider.stream(row.model, question(max_output_tokens=6), row.credential, CallControl(WAIT_S)))
    assert events[0].kind == "started"
    assert events[-1].kind == "completed"
    assert {event.kind for event in events[1:-1]} == {"text"}
    response = events[-1].response
    assert response.text == "".join(event.text for event in events if event.kind == "text") != ""
    assert response.model == row.model
    assert response.usage.tokens_in > 0
    assert response.usage.tokens_out > 0


def test_a_stopped_answer_raises_stopped_and_gives_no_more_text(row: Row) -> None:
    control = CallControl(WAIT_S)
    events = row.provider.stream(row.model, question(), row.credential, control)
    assert next(events).kind == "started"
    control.stop()
    with pytest.raises(Stopped) as stopped:
        next(events)
    assert stopped.value.message == "The answer was stopped."


def test_a_call_whose_deadline_has_passed_is_given_up(row: Row) -> None:
    with pytest.raises((ProviderTimeout, Unreachable)) as late:
        list(row.provider.stream(row.model, question(), row.credential, CallControl(0)))
    assert late.value.message
    assert late.value.hint


def test_a_check_counts_the_models_of_the_list(row: Row) -> None:
    models = row.provider.list_models(row.credential)
    assert models
    assert row.provider.check(row.credential) == len(models)
