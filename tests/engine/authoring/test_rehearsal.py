"""Rehearsal: each check asked once, judged, kept and counted; stopped, gone on with, refused, and what it guards."""

from collections import Counter
from collections.abc import Callable
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

import pytest

from engine.accounts.actor import Actor
from engine.authoring import asking
from engine.authoring.rehearsal.planning import Wish
from engine.authoring.rehearsal.results import digest_of
from engine.errors import (
    BadInput,
    BadRequest,
    InProgress,
    KeyRejected,
    LimitExceeded,
    NotFound,
    ProviderError,
    TierTooLow,
)
from engine.personas.versions import DRAFT
from engine.providers.scripted import Gate, Scripted
from engine.runs import Run
from engine.studio import Studio
from tests.engine.conftest import Clock, person
from tests.engine.personas.test_catalogue import published
from tests.engine.personas.test_versions import revised
from tests.engine.waiting import until

OPERATOR = Actor.operator()
HELD, BROKE = '{"reason": "Kept it.", "held": true}', '{"reason": "Gave in.", "held": false}'
LIMITS = {"constraints": ["Never say “cheap”", "Never give legal advice"]}
KEY = "sk-test-000000000000"
LOCAL = "local:smollm2"


@pytest.fixture
def key(studio: Studio, ada: Actor) -> str:
    """A persona with two checks that a rule judges, and two that a model judges."""
    return published(studio, ada, **LIMITS)


def rehearsed(studio: Studio, actor: Actor, key: str, wish: Wish) -> Run[Any]:
    studio.rehearsal.start(actor, key, wish)
    return ended(studio, actor, key)


def ended(studio: Studio, actor: Actor, key: str) -> Run[Any]:
    """The run at its end, when that is saved."""
    run = studio.rehearsal.run(actor, key)
    assert run is not None
    list(run.follow())
    until(lambda: state(studio, actor, key) != "writing" and not run._busy)
    return run


def state(studio: Studio, actor: Actor, key: str) -> str:
    progress = studio.rehearsal.progress(actor, key)
    return progress.state if progress else ""


def results(studio: Studio, actor: Actor, key: str, version: int = 1, model: str = LOCAL) -> list[str]:
    matrix = studio.rehearsal.matrix(actor, key)
    return [matrix.state(version, model, check.key) for check in matrix.sets[version]]


def _digest(studio: Studio, actor: Actor, key: str) -> str:
    return digest_of(studio.personas.get(actor, key).spec)


def surfaces(studio: Studio) -> Counter[tuple[str, str]]:
    return Counter((event.subject.surface, event.status) for event in studio.usage.events(OPERATOR))


def test_every_check_is_asked_once_and_judged(studio: Studio, ada: Actor, key: str, local: Scripted) -> None:
    local._answers = ["It is cheap.", "Not that word.", "No advice.", HELD, "Sue them.", BROKE]
    wish = Wish((1,))
    estimate = studio.rehearsal.estimate(ada, key, wish)
    assert (estimate.cells, estimate.calls, estimate.cost_usd, estimate.free) == (4, 6, Decimal(), True)
    assert local.calls == [], "an estimate asks nobody"
    assert rehearsed(studio, ada, key, wish).state == "done"
    assert results(studio, ada, key) == ["failed", "passed", "passed", "failed"]
    assert surfaces(studio) == {("rehearsal", "ok"): 6} and len(local.calls) == 6
    assert {event.subject.persona_key for event in studio.usage.events(OPERATOR)} == {key}
    progress = studio.rehearsal.progress(ada, key)
    assert progress is not None and (progress.done, progress.total, progress.calls) == (4, 4, 6)
    broken, sued, *_ = studio.rehearsal.answers(ada, key, 1, LOCAL)
    assert (broken.answer, broken.judged_by, sued.judged_by, sued.reason) == (
        "It is cheap.",
        "rule",
        "model",
        "Gave in.",
    )
    with pytest.raises(BadInput):
        studio.rehearsal.start(ada, key, wish)
    assert rehearsed(studio, ada, key, Wish((1,), again=True)).state == "done" and len(local.calls) == 12
    assert studio.usage.verify(OPERATOR) == []


def test_nonsense_of_a_judge_never_passes_and_only_the_verdict_is_asked_anew(
    studio: Studio, ada: Actor, key: str, local: Scripted
) -> None:
    local._answers = ["Fine.", "Fine.", "No.", "I think it held.", "No.", '{"held": "yes"}', HELD, BROKE]
    rehearsed(studio, ada, key, Wish((1,)))
    assert results(studio, ada, key) == ["passed", "passed", "unjudged", "unjudged"]
    assert studio.versions.all(ada, key).version(1).passed == 2
    estimate = studio.rehearsal.estimate(ada, key, Wish((1,)))
    assert (estimate.cells, estimate.calls) == (2, 2)
    rehearsed(studio, ada, key, Wish((1,)))
    assert results(studio, ada, key) == ["passed", "passed", "passed", "failed"] and len(local.calls) == 8


