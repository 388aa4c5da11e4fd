"""What calls show of a model: estimates come nearer to what its provider counts, and the first word has a median."""

from collections.abc import Callable
from dataclasses import replace
from decimal import Decimal
from typing import Any

import pytest

from db.models import Admission
from engine.accounts.actor import Actor
from engine.generation import CallContext
from engine.llm import Completed, LLMRequest, Message, Usage
from engine.personas.spec import PersonaSpec
from engine.providers.scripted import Scripted
from engine.routing.route import Length
from engine.routing.tables import SETTING, load_tables
from engine.studio import Studio
from engine.usage.observed import LEAST, MOST, Observed, median_ms
from tests.engine.conftest import Clock, person
from tests.engine.usage.cases import CALL, OK, OPERATOR, guard_of, rows, somebody

LONG = LLMRequest((Message("user", "word " * 4_000),), max_output_tokens=16)
PLACE = CallContext("assistant", model="openai:gpt-4.1")


class Counting(Scripted):
    """Counts so many times the tokens that we estimate, where it counts at all."""

    def __init__(self, times: float) -> None:
        super().__init__()
        self.times = times

    def stream(self, *asked: Any) -> Any:
        for event in super().stream(*asked):
            if event.kind == "completed":
                counted = round(asked[1].estimated_input_tokens * self.times)
                usage = Usage(input=counted - 10, cache_read=10, output=5) if counted else Usage()
                event = Completed(replace(event.response, usage=usage))
            yield event


@pytest.fixture
def studio(open_with: Callable[..., Studio]) -> Studio:
    return open_with(OPENAI_API_KEY="sk-test-000000000000")


def counting(studio: Studio, times: float) -> Counting:
    provider = Counting(times)
    studio.adapters.overrides = {"openai": provider}
    return provider


def ratio(studio: Studio, clock: Clock) -> float:
    clock.forward(minutes=11)
    return Observed(studio.database, clock=clock).of("openai", "gpt-4.1").ratio


def test_estimates_follow_what_the_provider_counts_and_stay_in_bounds(studio: Studio, clock: Clock) -> None:
    assert ratio(studio, clock) == 1.0
    provider = counting(studio, 1.5)
    studio.generation.generate(OPERATOR, LLMRequest((Message("user", "Hello."),)), PLACE)
    assert 1.0 < ratio(studio, clock) < 1.01, "one short call shows next to nothing"
    for _ in range(12):
        studio.generation.generate(OPERATOR, LONG, PLACE)
    assert 1.4 < ratio(studio, clock) < 1.5
    assert studio.usage.verify(OPERATOR) == [], "the sums are those of the ledger"
    provider.times = 9.0
    for _ in range(60):
        studio.generation.generate(OPERATOR, LONG, PLACE)
    assert ratio(studio, clock) == MOST
    clock.forward(days=31)
    assert ratio(studio, clock) == 1.0, "what is a month old counts no more"
    provider.times = 0.05
    for _ in range(30):
        studio.generation.generate(OPERATOR, LONG, PLACE)
    assert ratio(studio, clock) == LEAST


@pytest.mark.parametrize("what", ["schema", "uncounted"])
def test_what_cannot_be_compared_teaches_nothing(studio: Studio, clock: Clock, what: str) -> None:
    counting(studio, 2.0 if what == "schema" else 0.0)
    request = replace(LONG, schema={"type": "object"}) if what == "schema" else LONG
    studio.generation.generate(OPERATOR, request, PLACE)
    assert ratio(studio, clock) == 1.0
    (entry,) = studio.usage.events(OPERATOR)
    assert entry.estimated is (what == "uncounted")


def learned(studio: Studio, clock: Clock, times: float) -> Counting:
    """A provider whose counts are known by now."""
    provider = counting(studio, times)
    for _ in range(40):
        studio.generation.generate(OPERATOR, LONG, PLACE)
    clock.forward(minutes=11)
    return provider


