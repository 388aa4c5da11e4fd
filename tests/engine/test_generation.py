"""The one line: every call is admitted, answered and written down exactly once, however it ends."""

from collections.abc import Callable
from dataclasses import replace
from decimal import Decimal

import pytest

from engine.accounts.actor import Actor
from engine.errors import (
    AIDisabled,
    AlreadyDone,
    BadRequest,
    KeyRejected,
    ModelNotFound,
    Overloaded,
    ProviderError,
    SampleUsedUp,
    Stopped,
    StreamCut,
    Unreachable,
)
from engine.generation import CallContext
from engine.llm import CallControl, Completed, LLMRequest, LLMResponse, Message, Usage
from engine.providers.scripted import Gate, Scripted
from engine.routing.tables import SETTING, load_tables
from engine.studio import Studio
from tests.engine.conftest import person

HELLO = LLMRequest((Message("user", "hello"),), max_output_tokens=32)
CLI = CallContext("cli")
OPERATOR = Actor.operator()


def ledger(studio: Studio) -> list[tuple[str, str | None]]:
    """Status and error of each line of the ledger; the rollup must agree with it."""
    assert studio.usage.verify(OPERATOR) == []
    return [(event.status, event.error_code) for event in studio.usage.events(OPERATOR)]


def test_an_answer_comes_with_its_receipt_and_one_line_in_the_ledger(studio: Studio, local: Scripted) -> None:
    heard: list[str] = []
    answer = studio.generation.generate(OPERATOR, HELLO, CLI, listener=lambda event: heard.append(event.kind))
    assert answer.text == "A scripted answer."
    assert heard == ["started", "text", "text", "text", "completed"]
    assert answer.cost_usd == Decimal(0) and answer.usage.tokens_out > 0
    assert answer.first_token_ms is not None and answer.first_token_ms <= answer.latency_ms
    assert ledger(studio) == [("ok", None)] and len(local.calls) == 1


def test_a_paid_answer_costs_what_its_tokens_cost(open_with: Callable[..., Studio], openai: Scripted) -> None:
    studio = open_with(OPENAI_API_KEY="sk-test-000000000000")
    answer = studio.generation.generate(OPERATOR, HELLO, CLI)
    model, _, credential = openai.calls[0]
    assert (model, credential.api_key.reveal()) == ("gpt-4.1", "sk-test-000000000000")
    per_million = Decimal(2) * answer.usage.tokens_in + Decimal(8) * answer.usage.tokens_out
    assert answer.cost_usd == per_million / 10**6
    (event,) = studio.usage.events(OPERATOR)
    assert event.cost_usd == answer.cost_usd


@pytest.mark.parametrize(
    ("failure", "status", "charged"),
    [(Unreachable("away"), "failed", False), (StreamCut("cut"), "failed", True), (BadRequest("no"), "failed", False)],
    ids=["never reached", "cut", "refused"],
)
def test_a_failure_is_written_down_and_charged_only_when_it_may_have_cost(
    studio: Studio, local: Scripted, failure: ProviderError, status: str, charged: bool
) -> None:
    ada = person(studio)
    local._answers = [["Some ", failure]] if charged else [failure]
    with pytest.raises(type(failure)):
        studio.generation.generate(ada, HELLO, CLI)
    assert ledger(studio) == [(status, failure.code)]
    assert studio.usage.allowance(ada)[0].used == int(charged)


def test_a_stopped_answer_is_charged_for_what_came(studio: Studio, local: Scripted) -> None:
    gate, control = Gate(), CallControl(60)
    local._gate = gate
    gate.let(1)

    def stop_after_a_word(event: object) -> None:
        if event.kind == "text":  # type: ignore[attr-defined]
            control.stop()

    with pytest.raises(Stopped):
        studio.generation.generate(OPERATOR, HELLO, CLI, listener=stop_after_a_word, control=control)
    (event,) = studio.usage.events(OPERATOR)
    assert (event.status, event.estimated) == ("stopped", True) and event.usage.output > 0


def test_the_next_candidate_is_asked_when_a_model_is_gone(open_with: Callable[..., Studio], openai: Scripted) -> None:
    studio = open_with(OPENAI_API_KEY="sk-test-000000000000")
    edited = load_tables().model_dump(mode="json")
    edited["profiles"]["compat"]["openai"] = ["gpt-gone", "gpt-4.1"]
    with studio.database.write() as unit:
        unit.house.put(SETTING, edited)
    openai._answers = [ModelNotFound("gone"), "Here."]
    answer = studio.generation.generate(OPERATOR, HELLO, CLI)
    assert (answer.text, answer.route.model) == ("Here.", "gpt-4.1")
    assert [model for model, _, _ in openai.calls] == ["gpt-gone", "gpt-4.1"]
    assert ledger(studio) == [("ok", None)]


def test_a_refused_schema_gets_one_attempt_in_plain_text(studio: Studio, local: Scripted) -> None:
    local._answers = [BadRequest("no schemas here"), "Plain."]
    request = LLMRequest(HELLO.messages, schema={"type": "object"})
    assert studio.generation.generate(OPERATOR, request, CLI).text == "Plain."
    assert [call[1].schema for call in local.calls] == [{"type": "object"}, None]
    local._answers = [BadRequest("still no")]
    with pytest.raises(BadRequest):
        studio.generation.generate(OPERATOR, request, CLI)
    assert len(local.calls) == 4


