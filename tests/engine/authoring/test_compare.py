"""Comparing: each column one call and one card, whatever becomes of the others; kept, rated, preferred."""

from collections import Counter
from collections.abc import Callable
from decimal import Decimal

import pytest

from engine.accounts.actor import Actor
from engine.authoring.comparison.results import Column, Comparison
from engine.errors import BadInput, BadRequest, NotFound
from engine.personas.versions import DRAFT
from engine.providers.scripted import Gate, Scripted
from engine.studio import Studio
from tests.engine.conftest import person
from tests.engine.personas.test_catalogue import published
from tests.engine.personas.test_versions import revised
from tests.engine.waiting import until

OPERATOR = Actor.operator()
KEY = "sk-test-000000000000"
LOCAL = Column("local:smollm2")


def over(studio: Studio, actor: Actor, of: str) -> Comparison:
    """The last comparison, when all of it is saved."""

    def found() -> Comparison | None:
        last = studio.compare.last(actor, of)
        told = last is not None and all(each.usage or each.state != "done" for each in last.columns)
        return last if last is not None and last.over and told else None

    until(found)
    until(lambda: not [run for run in studio.runs._busy if run._busy])
    last = found()
    assert last is not None
    return last


def ledger(studio: Studio) -> Counter[tuple[str, str, str]]:
    events = studio.usage.events(OPERATOR)
    return Counter((event.subject.surface, event.subject.model, event.status) for event in events)


def test_each_column_is_one_call_and_a_failing_one_has_its_own_error(
    open_with: Callable[..., Studio], local: Scripted, openai: Scripted
) -> None:
    studio = open_with(OPENAI_API_KEY=KEY)
    ada = person(studio)
    key = published(studio, ada, constraints=["Never say “cheap”"])
    openai._answers, local._answers = [BadRequest("The model is puzzled.", hint="Ask again.")], ["It is cheap."]
    columns = [Column(), LOCAL, Column("anthropic:claude-sonnet-5")]
    offer = studio.compare.offer(ada, key, "Faster?", columns)
    assert (offer.calls, offer.free) == (2, False) and Decimal() < (offer.cost_usd or 0) < Decimal("0.01")
    assert not openai.calls and not local.calls
    studio.compare.ask(ada, key, "Faster?", columns)
    puzzled, silly, keyless = over(studio, ada, key).columns
    assert (puzzled.state, silly.state, keyless.state) == ("failed", "done", "failed")
    assert puzzled.error == {"code": "bad_request", "message": "The model is puzzled.", "hint": "Ask again."}
    assert keyless.error is not None and "no key" in keyless.error["message"]
    assert (silly.text, silly.held, silly.cost_usd, silly.model) == ("It is cheap.", False, Decimal(), "smollm2")
    assert silly.usage is not None and silly.latency_ms is not None and silly.first_token_ms is not None
    assert ledger(studio) == {("compare", "gpt-4.1", "failed"): 1, ("compare", "smollm2", "ok"): 1}
    assert {event.persona_version for event in studio.usage.events(OPERATOR)} == {1}


def test_the_column_that_nothing_is_picked_for_is_answered_as_the_persona_prefers(
    open_with: Callable[..., Studio], openai: Scripted
) -> None:
    studio = open_with(OPENAI_API_KEY=KEY)
    ada = person(studio)
    key = published(studio, ada, preferred_profile="fast")
    studio.compare.ask(ada, key, "Faster?", [Column()])
    assert [column.model for column in over(studio, ada, key).columns] == ["gpt-5.4-mini"]


def test_stopping_keeps_what_came_and_another_process_shows_it(
    studio: Studio, open_with: Callable[..., Studio], ada: Actor, local: Scripted
) -> None:
    key = published(studio, ada)
    local._gate, local._answers = Gate(), ["One two three"]
    local._gate.let(2)
    studio.compare.ask(ada, key, "Faster?", [LOCAL])
    until(lambda: (last := studio.compare.last(ada, key)) and last.columns[0].text == "One two ")
    studio.compare.stop(ada, key)
    (column,) = over(studio, ada, key).columns
    assert (column.state, column.text, column.error) == ("stopped", "One two ", None)
    again = open_with().compare.last(ada, key)
    assert again is not None and again.columns[0].text == "One two " and again.question == "Faster?"
    assert ledger(studio) == {("compare", "smollm2", "stopped"): 1}