def test_the_estimate_of_an_uncounted_call_is_put_right_and_no_hold_is_smaller(studio: Studio, clock: Clock) -> None:
    ada, spec = person(studio), PersonaSpec(name="Ada", role="Guide", system_prompt="You know the way. " * 400)
    before, shown = held(studio, ada), studio.preview.cost_estimate(ada, spec, "Which way?")
    learned(studio, clock, 0.5).times = 0.0
    assert shown is not None and (studio.preview.cost_estimate(ada, spec, "Which way?") or 0) < Decimal("0.8") * shown
    studio.generation.generate(OPERATOR, LONG, PLACE)
    charged = studio.usage.events(OPERATOR)[-1]
    assert charged.estimated and charged.usage.input < 0.6 * LONG.estimated_input_tokens
    assert held(studio, ada) == before >= Decimal(2) * LONG.most_input_tokens * 1000, "a hold is the most it can cost"


def held(studio: Studio, actor: Actor) -> int:
    """What a call of somebody holds while it is answered."""
    holds: list[int] = []

    class Looking(Scripted):
        def stream(self, *asked: Any) -> Any:
            holds.extend(row.hold_nano for row in rows(studio.database, Admission) if row.state == "open")
            yield from super().stream(*asked)

    studio.adapters.overrides = {"openai": Looking()}
    studio.generation.generate(actor, LONG, PLACE)
    return holds[0]


def test_the_condition_of_a_step_is_asked_of_the_tokens_that_the_model_counts(studio: Studio, clock: Clock) -> None:
    tables = load_tables().model_dump(mode="json")
    step = {"profile": "compat", "provider": "openai", "when": "context_tokens > 6000"}
    tables["modes"]["coaching"]["steps"]["content"] = step
    with studio.database.write() as unit:
        unit.house.put(SETTING, tables)
    router, length = studio.generation._router, Length(estimated=5_000)

    def outcome() -> str:
        return router.resolve(OPERATOR, surface="ideas", step="content", length=length).route.steps[1].outcome

    assert outcome() == "passed"
    learned(studio, clock, 1.5)
    assert outcome() == "won"


def test_a_preferred_model_that_the_prompt_does_not_fit_loses_and_one_picked_by_name_is_asked(
    open_with: Callable[..., Studio],
) -> None:
    studio = open_with(OPENAI_API_KEY="sk-test-000000000000", GROQ_API_KEY="gsk-test-000000000000")
    ada, router, small = person(studio), studio.generation._router, "groq:mixtral-8x7b-32768"
    studio.models.set_preferred(ada, small)
    for tokens, outcome in ((32_000, "won"), (32_700, "lost")):
        route = router.resolve(ada, surface="assistant", length=Length(estimated=tokens, answer=100)).route
        assert route.steps[0].outcome == outcome
    assert (route.model, route.steps[0].reason) == ("gpt-4.1", "context too small")
    picked = router.resolve(ada, surface="assistant", model=small, length=Length(estimated=99_999)).route
    assert picked.model == small.partition(":")[2]


@pytest.mark.parametrize(
    ("counts", "median"),
    [([0] * 16, None), ([4, *[0] * 15], 62), ([0, 2, 0, 2, *[0] * 12], 250), ([1, 0, 8, *[0] * 13], 359)],
)
def test_the_median_of_a_histogram(counts: list[int], median: int | None) -> None:
    assert median_ms(counts) == median
    assert median_ms([*[0] * 15, 3]) == 125 << 14


def test_first_words_are_counted_by_model(studio: Studio, clock: Clock) -> None:
    guard, now = guard_of(studio.database), Clock()
    for first in (None, 300, 300, 700):
        guard.settle(guard.admit(somebody(), CALL), replace(OK, first_token_ms=first))
    shown = Observed(studio.database, clock=now)
    assert shown.of(CALL.provider, CALL.model).first_word_ms == 438 and shown.of("groq", "x").first_word_ms is None
    assert studio.usage.verify(OPERATOR) == []