def test_the_outer_switch_refuses_before_anything_is_asked(open_with: Callable[..., Studio], local: Scripted) -> None:
    studio = open_with(AI_FEATURES_ENABLED="false")
    with pytest.raises(AIDisabled):
        studio.generation.generate(OPERATOR, HELLO, CLI)
    assert local.calls == [] and ledger(studio) == []


def test_three_samples_in_a_lifetime(studio: Studio, local: Scripted) -> None:
    newcomer = person(studio, verified=False)
    for _ in range(3):
        studio.generation.generate(newcomer, HELLO, CLI)
    with pytest.raises(SampleUsedUp):
        studio.generation.generate(newcomer, HELLO, CLI)
    assert len(local.calls) == 3


def test_the_same_key_twice_is_one_call(studio: Studio, local: Scripted) -> None:
    ada = person(studio)
    once = CallContext("cli", idempotency_key="k1")
    first = studio.generation.generate(ada, HELLO, once)
    with pytest.raises(AlreadyDone) as refused:
        studio.generation.generate(ada, HELLO, once)
    assert refused.value.admission_id == str(first.admission_id) and len(local.calls) == 1


def test_what_the_preview_says_unasked_takes_no_unit(studio: Studio) -> None:
    ada = person(studio)
    studio.generation.generate(ada, HELLO, CallContext("persona-preview", unasked=True))
    assert studio.usage.allowance(ada)[0].used == 0
    assert ledger(studio) == [("ok", None)]


def test_a_provider_that_is_away_is_asked_again_within_one_admission(studio: Studio, local: Scripted) -> None:
    local._answers = [Unreachable("away"), Overloaded("busy"), "Here."]
    answer = studio.generation.generate(OPERATOR, HELLO, CLI)
    (event,) = studio.usage.events(OPERATOR)
    assert (answer.text, event.attempts, event.status) == ("Here.", 3, "ok")
    assert event.usage == answer.usage and len(local.calls) == 3


def test_a_failure_after_the_first_word_is_never_tried_again_and_always_charged(
    studio: Studio, local: Scripted
) -> None:
    local._answers = [["One ", Overloaded("in the middle")], "Two."]
    with pytest.raises(Overloaded):
        studio.generation.generate(OPERATOR, HELLO, CLI)
    (event,) = studio.usage.events(OPERATOR)
    assert (len(local.calls), event.charged, event.estimated) == (1, True, True)
    assert event.usage.output > 0


def test_wishes_that_a_model_does_not_know_are_not_sent(open_with: Callable[..., Studio], openai: Scripted) -> None:
    studio = open_with(OPENAI_API_KEY="sk-test-000000000000")
    request = LLMRequest(HELLO.messages, temperature=0.2, seed=7)
    for model, temperature in (("openai:gpt-4.1", 0.2), ("openai:gpt-5.5", None)):
        studio.generation.generate(OPERATOR, request, CallContext("cli", model=model))
        assert (openai.calls[-1][1].temperature, openai.calls[-1][1].seed) == (temperature, None)


def test_counts_beyond_belief_are_replaced_by_an_estimate(studio: Studio, local: Scripted) -> None:
    class Boasting(Scripted):
        def stream(self, *asked):  # type: ignore[no-untyped-def]
            for event in super().stream(*asked):
                if event.kind == "completed":
                    event = Completed(replace(event.response, usage=Usage(input=10**6, output=5)))
                yield event

    studio.adapters.overrides = {"local": Boasting()}
    answer = studio.generation.generate(OPERATOR, HELLO, CLI)
    (event,) = studio.usage.events(OPERATOR)
    assert event.estimated and event.usage == answer.usage and 0 < event.usage.tokens_in < 100


def test_a_model_that_declines_is_not_asked_again_in_plain_text(studio: Studio, local: Scripted) -> None:
    class Declining(Scripted):
        def stream(self, *asked):  # type: ignore[no-untyped-def]
            self.calls.append(asked)
            yield Completed(LLMResponse("", Usage(input=3), "refusal", "script"))

    declining = Declining()
    studio.adapters.overrides = {"local": declining}
    request = LLMRequest(HELLO.messages, schema={"type": "object"})
    answer = studio.generation.generate(OPERATOR, request, CLI)
    assert (answer.response.finish_reason, len(declining.calls)) == ("refusal", 1)


def test_an_empty_first_attempt_is_paid_for_though_the_second_one_fails(studio: Studio, local: Scripted) -> None:
    local._answers = ["", KeyRejected("no longer")]
    with pytest.raises(KeyRejected):
        studio.generation.generate(OPERATOR, LLMRequest(HELLO.messages, schema={"type": "object"}), CLI)
    (event,) = studio.usage.events(OPERATOR)
    assert (event.charged, event.estimated, event.attempts) == (True, False, 2) and event.usage.input > 0
