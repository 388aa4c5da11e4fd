"""A model that helps the writer: it proposes, the ledger counts it, and the draft stays as it is."""

import json
from collections.abc import Callable
from decimal import Decimal

import pytest

from engine.accounts.actor import Actor
from engine.authoring.writing.proposals import PersonaForm
from engine.authoring.writing.tasks import IMPROVABLE
from engine.errors import BadInput, NotFound, SampleUsedUp, Unreachable
from engine.personas.drafts import Draft
from engine.personas.spec import PersonaSpec
from engine.providers.scripted import Gate, Scripted
from engine.runs import Run
from engine.studio import Studio
from tests.engine.conftest import person

GUIDE = {
    "name": "Inés Vega",
    "role": "Sierra Nevada guide",
    "modality": "domain",
    "tags": ["mountains"],
    "system_prompt": "You have walked every trail in the Alpujarras for thirty years.",
    "context": "A stone refuge at 2,500 metres.",
    "voice": "Short sentences. Names the wind.",
    "knowledge": ["Trails", "Wildflowers in April"],
    "unknowns": ["Hotel prices"],
    "constraints": ["Never promise that a refuge is open"],
    "when_pushed": "Points at the sky.",
    "sample_queries": ["Where do ibex drink?"],
    "sample_interactions": [{"user": "Is it safe?", "persona": "Ask the wind at six."}],
}
REVIEW = {
    "verdict": "The voice is thin.",
    "remarks": [{"field": "voice", "problem": "Vague.", "reason": "“Nice” steers nobody.", "instead": "Dry."}],
}


@pytest.fixture
def draft(studio: Studio, ada: Actor) -> Draft:
    """A draft with something in it."""
    opened = studio.drafts.open(ada)
    return studio.drafts.save(ada, opened.id, {"name": "Inés", "voice": "Nice.", "knowledge": ["Trails"]})


def over(run: Run) -> Run:
    list(run.follow())
    return run


def test_a_sentence_becomes_a_persona_that_is_only_proposed(
    studio: Studio, ada: Actor, draft: Draft, local: Scripted
) -> None:
    local._answers = [json.dumps(GUIDE)]
    run = over(studio.writing.draft_from_sentence(ada, draft.id, "  A mountain guide. "))
    assert run.result is not None and run.result.proposal.fields == GUIDE
    assert (run.question, run.result.of.name) == ("A mountain guide.", "Inés")
    assert studio.drafts.get(ada, draft.id).spec == draft.spec, "nothing is taken before the writer says so"
    ((_, request, _),) = local.calls
    assert request.schema == PersonaForm.model_json_schema() and request.messages[-1].text == "A mountain guide."
    taken = studio.drafts.save(ada, draft.id, run.result.proposal.fields)
    assert taken.spec == PersonaSpec.model_validate(GUIDE)
    assert studio.writing.run(ada, draft.id, "draft") is run
    studio.writing.dismiss(ada, draft.id, "draft")
    assert studio.writing.run(ada, draft.id, "draft") is None


@pytest.mark.parametrize(
    ("answer", "fields", "left_out"),
    [
        ("No JSON at all.", {}, None),
        ('{"name": "Half', {}, None),
        (json.dumps(GUIDE | {"surplus": 1}), {}, None),
        (f"```json\n{json.dumps(GUIDE)}\n```", GUIDE, ()),
        (json.dumps(GUIDE | {"name": "x" * 81, "tags": []}), {**GUIDE, "name": None, "tags": None}, ("Name",)),
    ],
)
def test_an_answer_is_used_whole_or_named_as_no_use(
    studio: Studio, ada: Actor, draft: Draft, local: Scripted, answer: str, fields: dict, left_out: tuple | None
) -> None:
    local._answers = [answer]
    run = over(studio.writing.draft_from_sentence(ada, draft.id, "A guide."))
    assert run.result is not None and run.state == "done" and run.text.strip() == answer.strip()
    proposal = run.result.proposal
    assert proposal.readable == (left_out is not None)
    assert proposal.fields == {name: value for name, value in fields.items() if value is not None}
    assert proposal.left_out == (left_out or ())


@pytest.mark.parametrize(
    ("field", "answer", "value"),
    [
        ("voice", "“Dry. Short sentences.”", "Dry. Short sentences."),
        ("knowledge", '{"items": ["Trails", "Snow"]}', ["Trails", "Snow"]),
        ("sample_interactions", '{"items": [{"user": "So?", "persona": "No."}]}', [{"user": "So?", "persona": "No."}]),
    ],
)
def test_a_field_is_improved_beside_the_old_one(
    studio: Studio, ada: Actor, draft: Draft, local: Scripted, field: str, answer: str, value: object
) -> None:
    local._answers = [answer]
    run = over(studio.writing.improve(ada, draft.id, field, wish="drier"))
    assert run.result is not None and run.result.proposal.fields == {field: value}
    said = local.calls[0][1].messages[-1].text
    assert "The author wishes: drier" in said and "Nice." in said and PersonaSpec.model_fields[field].title in said
    assert studio.writing.run(ada, draft.id, f"improve/{field}") is run
    assert studio.writing.run(ada, draft.id, "draft") is None


