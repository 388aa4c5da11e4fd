"""Versions: what changed between two of them, who wrote them, what was answered with them, and going back."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.accounts.actor import Actor, Role
from engine.conversations.assistant import Picks
from engine.errors import BadInput, NotFound
from engine.personas.diff import changes, item_parts, text_parts
from engine.personas.spec import PersonaSpec
from engine.personas.versions import DRAFT
from engine.studio import Studio
from tests.engine.conftest import Clock, person
from tests.engine.personas.test_catalogue import published
from tests.engine.waiting import until

TEXTS = st.text(st.sampled_from("ab .\n,é李"), max_size=60) | st.text(max_size=40)


@given(TEXTS, TEXTS)
def test_the_parts_of_a_difference_make_both_texts(old: str, new: str) -> None:
    parts = text_parts(old, new)
    assert "".join(part.text for part in parts if part.op != "added") == old
    assert "".join(part.text for part in parts if part.op != "removed") == new
    assert all(part.op == "same" for part in parts) == (old == new)


@given(st.lists(TEXTS, max_size=6), st.lists(TEXTS, max_size=6))
def test_the_parts_of_two_lists_make_both_lists(old: list[str], new: list[str]) -> None:
    parts = item_parts(old, new)
    assert [part.text for part in parts if part.op != "added"] == old
    assert [part.text for part in parts if part.op != "removed"] == new


def test_a_difference_names_the_fields_and_the_words() -> None:
    old = PersonaSpec(name="Ada", voice="Dry, friendly. Warm.", constraints=("Never lie.", "Always ask."))
    new = PersonaSpec(name="Ada", voice="Dry, precise. Warm.", constraints=("Never lie.", "Never guess."))
    voice, limits = changes(old, new)
    assert (voice.name, voice.items, voice.count("removed"), voice.count("added")) == ("voice", False, 1, 1)
    assert [(part.op, part.text) for part in voice.parts] == [
        ("same", "Dry, "), ("removed", "friendly"), ("added", "precise"), ("same", ". Warm."),
    ]  # fmt: skip
    assert [(part.op, part.text) for part in limits.parts] == [
        ("same", "Never lie."), ("removed", "Always ask."), ("added", "Never guess."),
    ]  # fmt: skip


def revised(studio: Studio, actor: Actor, key: str, note: str = "", **fields: object) -> None:
    draft = studio.drafts.open(actor, key)
    studio.drafts.save(actor, draft.id, fields)
    studio.drafts.publish(actor, draft.id, note=note)


def test_history_has_authors_notes_answers_and_thumbs(studio: Studio, ada: Actor, clock: Clock) -> None:
    key = published(studio, ada, visibility="workspace")
    bob = person(studio, "Bob")
    for actor, asked in ((ada, key), (bob, "team:ada/ada"), (bob, "team:ada/ada")):
        sent = studio.assistant.send(actor, "Faster?", Picks(asked))
        until(lambda actor=actor, sent=sent: studio.threads.message(actor, sent.answer_id).route)
        until(lambda actor=actor, sent=sent: studio.threads.message(actor, sent.answer_id).state == "done")
        studio.threads.rate(actor, sent.answer_id, 1 if actor is ada else -1)
    clock.forward(hours=1)
    revised(studio, ada, key, note="Drier", voice="Dry.")
    draft = studio.drafts.open(ada, key)
    history = studio.versions.all(ada, key)
    assert [(v.number, v.note, v.author, v.mine) for v in history.versions] == [
        (DRAFT, "", "Ada", True), (2, "Drier", "Ada", True), (1, "", "Ada", True)
    ]  # fmt: skip
    first, second = history.version(1), history.version(2)
    assert (first.answers, first.liked, first.disliked, second.answers) == (3, 1, 2, 0)
    assert second.current and second.at > first.at and second.tokens > first.tokens
    assert history.draft_id == draft.id and history.current == 2
    diff = studio.versions.diff(ada, key, 1, 2)
    assert [change.name for change in diff.fields] == ["voice"]
    assert {"Name", "Role", "System prompt"} <= {*diff.unchanged} and "Voice and tone" not in diff.unchanged
    assert "".join(part.text for part in diff.prompt if part.op == "added").strip() == "How you speak: Dry."
    studio.drafts.save(ada, draft.id, {"role": "Engineer"})
    assert [change.name for change in studio.versions.diff(ada, key, 2, DRAFT).fields] == ["role"]


def test_restoring_publishes_the_old_words_as_a_new_version(studio: Studio, ada: Actor) -> None:
    key = published(studio, ada, voice="Dry.")
    revised(studio, ada, key, voice="Warm.", visibility="workspace")
    behind = studio.drafts.open(ada, key)
    assert studio.versions.restore(ada, key, 1) == 3
    newest = studio.versions.all(ada, key).version(3)
    assert (newest.note, newest.author, newest.current) == ("Version 1 restored", "Ada", True)
    now = studio.personas.get(ada, key)
    assert (now.version, now.spec.voice, now.spec.visibility) == (3, "Dry.", "workspace"), "who may use it stays"
    assert studio.versions.spec(ada, key, 2).voice == "Warm.", "nothing is lost"
    with pytest.raises(BadInput):
        studio.drafts.publish(ada, behind.id)
    for number, refusal in ((3, BadInput), (9, NotFound), (DRAFT, NotFound)):
        with pytest.raises(refusal):
            studio.versions.restore(ada, key, number)


def test_only_those_who_may_change_a_persona_see_its_history(studio: Studio, ada: Actor) -> None:
    key = published(studio, ada, visibility="workspace")
    bob, rosa = person(studio, "Bob"), person(studio, "Rosa", role=Role.ADMIN)
    for who, asked in ((bob, "team:ada/ada"), (bob, key), (bob, "maestro"), (rosa, "team:ada/ada")):
        for refused in (
            lambda who=who, asked=asked: studio.versions.all(who, asked),
            lambda who=who, asked=asked: studio.versions.diff(who, asked, 1, 1),
            lambda who=who, asked=asked: studio.versions.restore(who, asked, 1),
        ):
            with pytest.raises(NotFound):
                refused()
    assert [version.note for version in studio.versions.all(rosa, "maestro").versions] == ["As shipped"]
    studio.personas.add_editor(ada, key, "bob")
    assert studio.versions.all(bob, "team:ada/ada").version(1).author == "Ada"
