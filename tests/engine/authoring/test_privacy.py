"""What was rehearsed and compared is handed out, deleted with its person, and forgotten after its time."""

from collections.abc import Callable

import pytest

from db.models.authoring import Comparison, ComparisonAnswer, PersonaCheck, Rehearsal, RehearsalCell, RehearsalRate
from engine.accounts.actor import Actor
from engine.authoring.comparison.results import Column
from engine.authoring.rehearsal.planning import Wish
from engine.providers.scripted import Scripted
from engine.studio import Studio
from tests.engine.authoring.test_compare import over
from tests.engine.authoring.test_rehearsal import LOCAL, rehearsed, results
from tests.engine.conftest import Clock, person
from tests.engine.personas.test_catalogue import published
from tests.engine.test_privacy import rows_of

TABLES = [each.__tablename__ for each in (Comparison, ComparisonAnswer, PersonaCheck, Rehearsal, RehearsalCell)]


@pytest.fixture
def studio(open_with: Callable[..., Studio]) -> Studio:
    return open_with(STUDIO_RETENTION_DAYS="30")


@pytest.fixture
def key(studio: Studio, ada: Actor, local: Scripted) -> str:
    """A persona that its owner and an editor have rehearsed and compared."""
    local._answers = ["Words of the rehearsal.", "Words of the rehearsal.", "Fine.", "Words of the comparison."]
    found = published(studio, ada, constraints=["Never say “cheap”"])
    studio.checks.save(ada, found, None, title="", question="Own question?", expected="", must_not=["cheap"])
    rehearsed(studio, ada, found, Wish((1,)))
    studio.compare.ask(ada, found, "Compared question?", [Column(LOCAL)])
    over(studio, ada, found)
    bob = person(studio, "Bob")
    studio.personas.add_editor(ada, found, "bob")
    rehearsed(studio, bob, "team:ada/ada", Wish((1,), again=True))
    return found


def left(studio: Studio) -> set[str]:
    return {table for table, _ in rows_of(studio) if table in (*TABLES, RehearsalRate.__tablename__)}


def test_an_export_has_the_words_and_who_is_gone_leaves_none(studio: Studio, ada: Actor, key: str) -> None:
    found = studio.privacy.export(ada)
    assert [check["question"] for check in found["checks"]] == ["Own question?"]
    assert len(found["rehearsals"]) == 3 and {cell["state"] for cell in found["rehearsals"]} == {"passed"}
    (compared,) = found["comparisons"]
    assert compared["question"] == "Compared question?"
    assert [answer["text"] for answer in compared["answers"]] == ["Words of the comparison."]
    bob = studio.people.acting_as(Actor.operator(), "bob@example.org")
    assert len(studio.privacy.export(bob)["rehearsals"]) == 3 and studio.privacy.export(bob)["comparisons"] == []
    studio.privacy.delete_account(bob, "")
    assert results(studio, ada, key) == ["passed"] * 3, "the results are the persona's"
    studio.privacy.delete_account(ada, "")
    assert left(studio) == set()


def test_words_are_forgotten_after_their_time_and_verdicts_stay(
    studio: Studio, ada: Actor, key: str, clock: Clock
) -> None:
    clock.forward(days=29)
    assert studio.retention.sweep() == 0 and studio.compare.last(ada, key) is not None
    clock.forward(days=2)
    assert studio.retention.sweep() > 0
    assert studio.compare.last(ada, key) is None and results(studio, ada, key) == ["passed"] * 3
    assert {answer.answer for answer in studio.rehearsal.answers(ada, key, 1, LOCAL)} == {""}
    assert studio.retention.sweep() == 0
