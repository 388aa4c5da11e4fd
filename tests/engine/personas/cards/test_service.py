"""Cards through the house: brought in as drafts, kept in the database, given out to those who may read them."""

import io
import json
import zipfile

import pytest
from hypothesis import HealthCheck, given, settings

from engine.accounts.actor import Actor, Role
from engine.errors import BadInput, Forbidden, NotFound
from engine.personas.card_service import MOST_AT_ONCE
from engine.personas.cards import FORMATS, Card, read
from engine.personas.cards.card import Picture
from engine.personas.spec import PersonaSpec, Visibility
from engine.studio import Studio
from tests.engine.conftest import Clock, person
from tests.engine.personas.cards.made import cards, personas, picture
from tests.engine.personas.cards.test_round_trip import ADA, as_file, said_by

some = settings(
    max_examples=4,
    deadline=None,
    database=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
MINE = {"visibility": Visibility.PRIVATE, "prompt_open": False, "card_data": ""}


def brought_in(studio: Studio, actor: Actor, filename: str, data: bytes) -> str:
    draft, _ = studio.cards.import_as_draft(actor, filename, data)
    return studio.drafts.publish(actor, draft.id)


@some
@given(spec=personas())
def test_any_persona_goes_through_the_database_and_a_card_of_each_format(studio: Studio, spec: PersonaSpec) -> None:
    actor = studio.people.acting_as(Actor.operator(), "ada@example.org") if _has_ada(studio) else person(studio)
    spec = spec.model_copy(
        update={"name": f"x{spec.name}"[:80], "role": spec.role or "x", "visibility": Visibility.PRIVATE}
    )
    draft = studio.drafts.open(actor)
    studio.drafts.save(actor, draft.id, spec.model_dump(mode="json"))
    key = studio.drafts.publish(actor, draft.id)
    for ending in FORMATS:
        exported = studio.cards.export(actor, key, ending)
        assert exported.report.lossless and exported.filename.endswith(ending)
        draft, report = studio.cards.import_as_draft(actor, exported.filename, exported.data)
        assert draft.spec == spec.model_copy(update=MINE) and report.lossless
        studio.drafts.discard(actor, draft.id)


def _has_ada(studio: Studio) -> bool:
    return any(each.email == "ada@example.org" for each in studio.people.all(Actor.operator()))


@some
@given(card=cards(2) | cards(3))
def test_any_card_goes_through_the_database_with_data_of_other_apps(studio: Studio, card: dict[str, object]) -> None:
    actor = studio.people.acting_as(Actor.operator(), "ada@example.org") if _has_ada(studio) else person(studio)
    draft, report = studio.cards.import_as_draft(actor, "x.json", as_file(card))
    studio.drafts.save(actor, draft.id, {"name": "Ada", "role": "x"})
    key = studio.drafts.publish(actor, draft.id)
    exported = json.loads(studio.cards.export(actor, key, ".json").data)
    del exported["data"]["extensions"]["persona_studio"]
    ours = {"name", "description", "scenario", "creation_date", "modification_date"}
    kept, came = said_by(exported), said_by({"spec": 0, "spec_version": 0} | card)
    for each in (kept, came):
        each["data"] = {name: value for name, value in each["data"].items() if name not in ours}
    assert {name: kept.get(name) for name in came} | {"name": 0} == came | {"name": 0}
    assert report.lossless or report.dropped


def test_a_persona_with_a_picture_goes_to_another_person_whole(studio: Studio, ada: Actor) -> None:
    brought = picture("JPEG")
    name = studio.pictures.save(ada, brought)
    draft = studio.drafts.open(ada)
    wide = {"visibility": "workspace", "avatar": name}
    studio.drafts.save(ada, draft.id, ADA.model_dump(mode="json") | wide)
    key = studio.drafts.publish(ada, draft.id)
    other = person(studio, "Bob")
    for ending in FORMATS:
        exported = studio.cards.export(ada, key, ending)
        seen = studio.cards.read(other, exported.filename, exported.data)
        assert seen.report.lossless and seen.display.startswith(b"RIFF")
        theirs = brought_in(studio, other, exported.filename, exported.data)
        spec = studio.personas.read(other, theirs).spec
        assert spec == ADA.model_copy(update={"avatar": name}), ending
        assert studio.pictures.original(other, name) == studio.pictures.original(ada, name)


def test_a_card_is_for_those_who_may_read_the_prompt(studio: Studio, ada: Actor) -> None:
    key = brought_in(studio, ada, "ada.yaml", FORMATS[".yaml"].write(Card(ADA)).data)
    other = person(studio, "Bob")

    def share(**fields: object) -> None:
        draft = studio.drafts.open(ada, key)
        studio.drafts.save(ada, draft.id, fields)
        studio.drafts.publish(ada, draft.id)

    with pytest.raises(NotFound):
        studio.cards.export(other, "team:ada/ada", ".json")
    share(visibility="workspace")
    with pytest.raises(Forbidden):
        studio.cards.export(other, "team:ada/ada", ".json")
    with pytest.raises(Forbidden):
        studio.cards.export_many(other, ["maestro", "team:ada/ada"], ".json")
    share(prompt_open=True)
    assert read("x.json", studio.cards.export(other, "team:ada/ada", ".json").data).spec.voice == ADA.voice
    assert studio.cards.export(other, "maestro", ".png").filename == "maestro.png"


def test_what_a_card_says_of_who_may_use_it_counts_for_nothing(studio: Studio, ada: Actor) -> None:
    open_to_all = ADA.model_copy(update={"visibility": Visibility.WORKSPACE, "prompt_open": True})
    data = FORMATS[".json"].write(Card(open_to_all)).data
    draft, _ = studio.cards.import_as_draft(ada, "x.json", data)
    assert (draft.spec.visibility, draft.spec.prompt_open) == (Visibility.PRIVATE, False)


def test_a_card_that_names_pictures_of_others_does_not_get_them(studio: Studio, ada: Actor) -> None:
    name = studio.pictures.save(ada, picture())
    other = person(studio, "Bob")
    card = json.loads(FORMATS[".json"].write(Card(ADA)).data)
    card["data"]["extensions"]["persona_studio"]["persona"] |= {"avatar": name, "card_data": f"card:{'0' * 64}"}
    draft, report = studio.cards.import_as_draft(other, "x.json", as_file(card))
    assert (draft.spec.avatar, draft.spec.card_data) == ("", "")
    assert report.dropped == ("Picture: it is not in this file.",)
    with pytest.raises(NotFound):
        studio.pictures.display(other, name)


def test_several_personas_are_one_archive(studio: Studio, ada: Actor) -> None:
    keys = [brought_in(studio, ada, "x.yaml", b"name: Ada\nrole: x") for _ in range(2)]
    exported = studio.cards.export_many(ada, [*keys, "maestro", keys[0]], ".v2.json")
    with zipfile.ZipFile(io.BytesIO(exported.data)) as archive:
        assert archive.namelist() == ["ada.v2.json", "ada-2.v2.json", "maestro.v2.json"]
    assert exported.report.lossless and exported.report.kept[0] == "ada.v2.json: everything"
    for many in ([], [f"user:{n}" for n in range(MOST_AT_ONCE + 1)]):
        with pytest.raises(BadInput, match="personas were chosen"):
            studio.cards.export_many(ada, many, ".json")
    with pytest.raises(BadInput, match="no card format"):
        studio.cards.export(ada, keys[0], ".docx")


def test_what_is_refused_leaves_nothing_behind(studio: Studio, ada: Actor) -> None:
    for data in (b"?", FORMATS[".png"].write(Card(ADA)).data[:900]):
        with pytest.raises(BadInput) as refused:
            studio.cards.import_as_draft(ada, "x.png", data)
        assert refused.value.hint.startswith("Nothing was imported.")
    assert studio.drafts.all(ada) == [] and studio.privacy.export(ada)["pictures"] == []
    with pytest.raises(BadInput, match="operator has no personas"):
        studio.cards.import_as_draft(Actor.operator(), "x.yaml", b"name: Ada")


def test_files_and_dates_of_a_card_go_along(studio: Studio, ada: Actor, clock: Clock) -> None:
    begun = clock.now
    key = brought_in(studio, ada, "x.yaml", b"name: Ada\nrole: x")
    clock.forward(days=3)
    draft = studio.drafts.open(ada, key)
    studio.drafts.save(ada, draft.id, {"voice": "Dry."})
    studio.drafts.publish(ada, draft.id)
    data = json.loads(studio.cards.export(ada, key, ".json").data)["data"]
    assert (data["creation_date"], data["modification_date"]) == (int(begun.timestamp()), int(clock.now.timestamp()))
    assert data["character_version"] == "2"


def test_an_admin_sees_no_more_of_a_picture_than_others(studio: Studio, ada: Actor) -> None:
    brought = Picture(picture())
    spec = ADA.model_copy(update={"avatar": brought.key})
    brought_in(studio, ada, "x.png", FORMATS[".png"].write(Card(spec, picture=brought)).data)
    with pytest.raises(NotFound):
        studio.pictures.display(person(studio, "Ann", role=Role.ADMIN), brought.key)
