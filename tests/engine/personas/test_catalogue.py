"""Who may use which persona, and how a draft becomes one."""

import pytest

from engine.accounts.actor import Actor
from engine.errors import BadInput, EditConflict, NotFound
from engine.personas.spec import PersonaSpec, Visibility
from engine.studio import Studio
from tests.engine.conftest import Clock, person

ADA = {"name": "Ada", "role": "Sceptical engineer", "system_prompt": "You test claims before you repeat them."}


def published(studio: Studio, actor: Actor, **fields: object) -> str:
    draft = studio.drafts.open(actor)
    studio.drafts.save(actor, draft.id, ADA | fields)
    return studio.drafts.publish(actor, draft.id)


def test_the_eight_built_ins_are_there_for_everyone(studio: Studio, ada: Actor) -> None:
    keys = {card.key for card in studio.personas.catalogue(ada).builtin}
    assert keys == {
        "general", "maestro", "developer", "writer", "trip-planner", "document-assistant", "support-agent", "operations"
    }  # fmt: skip
    assert studio.personas.get(ada, "maestro").spec.name == "Maestro de Ritmos"


def test_a_published_draft_is_found_under_ones_own_key(studio: Studio, ada: Actor) -> None:
    key = published(studio, ada)
    assert key == "user:ada"
    found = studio.personas.get(ada, key)
    assert (found.version, found.source, found.spec) == (1, "user", PersonaSpec.model_validate(ADA))
    assert [card.key for card in studio.personas.catalogue(ada).own] == ["user:ada"]


def test_the_same_name_twice_gets_a_key_of_its_own(studio: Studio, ada: Actor) -> None:
    assert [published(studio, ada), published(studio, ada)] == ["user:ada", "user:ada-2"]
    assert published(studio, ada, name="李") == "user:li"
    assert published(studio, ada, name="🎭") == "user:persona"


def test_a_second_publication_is_the_next_version(studio: Studio, ada: Actor) -> None:
    key = published(studio, ada)
    draft = studio.drafts.open(ada, key)
    assert draft.base_version == 1 and draft.persona_key == key
    studio.drafts.save(ada, draft.id, {"voice": "Dry."})
    assert studio.drafts.open(ada, key).spec.voice == "Dry."
    assert studio.drafts.publish(ada, draft.id) == key
    assert studio.personas.get(ada, key).version == 2
    assert studio.drafts.all(ada) == []


def test_two_drafts_of_one_version_do_not_overwrite_each_other(studio: Studio, ada: Actor) -> None:
    key = published(studio, ada)
    mine = studio.drafts.open(ada, key)
    persona = studio.personas.get(ada, key)
    with studio.database.write() as unit:
        content = persona.spec.model_dump(mode="json")
        unit.personas.publish(
            persona.id, content, "private", "elsewhere", ada.person_id, mine.saved_at, expected_version=1
        )
    with pytest.raises(EditConflict, match="version 2 is newer") as refused:
        studio.drafts.publish(ada, mine.id)
    assert refused.value.theirs == 2
    assert studio.drafts.get(ada, mine.id) == mine


def test_a_refused_field_is_named_and_the_draft_keeps_what_it_had(studio: Studio, ada: Actor) -> None:
    draft = studio.drafts.open(ada)
    studio.drafts.save(ada, draft.id, ADA)
    for field, value, title in (
        ("name", "x" * 81, "Name"),
        ("system_prompt", "a\0b", "System prompt"),
        ("context", "x" * 200_000, "Setting"),
        ("voice", "\ud800", "Voice and tone"),
        ("talkativeness", 2, "Talkativeness"),
    ):
        with pytest.raises(BadInput) as refused:
            studio.drafts.save(ada, draft.id, {field: value})
        assert refused.value.field == title
    assert studio.drafts.get(ada, draft.id).spec == PersonaSpec.model_validate(ADA)


@pytest.mark.parametrize("text", ["", "👩🏽‍🚀 ❤️‍🔥", "שלום \u200f مرحبا", "x" * 20_000, "a\r\nb\tc $x$ <b>{{char}}</b>"])
def test_text_of_any_script_comes_back_as_it_went_in(studio: Studio, ada: Actor, text: str) -> None:
    key = published(studio, ada, context=text, knowledge=[text] if 0 < len(text) <= 400 else [])
    assert studio.personas.get(ada, key).spec.context == text


def test_a_persona_without_name_or_substance_is_not_published(studio: Studio, ada: Actor) -> None:
    draft = studio.drafts.open(ada)
    with pytest.raises(BadInput, match="needs a name"):
        studio.drafts.publish(ada, draft.id)
    studio.drafts.save(ada, draft.id, {"name": "Ada"})
    with pytest.raises(BadInput, match="Nothing tells the model"):
        studio.drafts.publish(ada, draft.id)