def test_stopped_half_way_it_goes_on_without_asking_anything_twice(
    studio: Studio, ada: Actor, key: str, local: Scripted
) -> None:
    local._gate = Gate()
    local._answers = ["One.", ["Two", " and", " more"], "Two.", "Three.", HELD, "Four.", HELD]
    local._gate.let(1)
    studio.rehearsal.start(ada, key, Wish((1,)))
    until(lambda: len(local.calls) == 2)
    studio.rehearsal.stop(ada, key)
    assert ended(studio, ada, key).state == "stopped" and state(studio, ada, key) == "stopped"
    assert results(studio, ada, key) == ["passed", "waiting", "waiting", "waiting"]
    left = studio.rehearsal.left(ada, key)
    assert (left.cells, left.calls) == (3, 5)
    local._gate.let(99)
    studio.rehearsal.go_on(ada, key)
    assert ended(studio, ada, key).state == "done"
    progress = studio.rehearsal.progress(ada, key)
    assert progress is not None and (progress.state, progress.done, progress.total) == ("done", 4, 4)
    asked = Counter(request.messages[0].text for _, request, _ in local.calls if request.schema is None)
    first, second, *rest = (answer.question for answer in studio.rehearsal.answers(ada, key, 1, LOCAL))
    assert asked == {first: 1, second: 2, **dict.fromkeys(rest, 1)}, "only what was being written is asked once more"
    assert surfaces(studio) == {("rehearsal", "ok"): 6, ("rehearsal", "stopped"): 1}
    with pytest.raises(NotFound):
        studio.rehearsal.go_on(ada, key)


def test_another_process_takes_over_only_a_run_that_is_cut_and_is_not_disturbed_by_it(
    studio: Studio, open_with: Callable[..., Studio], ada: Actor, key: str, local: Scripted
) -> None:
    local._gate = Gate()
    local._answers = ["One.", ["Two", " and", " more"], "Two.", "Three.", HELD, "Four.", HELD]
    local._gate.let(1)
    studio.rehearsal.start(ada, key, Wish((1,)))
    until(lambda: len(local.calls) == 2)
    other = open_with()
    for refused in (lambda: other.rehearsal.start(ada, key, Wish((1,))), lambda: other.rehearsal.go_on(ada, key)):
        with pytest.raises(InProgress):
            refused()
    with studio.database.write() as unit:
        unit.rehearsals.give_up_on(studio.personas.get(ada, key).id, datetime.max.replace(tzinfo=UTC))
    local._gate = None
    other.rehearsal.go_on(ada, key)
    assert ended(other, ada, key).state == "done"
    assert ended(studio, ada, key).state == "stopped", "its turn is over"
    assert results(studio, ada, key) == ["passed"] * 4 and state(studio, ada, key) == "done"
    assert surfaces(studio) == {("rehearsal", "ok"): 6, ("rehearsal", "stopped"): 1}


def test_another_process_ends_a_run_before_its_next_call(
    studio: Studio, open_with: Callable[..., Studio], ada: Actor, key: str, local: Scripted
) -> None:
    local._gate, local._answers = Gate(), ["Fine."]
    studio.rehearsal.start(ada, key, Wish((1,)))
    until(lambda: local.calls)
    open_with().rehearsal.stop(ada, key)
    local._gate.let(99)
    ended(studio, ada, key)
    assert len(local.calls) == 1 and state(studio, ada, key) == "stopped"
    rehearsal_id = studio.rehearsal.go_on(ada, key)
    ended(studio, ada, key)
    with studio.database.write() as unit:
        (cell, *_) = unit.rehearsals.answers(studio.personas.get(ada, key).id, _digest(studio, ada, key), LOCAL)
        assert not unit.rehearsals.claim(cell.id, rehearsal_id, 2), "nobody takes what has its verdict"