def test_every_field_that_is_written_can_be_improved_and_no_other(studio: Studio, ada: Actor, draft: Draft) -> None:
    for field in IMPROVABLE:
        assert studio.writing.quote(ada, draft.id, f"improve/{field}").cost_usd == 0
    for field in ("avatar", "visibility", "nothing"):
        with pytest.raises(BadInput):
            studio.writing.improve(ada, draft.id, field)
    for sentence in ("", " ", "x" * 2_001):
        with pytest.raises(BadInput):
            studio.writing.draft_from_sentence(ada, draft.id, sentence)


def test_a_review_names_fields_and_reasons(studio: Studio, ada: Actor, draft: Draft, local: Scripted) -> None:
    local._answers = [json.dumps(REVIEW), "It is fine."]
    result = over(studio.writing.review(ada, draft.id)).result
    assert result is not None and result.proposal.verdict == "The voice is thin."
    (remark,) = result.proposal.remarks
    assert (remark.field, remark.instead) == ("voice", "Dry.") and result.proposal.fields == {}
    again = over(studio.writing.review(ada, draft.id)).result
    assert again is not None and not again.proposal.readable


def test_stop_ends_it_and_a_failure_is_kept_with_its_reason(
    studio: Studio, ada: Actor, draft: Draft, local: Scripted
) -> None:
    local._gate = Gate()
    run = studio.writing.review(ada, draft.id)
    run.stop()
    assert over(run).state == "stopped" and run.result is None
    local._gate.let(10_000)
    local._answers = [Unreachable("Nobody is there.")] * 9
    failed = over(studio.writing.review(ada, draft.id))
    assert isinstance(failed.error, Unreachable) and studio.writing.run(ada, draft.id, "review") is failed
    assert studio.drafts.get(ada, draft.id).spec == draft.spec


def test_it_costs_what_was_said_before_and_each_call_is_one_line_in_the_ledger(
    open_with: Callable[..., Studio], openai: Scripted
) -> None:
    studio = open_with(OPENAI_API_KEY="sk-test-000000000000")
    ada = person(studio)
    draft = studio.drafts.open(ada)
    openai._answers = [json.dumps(GUIDE), "Dry.", json.dumps(REVIEW), "I am Inés."]
    quotes = [
        studio.writing.quote(ada, draft.id, "draft", said="A guide."),
        studio.writing.quote(ada, draft.id, "improve/voice"),
        studio.writing.quote(ada, draft.id, "review"),
    ]
    runs = [
        over(studio.writing.draft_from_sentence(ada, draft.id, "A guide.")),
        over(studio.writing.improve(ada, draft.id, "voice")),
        over(studio.writing.review(ada, draft.id)),
        over(studio.preview.speak(ada, draft.id, "Who are you?")),
    ]
    entries = studio.usage.events(Actor.operator())
    assert len(entries) == len(openai.calls) == len(runs)
    assert [entry.subject.surface for entry in entries] == ["draft", "draft", "draft", "persona-preview"]
    for quote, run in zip(quotes, runs, strict=False):
        assert quote.cost_usd is not None and run.result is not None and run.result.answer.cost_usd is not None
        assert Decimal(0) < run.result.answer.cost_usd <= quote.cost_usd and not quote.route.free


def test_samples_of_an_unverified_writer_are_spent_by_asking_only(
    open_with: Callable[..., Studio], openai: Scripted
) -> None:
    studio = open_with(OPENAI_API_KEY="sk-test-000000000000")
    bob = person(studio, "Bob", verified=False)
    draft = studio.drafts.open(bob)
    studio.writing.quote(bob, draft.id, "review")
    studio.preview.turn_costs(bob, draft.spec, "Who?")
    for _ in range(3):
        assert over(studio.writing.review(bob, draft.id)).error is None
    assert isinstance(over(studio.writing.review(bob, draft.id)).error, SampleUsedUp)
    assert len(openai.calls) == 3


def test_nobody_reads_or_asks_for_the_draft_of_somebody_else(studio: Studio, ada: Actor, draft: Draft) -> None:
    over(studio.writing.review(ada, draft.id))
    bob = person(studio, "Bob")
    assert studio.writing.run(bob, draft.id, "review") is None
    studio.writing.dismiss(bob, draft.id, "review")
    assert studio.writing.run(ada, draft.id, "review") is not None
    for ask in (studio.writing.review, lambda actor, it: studio.writing.quote(actor, it, "review")):
        with pytest.raises(NotFound):
            ask(bob, draft.id)


def test_a_turn_is_priced_at_each_profile_with_and_without_a_key(
    open_with: Callable[..., Studio], openai: Scripted
) -> None:
    persona = PersonaSpec(name="Inés", system_prompt="You guide. " * 40)
    keyless = open_with()
    ada = person(keyless)
    unserved = keyless.preview.turn_costs(ada, persona, "Who?")
    studio = open_with(OPENAI_API_KEY="sk-test-000000000000")
    costs = {cost.profile: cost for cost in studio.preview.turn_costs(ada, persona, "Who?")}
    assert list(costs) == ["compat", "frontier", "balanced", "fast", "cheap"]
    assert [cost.ref for cost in unserved] == [cost.ref for cost in costs.values()]
    assert not any(cost.served for cost in unserved) and all(cost.served for cost in costs.values())
    assert costs["frontier"].usd is not None and costs["cheap"].usd is not None
    assert costs["frontier"].usd > costs["cheap"].usd > 0
    tokens_in, tokens_out = studio.preview.turn_tokens(ada, persona, "Who?")
    assert tokens_in > 100 and tokens_out == 60
    assert openai.calls == []
