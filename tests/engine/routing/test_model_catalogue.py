"""Model lists: kept for each key, renewed without anybody waiting, and never in the way."""

from collections.abc import Callable

import pytest

from engine.errors import KeyRejected, Unreachable
from engine.llm import Credential, Secret
from engine.providers.scripted import Scripted
from engine.routing.model_catalogue import LIST_LASTS_S, ModelLists, Renewed
from engine.studio import Studio
from tests.engine.conftest import person

ONE, OTHER = (Credential(Secret(f"sk-test-{name:0>12}"), "http://127.0.0.1:9/v1", "env") for name in ("one", "two"))


class Ticks:
    """A clock that is moved by hand."""

    def __init__(self) -> None:
        self.now = 0.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def ticks() -> Ticks:
    return Ticks()


@pytest.fixture
def at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    """Background work is done before it is waited for."""

    class Now:
        def __init__(self, *, target: Callable[..., None], args: tuple[object, ...], **_: object) -> None:
            self.start = lambda: target(*args)

    monkeypatch.setattr("engine.routing.model_catalogue.threading.Thread", Now)


@pytest.fixture
def lists(studio: Studio, ticks: Ticks, at_once: None) -> ModelLists:
    made = ModelLists(studio.adapters, clock=ticks)
    made.go_live()
    return made


def test_the_first_call_does_not_wait_and_the_next_one_knows(
    lists: ModelLists, openai: Scripted, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(openai, "list_models", lambda credential: ["b", "c"])
    assert lists.in_order("openai", ONE, ("a", "b", "c")) == ("a", "b", "c")
    assert lists.in_order("openai", ONE, ("a", "b", "c")) == ("b", "c")
    assert lists.in_order("openai", ONE, ("x", "y")) == ("x", "y")
    assert lists.in_order("openai", OTHER, ("a", "b")) == ("a", "b")


def test_a_list_is_renewed_when_it_is_old_and_the_old_one_counts_meanwhile(
    lists: ModelLists, openai: Scripted, ticks: Ticks, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked = []

    def list_models(credential: Credential) -> list[str]:
        asked.append(credential)
        if len(asked) == 2:
            raise Unreachable("away")
        return [f"model-{len(asked)}"]

    monkeypatch.setattr(openai, "list_models", list_models)
    for seen, count in ((None, 1), ({"model-1"}, 1)):
        assert (lists.listed("openai", ONE), len(asked)) == (seen, count)
    ticks.now += LIST_LASTS_S
    assert (lists.listed("openai", ONE), len(asked)) == ({"model-1"}, 2)
    assert (lists.listed("openai", ONE), len(asked)) == ({"model-1"}, 2)
    ticks.now += 61
    lists.listed("openai", ONE)
    assert (lists.listed("openai", ONE), len(asked)) == ({"model-3"}, 3)


def test_a_command_that_asks_once_lists_nothing(
    studio: Studio, openai: Scripted, monkeypatch: pytest.MonkeyPatch, at_once: None
) -> None:
    asked: list[Credential] = []
    monkeypatch.setattr(openai, "list_models", lambda credential: asked.append(credential) or [])
    assert studio.model_lists.in_order("openai", ONE, ("a",)) == ("a",) and asked == []


def test_a_picker_says_which_model_it_would_be_and_marks_what_is_no_longer_listed(
    open_with: Callable[..., Studio], openai: Scripted, monkeypatch: pytest.MonkeyPatch, at_once: None
) -> None:
    monkeypatch.setattr(openai, "list_models", lambda credential: ["gpt-4.1", "gpt-5.4"])
    studio = open_with(OPENAI_API_KEY="sk-test-000000000000")
    ada = person(studio)
    labels = [choice.label for choice in studio.models.choices(ada)]
    assert labels[1] == "Compat · gpt-4.1" and not any("no longer" in label for label in labels)
    studio.model_lists.go_live()
    studio.models.choices(ada)
    marked = {choice.value: choice.label for choice in studio.models.choices(ada)}
    assert marked["compat"] == "Compat · gpt-4.1" and marked["fast"] == "Fast · gpt-5.4-mini · no longer listed"


def test_lists_are_asked_for_again_at_once_with_what_came_of_each_provider(
    open_with: Callable[..., Studio], openai: Scripted, monkeypatch: pytest.MonkeyPatch
) -> None:
    studio = open_with(OPENAI_API_KEY="sk-test-000000000000", GROQ_API_KEY="gsk-test-000000000000")
    groq = studio.adapters._made["groq"] = Scripted()
    ada = person(studio)
    assert studio.model_catalogue.refresh(ada) == [Renewed("openai", 1), Renewed("groq", 1)]

    def refused(credential: Credential) -> list[str]:
        raise KeyRejected("Groq does not accept the key.", hint="Replace it.")

    monkeypatch.setattr(openai, "list_models", lambda credential: ["gpt-4.1", "gpt-9"])
    monkeypatch.setattr(groq, "list_models", refused)
    said = studio.model_catalogue.refresh(ada)
    assert said == [Renewed("openai", 2), Renewed("groq", failed="Groq does not accept the key. Replace it.")]
    listed = {row.ref: row.listed for row in studio.models.rows(ada)}
    assert listed["openai:gpt-9"] and listed["openai:gpt-5.5"] is False and listed["groq:script"], "the old list counts"
