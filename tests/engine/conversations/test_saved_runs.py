"""Answers that outlive their process. A second studio on the same database stands for another process."""

from collections.abc import Callable
from uuid import UUID

import pytest

from engine.accounts.actor import Actor
from engine.errors import DatabaseError
from engine.providers.scripted import Gate, Scripted
from engine.runs import Run
from engine.studio import Studio
from tests.engine.conftest import Clock, person
from tests.engine.waiting import until


@pytest.fixture
def gate(local: Scripted) -> Gate:
    """Holds the answer back."""
    local._gate = Gate()
    return local._gate


@pytest.fixture
def draft(studio: Studio, ada: Actor) -> UUID:
    return studio.drafts.open(ada).id


def found(studio: Studio, actor: Actor, draft: UUID) -> Run:
    run = studio.preview.run(actor, draft)
    assert run is not None
    return run


def test_an_answer_is_there_for_another_process_while_it_comes_and_when_it_is_done(
    open_with: Callable[..., Studio], studio: Studio, ada: Actor, draft: UUID, gate: Gate
) -> None:
    elsewhere = open_with()
    assert elsewhere.preview.run(ada, draft) is None
    studio.preview.speak(ada, draft, " Who are you? ")
    gate.let()
    until(lambda: elsewhere.preview.run(ada, draft) and found(elsewhere, ada, draft).text == "A ")
    assert found(elsewhere, ada, draft).state == "writing"
    gate.let(10)
    until(lambda: found(elsewhere, ada, draft).state == "done")
    run = found(elsewhere, ada, draft)
    assert (run.text, run.question, run.over) == ("A scripted answer.", "Who are you?", True)
    assert found(studio, ada, draft).question == "Who are you?"
    assert elsewhere.preview.run(person(studio, "Bob"), draft) is None


def test_an_answer_whose_process_has_fallen_silent_is_cut(
    studio: Studio, ada: Actor, draft: UUID, gate: Gate, clock: Clock
) -> None:
    studio.preview.speak(ada, draft, "Who are you?")
    gate.let()
    until(lambda: found(studio, ada, draft).text == "A ")
    studio.close()
    with studio.database.write() as unit:  # as it was before its process was killed
        subject = f"preview:{ada.person_id}:{draft}"
        row = unit.runs.of(subject)
        assert (row.text, row.state) == ("A ", "stopped")
        unit.connection.exec_driver_sql("UPDATE saved_runs SET state = 'writing'")
    studio.runs._runs.clear()
    clock.forward(seconds=10)
    assert found(studio, ada, draft).state == "writing"
    clock.forward(seconds=1)
    cut = found(studio, ada, draft)
    assert (cut.state, cut.text, cut.over, cut.result) == ("cut", "A ", True, None)


def test_another_process_can_stop_an_answer(
    open_with: Callable[..., Studio], studio: Studio, ada: Actor, draft: UUID, gate: Gate
) -> None:
    elsewhere = open_with()
    run = studio.preview.speak(ada, draft, "Who are you?")
    gate.let()
    until(lambda: elsewhere.preview.run(ada, draft) and found(elsewhere, ada, draft).text == "A ")
    found(elsewhere, ada, draft).stop()
    *_, text = run.follow()
    assert (text, run.state) == ("A ", "stopped")
    assert found(elsewhere, ada, draft).state == "stopped"


def test_a_new_question_elsewhere_stops_the_answer_here(
    open_with: Callable[..., Studio], studio: Studio, ada: Actor, draft: UUID, gate: Gate
) -> None:
    elsewhere = open_with()
    first = studio.preview.speak(ada, draft, "One?")
    until(lambda: elsewhere.preview.run(ada, draft))
    elsewhere.preview.speak(ada, draft, "Two?")
    list(first.follow())
    assert first.state == "stopped"
    gate.let(10)
    until(lambda: found(elsewhere, ada, draft).state == "done")


def test_a_database_that_takes_nothing_costs_no_word(
    studio: Studio, ada: Actor, draft: UUID, gate: Gate, monkeypatch: pytest.MonkeyPatch
) -> None:
    def away(saved_runs: object, run: object) -> bool:
        raise DatabaseError("The database cannot be reached.")

    with monkeypatch.context() as broken:
        broken.setattr("db.repositories.runs.SavedRuns.save", away)
        run = studio.preview.speak(ada, draft, "Who are you?")
        gate.let(10)
        *_, text = run.follow()
    assert (text, run.state) == ("A scripted answer.", "done")
    studio.runs._runs.clear()
    until(lambda: studio.preview.run(ada, draft))
    assert found(studio, ada, draft).text == "A scripted answer."


def test_halves_of_characters_and_nul_are_stored_as_unknown(
    open_with: Callable[..., Studio], studio: Studio, local: Scripted, ada: Actor, draft: UUID
) -> None:
    local._answers = [["Hi \ud83d", "\x00", " there"]]
    elsewhere = open_with()
    studio.preview.speak(ada, draft, "Who are you?")
    until(lambda: elsewhere.preview.run(ada, draft) and found(elsewhere, ada, draft).state == "done")
    assert found(elsewhere, ada, draft).text == "Hi \ufffd\ufffd there"