def test_a_built_in_or_a_colleagues_open_persona_opens_as_a_private_copy(studio: Studio, ada: Actor) -> None:
    bob = person(studio, "Bob")
    assert published(studio, bob, visibility=Visibility.WORKSPACE, prompt_open=True) == "user:ada"
    for key in ("maestro", "team:bob/ada"):
        draft = studio.drafts.open(ada, key)
        assert not draft.spec.prompt_open and draft.yours
        assert draft.persona_key is None and draft.spec.visibility is Visibility.PRIVATE
        assert draft.spec.system_prompt == studio.personas.get(ada, key).spec.system_prompt


def test_what_is_private_looks_to_others_as_if_it_were_not_there(studio: Studio, ada: Actor) -> None:
    bob = person(studio, "Bob")
    published(studio, bob, visibility=Visibility.PRIVATE)
    assert studio.personas.catalogue(ada).team == ()
    with pytest.raises(NotFound) as private:
        studio.personas.get(ada, "team:bob/ada")
    with pytest.raises(NotFound) as absent:
        studio.personas.get(ada, "team:bob/eve")
    assert private.value.message.replace("ada", "eve") == absent.value.message
    draft = studio.drafts.open(bob)
    with pytest.raises(NotFound):
        studio.drafts.get(ada, draft.id)


def test_search_and_modality_narrow_the_catalogue(studio: Studio, ada: Actor) -> None:
    published(studio, ada, tags=["Reviews"])
    assert [card.key for card in studio.personas.catalogue(ada, search="REVIEWS sceptical").own] == ["user:ada"]
    found = studio.personas.catalogue(ada, modalities=["domain"])
    assert [card.key for card in found.builtin] == ["trip-planner"] and found.own == ()
    assert studio.personas.catalogue(ada, search="volcano").count == 0


def test_a_blank_draft_is_taken_up_again_instead_of_piling_up(studio: Studio, ada: Actor, clock: Clock) -> None:
    first = studio.drafts.open(ada)
    clock.forward(minutes=1)
    assert studio.drafts.open(ada).id == first.id
    studio.drafts.save(ada, first.id, {"name": "Ada"})
    assert studio.drafts.open(ada).id != first.id
    studio.drafts.discard(ada, first.id)
    with pytest.raises(NotFound):
        studio.drafts.get(ada, first.id)


def test_a_duplicate_is_a_draft_that_stands_on_its_own(studio: Studio, ada: Actor) -> None:
    key = published(studio, ada, visibility=Visibility.WORKSPACE)
    copy = studio.drafts.duplicate(ada, key)
    assert (copy.spec.name, copy.persona_key, copy.spec.visibility) == ("Ada (copy)", None, Visibility.PRIVATE)
    assert studio.drafts.publish(ada, copy.id) == "user:ada-copy"
    assert studio.personas.get(ada, key).version == 1
    long = published(studio, ada, name="x" * 80)
    assert studio.drafts.duplicate(ada, long).spec.name == "x" * 73 + " (copy)"


def test_what_is_deleted_is_gone_until_it_is_brought_back(studio: Studio, ada: Actor) -> None:
    key = published(studio, ada)
    studio.personas.delete(ada, key)
    assert studio.personas.catalogue(ada).own == ()
    with pytest.raises(NotFound):
        studio.personas.get(ada, key)
    assert published(studio, ada) == "user:ada-2"
    studio.personas.restore(ada, key)
    assert studio.personas.get(ada, key).version == 1
    bob = person(studio, "Bob")
    for act in (studio.personas.delete, studio.personas.restore):
        with pytest.raises(NotFound):
            act(bob, key)
    with pytest.raises(NotFound):
        studio.personas.delete(ada, "maestro")


def test_two_tabs_that_change_one_field_are_told_and_nothing_is_overwritten(studio: Studio, ada: Actor) -> None:
    draft = studio.drafts.open(ada)
    studio.drafts.save(ada, draft.id, {"voice": "Dry."}, known={"voice": ""})
    with pytest.raises(EditConflict) as conflict:
        studio.drafts.save(ada, draft.id, {"voice": "Warm."}, known={"voice": ""})
    assert (conflict.value.field, conflict.value.theirs) == ("Voice and tone", "Dry.")
    assert studio.drafts.get(ada, draft.id).spec.voice == "Dry."
    studio.drafts.save(ada, draft.id, {"name": "Ada"}, known={"name": ""})
    studio.drafts.save(ada, draft.id, {"voice": "Dry."}, known={"voice": ""})
    studio.drafts.save(ada, draft.id, {"voice": "Warm."})
    assert studio.drafts.get(ada, draft.id).spec.voice == "Warm."


def test_a_refusal_is_said_in_plain_words(studio: Studio, ada: Actor) -> None:
    draft = studio.drafts.open(ada)
    for changes, words in (
        ({"name": "x" * 81}, "Name: at most 80 characters fit."),
        ({"tags": ["t"] * 41}, "Tags: at most 40 of them fit."),
    ):
        with pytest.raises(BadInput) as refused:
            studio.drafts.save(ada, draft.id, changes)
        assert refused.value.message == words