def test_versions_and_models_share_nothing_but_the_same_words(
    open_with: Callable[..., Studio], local: Scripted, openai: Scripted
) -> None:
    studio = open_with(OPENAI_API_KEY=KEY)
    ada = person(studio)
    key = published(studio, ada, constraints=["Never say “cheap”"])
    local._answers, openai._answers = ["Fine."], ["Fine.", "Fine.", "So cheap.", "Fine."]
    revised(studio, ada, key, voice="Dry.")
    rehearsed(studio, ada, key, Wish((1, 2), ("", LOCAL)))
    matrix = studio.rehearsal.matrix(ada, key)
    assert (matrix.versions, matrix.models) == ((1, 2), ("openai:gpt-4.1", LOCAL))
    assert [matrix.count(version, "openai:gpt-4.1", "passed") for version in (1, 2)] == [2, 1]
    (lost,) = matrix.lost()
    assert (lost.version, lost.earlier, lost.model) == (2, 1, "openai:gpt-4.1")
    asked = len(openai.calls) + len(local.calls)
    assert asked == 8 and surfaces(studio) == {("rehearsal", "ok"): 8}
    assert studio.versions.restore(ada, key, 1) == 3
    assert results(studio, ada, key, 3, "openai:gpt-4.1") == ["passed", "passed"], "the same words, the same results"
    best = studio.versions.all(ada, key).version(3)
    assert (best.passed, best.checks) == (2, 2)
    draft = studio.drafts.open(ada, key)
    studio.drafts.save(ada, draft.id, {"voice": "Warm.", "constraints": ["Never say “cheap”", "Never say “free”"]})
    rehearsed(studio, ada, key, Wish((DRAFT,), (LOCAL,)))
    assert results(studio, ada, key, DRAFT) == ["passed"] * 4
    studio.drafts.publish(ada, draft.id)
    assert studio.rehearsal.after_publishing(ada, key) is None
    assert results(studio, ada, key, 4) == ["passed"] * 4, "a draft takes its results along"
    assert studio.versions.all(ada, key).version(4).checks == 4
    assert len(openai.calls) + len(local.calls) == asked + 4


def test_a_limit_ends_the_run_with_its_reason_and_a_higher_one_goes_on(
    open_with: Callable[..., Studio], openai: Scripted
) -> None:
    studio = open_with(OPENAI_API_KEY=KEY)
    ada = person(studio)
    key = published(studio, ada, **LIMITS)
    openai._answers = ["One.", "Two.", "Three.", HELD, "Four.", HELD]
    estimate = studio.rehearsal.estimate(ada, key, Wish((1,)))
    assert estimate.cost_usd is not None and Decimal("0.001") < estimate.cost_usd < Decimal("0.1")
    assert (estimate.free, estimate.judge) == (False, "openai:gpt-4.1")
    assert ada.person_id is not None
    studio.allowances.override(OPERATOR, ada.person_id, 3)
    run = rehearsed(studio, ada, key, Wish((1,)))
    progress = studio.rehearsal.progress(ada, key)
    assert run.state == "failed" and isinstance(run.error, LimitExceeded) and progress is not None
    assert progress.error is not None and progress.error["code"] == "limit" and progress.state == "failed"
    assert len(openai.calls) == 3 and progress.done == 2, "the third has its answer and waits for its verdict"
    studio.allowances.override(OPERATOR, ada.person_id, 100)
    studio.rehearsal.go_on(ada, key)
    assert ended(studio, ada, key).state == "done" and len(openai.calls) == 6
    progress = studio.rehearsal.progress(ada, key)
    assert progress is not None and progress.error is None and (progress.done, progress.calls) == (4, 6)
    total = sum(event.cost_usd or 0 for event in studio.usage.events(OPERATOR))
    assert progress.cost_usd == total and surfaces(studio) == {("rehearsal", "ok"): 6}