def test_versions_stand_side_by_side_for_those_who_may_change_them(studio: Studio, ada: Actor, local: Scripted) -> None:
    key = published(studio, ada, voice="Dry.", visibility="workspace")
    revised(studio, ada, key, voice="Warm.")
    draft = studio.drafts.open(ada, key)
    studio.drafts.save(ada, draft.id, {"voice": "Loud."})
    studio.compare.ask(ada, f"draft:{draft.id}", "Faster?", [Column("", number) for number in (1, 2, DRAFT)])
    assert [column.version for column in over(studio, ada, key).columns] == [1, 2, DRAFT]
    assert {request.system.split("How you speak: ")[1].split()[0] for _, request, _ in local.calls} == {
        "Dry.", "Warm.", "Loud."
    }  # fmt: skip
    bob = person(studio, "Bob")
    studio.compare.ask(bob, "team:ada/ada", "Faster?", [LOCAL])
    over(studio, bob, "team:ada/ada")
    with pytest.raises(NotFound):
        studio.compare.ask(bob, "team:ada/ada", "Faster?", [Column("", 1)])
    for of in (key, f"draft:{draft.id}", "draft:nonsense"):
        with pytest.raises(NotFound):
            studio.compare.last(bob, of)


def test_votes_make_standings_and_the_pick_becomes_the_preferred_profile(
    open_with: Callable[..., Studio], local: Scripted, openai: Scripted
) -> None:
    studio = open_with(OPENAI_API_KEY=KEY)
    ada, bob = person(studio), person(studio, "Bob")
    key = published(studio, ada, constraints=["Never say “cheap”"])
    openai._answers, local._answers = ["Fine."], ["So cheap."]
    for question in ("One?", "Two?"):
        studio.compare.ask(ada, key, question, [Column("fast"), LOCAL])
        last = over(studio, ada, key)
        studio.compare.rate(ada, last.columns[0].id, 1)
        studio.compare.rate(ada, last.columns[1].id, -1)
    best, worst = studio.compare.standings(ada, key)
    assert (best.model, best.answers, best.liked, best.held, best.judged) == ("gpt-5.4-mini", 2, 2, 2, 2)
    assert (worst.model, worst.disliked, worst.held, worst.judged) == ("smollm2", 2, 0, 2)
    assert worst.cost_usd == 0 and best.cost_usd is not None and best.cost_usd > 0
    assert studio.versions.all(ada, key).version(1).liked == 2
    picked, silly = (column.id for column in last.columns)
    preferred = studio.compare.prefer(ada, key, picked)
    assert studio.drafts.get(ada, preferred.draft_id).spec.preferred_profile == preferred.profile == "fast"
    assert (studio.compare.profile_for(ada, picked), studio.compare.profile_for(ada, silly)) == ("fast", "")
    with pytest.raises(BadInput):
        studio.compare.prefer(ada, key, silly)
    for refused in (
        lambda: studio.compare.rate(bob, picked, 1),
        lambda: studio.compare.prefer(bob, "maestro", picked),
        lambda: studio.compare.ask(ada, "user:nobody", "One?", [LOCAL]),
    ):
        with pytest.raises(NotFound):
            refused()
    for columns in ([], [Column(name) for name in ("", "fast", "cheap", "compat", "balanced")]):
        with pytest.raises(BadInput):
            studio.compare.offer(ada, key, "One?", columns)


def test_samples_are_never_spent_on_a_comparison(open_with: Callable[..., Studio], openai: Scripted) -> None:
    studio = open_with(OPENAI_API_KEY=KEY)
    eve = person(studio, "Eve", verified=False)
    key = published(studio, eve)
    studio.compare.ask(eve, key, "Faster?", [Column(), LOCAL])
    refused, answered = over(studio, eve, key).columns
    assert refused.error is not None and refused.error["code"] == "tier" and answered.state == "done"
    assert openai.calls == [] and studio.usage.allowance(eve)[0].used == 0