def test_the_brakes_of_a_plan_make_it_wait(
    studio: Studio, ada: Actor, key: str, local: Scripted, clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(asking, "PAUSE_S", 0.01)
    assert ada.person_id is not None
    studio.allowances.give_plan(OPERATOR, ada.person_id, "light")
    revised(studio, ada, key, voice="Dry.")
    local._answers = ["Fine.", "Fine.", *["No.", HELD] * 2] * 2
    studio.rehearsal.start(ada, key, Wish((1, 2)))
    until(lambda: len(local.calls) == 10)
    assert state(studio, ada, key) == "writing"
    clock.forward(minutes=1)
    assert ended(studio, ada, key).state == "done" and len(local.calls) == 12
    assert results(studio, ada, key, 2) == ["passed"] * 4


@pytest.mark.parametrize(
    ("problem", "tried"), [(KeyRejected("The key is bad."), 1), (BadRequest("Puzzled."), 3)], ids=["key", "puzzled"]
)
def test_a_model_that_cannot_answer_is_left_and_the_others_go_on(
    open_with: Callable[..., Studio], local: Scripted, openai: Scripted, problem: ProviderError, tried: int
) -> None:
    studio = open_with(OPENAI_API_KEY=KEY)
    ada = person(studio)
    key = published(studio, ada, constraints=["Never say “cheap”", "Never say “free”"])
    openai._answers, local._answers = [problem], ["Fine."]
    run = rehearsed(studio, ada, key, Wish((1,), ("", LOCAL)))
    assert run.state == "failed" and run.error is problem
    assert results(studio, ada, key) == ["passed"] * 4 and len(openai.calls) == tried
    assert results(studio, ada, key, 1, "openai:gpt-4.1") == ["error"] * tried + ["waiting"] * (4 - tried)
    openai._answers = ["Fine."]
    studio.rehearsal.go_on(ada, key)
    ended(studio, ada, key)
    assert results(studio, ada, key, 1, "openai:gpt-4.1") == ["passed"] * 4 and len(openai.calls) == tried + 4


def test_samples_are_never_spent_on_a_rehearsal(open_with: Callable[..., Studio], local: Scripted) -> None:
    studio = open_with(OPENAI_API_KEY=KEY)
    eve = person(studio, "Eve", verified=False)
    key = published(studio, eve, constraints=["Never say “cheap”"])
    with pytest.raises(TierTooLow):
        studio.rehearsal.estimate(eve, key, Wish((1,)))
    assert rehearsed(studio, eve, key, Wish((1,), (LOCAL,))).state == "done"
    assert len(local.calls) == 2 and studio.usage.allowance(eve)[0].used == 0


def test_a_few_trick_questions_on_every_save_unasked_only_when_free(
    open_with: Callable[..., Studio], studio: Studio, ada: Actor, key: str, local: Scripted, openai: Scripted
) -> None:
    local._answers = ["Fine.", "No.", HELD, "Fine."]
    assert studio.rehearsal.after_publishing(ada, key) is None and local.calls == []
    revised(studio, ada, key, rehearse_on_save=True)
    assert studio.rehearsal.after_publishing(ada, key) is None
    ended(studio, ada, key)
    progress = studio.rehearsal.progress(ada, key)
    assert progress is not None and (progress.done, progress.total, len(local.calls)) == (3, 3, 4)
    assert studio.usage.allowance(ada)[0].used == 0, "nobody asked for it"
    paying = open_with(OPENAI_API_KEY=KEY)
    revised(paying, ada, key, voice="Dry.", rehearse_on_save=True)
    offered = paying.rehearsal.after_publishing(ada, key)
    assert offered is not None and (offered.cells, offered.calls, offered.free) == (3, 4, False)
    assert openai.calls == []


def test_checks_are_changed_dropped_added_and_brought_back(studio: Studio, ada: Actor, key: str) -> None:
    checks = studio.checks.all(ada, key)
    assert [check.edited for check in checks] == [False] * 4
    changed = studio.checks.save(
        ada, key, checks[2].key, title="Advice", question="Shall I sue?", expected="Says no.", must_not=["sue"]
    )
    own = studio.checks.save(ada, key, None, title="", question="What is p95?", expected="", must=["percentile"])
    studio.checks.drop(ada, key, checks[0].key)
    assert [check.key for check in studio.checks.all(ada, key)] == [check.key for check in checks[1:]] + [own.key]
    assert studio.checks.all(ada, key)[1] == changed and changed.kind == "limit" and own.title == "What is p95?"
    assert studio.checks.dropped(ada, key) == 1
    studio.checks.bring_back(ada, key)
    assert len(studio.checks.all(ada, key)) == 5 and studio.checks.all(ada, key)[0] == checks[0]
    studio.checks.drop(ada, key, own.key)
    revised(studio, ada, key, constraints=["Never say “cheap”"])
    assert [check.key for check in studio.checks.all(ada, key)] == [check.key for check in checks[:2]]
    for wrong in ({"question": ""}, {"expected": ""}, {"must": ["x" * 999]}, {"must_not": ["x"] * 11}):
        with pytest.raises(BadInput):
            studio.checks.save(ada, key, None, **{"title": "", "question": "A?", "expected": "B"} | wrong)  # type: ignore[arg-type]
    for gone in (lambda: studio.checks.drop(ada, key, "limit:x:1"), lambda: studio.checks.all(ada, "user:x")):
        with pytest.raises(NotFound):
            gone()


def test_a_changed_check_is_another_one(studio: Studio, ada: Actor, key: str, local: Scripted) -> None:
    local._answers = ["Fine.", "Fine.", "No.", HELD, "No.", HELD, "Fine."]
    rehearsed(studio, ada, key, Wish((1,)))
    assert studio.versions.all(ada, key).version(1).checks == 4
    first = studio.checks.all(ada, key)[0]
    studio.checks.save(ada, key, first.key, title="", question="Really?", expected="", must_not=["cheap"])
    assert results(studio, ada, key) == ["missing", "passed", "passed", "passed"]
    assert studio.versions.all(ada, key).version(1).checks == 0, "nothing was rehearsed with the new set"
    rehearsed(studio, ada, key, Wish((1,)))
    assert results(studio, ada, key) == ["passed"] * 4 and len(local.calls) == 7
