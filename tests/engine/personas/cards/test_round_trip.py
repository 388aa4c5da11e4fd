"""What goes into a card comes out of it: personas in every field, data of other apps in every value, pictures."""

import base64
import json
from copy import deepcopy
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings

import engine.personas.cards as cards_room
from engine.personas.cards import FORMATS, Card, ending_of, read
from engine.personas.cards.archive import archive_of
from engine.personas.cards.block import NAME
from engine.personas.cards.card import Foreign, Picture
from engine.personas.cards.character import BACKFILL, SPECS
from engine.personas.cards.texts import json_bytes
from engine.personas.pictures.chunks import chunks, joined, keyword_of, text_chunk
from engine.personas.spec import PersonaSpec
from tests.engine.personas.cards.made import cards, personas, picture, pixels, sloppy_cards

ADA = PersonaSpec(
    name="Ada",
    role="Sceptical engineer",
    avatar="🦉",
    system_prompt="You test claims before you repeat them.",
    context="A small team in Galway.",
    voice="Short sentences.",
    knowledge=("Latency", "Sailing"),
    unknowns=("Payroll",),
    tools=("clock",),
    constraints=("Never give a date",),
    when_pushed="Says no once.",
    sample_queries=("Is it faster?",),
    sample_interactions=({"user": "Hi", "persona": "Numbers?"},),
    tags=("engineering",),
    talkativeness=0.7,
)
quick = settings(deadline=None, suppress_health_check=[HealthCheck.too_slow], database=None)


def through(card: Card, ending: str) -> Any:
    """What comes out of a file of a card."""
    return read(f"card{ending}", FORMATS[ending].write(card).data)


def native(card: Card, ending: str = ".json") -> dict[str, Any]:
    return json.loads(FORMATS[ending].write(card).data)


def as_file(card: object) -> bytes:
    return json.dumps(card).encode()


def test_every_module_of_a_format_stands_in_the_registry() -> None:
    folder = Path(cards_room.__file__).parent
    modules = {path.stem for path in folder.glob("*.py") if "\nFORMAT = " in path.read_text("utf-8")}
    rows = {row.read.__module__.rpartition(".")[2] for row in FORMATS.values()}
    assert rows == modules and len(rows) == len(FORMATS)
    assert [ending_of(f"Ada{ending.upper()}") for ending in FORMATS] == list(FORMATS)
    assert ending_of("ada.txt") == ""


@pytest.mark.parametrize("ending", FORMATS)
@settings(quick, max_examples=12)
@given(spec=personas())
def test_any_persona_survives_in_every_field(ending: str, spec: PersonaSpec) -> None:
    written = FORMATS[ending].write(Card(spec, slug="ada", version=3))
    found = read(f"ada{ending}", written.data)
    assert found.spec == spec
    assert found.report.lossless and written.report.lossless
    assert found.foreign is None and found.picture is None


@settings(quick, max_examples=40)
@given(card=cards(2) | cards(3))
def test_any_card_is_exported_as_it_came(card: dict[str, Any]) -> None:
    found = read("card.json", as_file(card))
    assert found.foreign is not None and found.foreign.cards == {"character": card}
    ending = ".json" if card["spec"] == SPECS[3][0] else ".v2.json"
    written = native(Card(found.spec, foreign=found.foreign), ending)
    assert NAME in written["data"]["extensions"]
    assert without_block(written) == card


@pytest.mark.parametrize("ending", FORMATS)
@settings(quick, max_examples=10)
@given(card=cards(2) | cards(3))
def test_data_of_other_apps_survives_any_format(ending: str, card: dict[str, Any]) -> None:
    first = read("card.json", as_file(card))
    second = through(Card(first.spec, foreign=first.foreign, slug="ada"), ending)
    assert second.spec.model_copy(update={"card_data": first.spec.card_data}) == first.spec
    assert second.foreign is not None
    assert said_by(second.foreign.cards["character"]) == said_by(card)


@settings(quick, max_examples=40)
@given(card=sloppy_cards())
def test_cards_that_keep_to_no_specification_come_back_too(card: dict[str, Any]) -> None:
    found = read("card.json", as_file(card))
    assert found.foreign is not None and found.foreign.cards == {"character": card}
    mine = Card(found.spec, picture=found.picture, foreign=found.foreign)
    same = ".json" if card["spec"] == SPECS[3][0] else ".v2.json"
    assert without_block(native(mine, same)) == card
    for ending in FORMATS:
        again = through(mine, ending)
        assert again.spec.model_copy(update={"card_data": "", "avatar": ""}) == found.spec.model_copy(
            update={"card_data": "", "avatar": ""}
        )


@pytest.mark.slow
@pytest.mark.parametrize("ending", FORMATS)
def test_very_many_personas_and_cards_survive(ending: str) -> None:
    """The size of a campaign: 4,800 cases over the formats."""
    many = settings(quick, max_examples=400)
    mine = test_any_persona_survives_in_every_field.hypothesis.inner_test  # type: ignore[attr-defined]
    theirs = test_data_of_other_apps_survives_any_format.hypothesis.inner_test  # type: ignore[attr-defined]
    many(given(spec=personas())(lambda spec: mine(ending, spec)))()
    many(given(card=cards(2) | cards(3))(lambda card: theirs(ending, card)))()


def without_block(card: dict[str, Any]) -> dict[str, Any]:
    bare = deepcopy(card)
    del bare["data"]["extensions"][NAME]
    return bare


def said_by(card: Any) -> dict[str, Any]:
    """A card without what V3 asks for and V2 does not, where it says nothing."""
    bare = deepcopy(dict(card))
    del bare["spec"], bare["spec_version"]
    if not bare["data"].get("group_only_greetings"):
        bare["data"].pop("group_only_greetings", None)
    for entry in bare["data"].get("character_book", {}).get("entries", []):
        if not entry.get("use_regex"):
            entry.pop("use_regex", None)
    return bare


@pytest.mark.parametrize("ending", FORMATS)
@pytest.mark.parametrize("kind", ["PNG", "JPEG", "WEBP"])
def test_a_picture_survives_as_the_very_file(ending: str, kind: str) -> None:
    brought = Picture(picture(kind))
    spec = ADA.model_copy(update={"avatar": brought.key})
    found = through(Card(spec, picture=brought), ending)
    assert found.picture == brought and found.spec == spec
    assert found.report.lossless


EDITS = {
    "name": ("Grace", {"name": "Grace"}),
    "description": ("Admiral\n\nKnows well:\n- COBOL\n\nShe sails.", {
        "role": "Admiral", "knowledge": ("COBOL",), "unknowns": (), "context": "A small team in Galway.\n\nShe sails.",
    }),
    "scenario": ("On a ship.", {"context": "On a ship."}),
    "personality": ("Dry.", {"voice": "Dry."}),
    "system_prompt": ("{{original}}You are {{char}}.", {"system_prompt": "You are Ada."}),
    "post_history_instructions": ("* Always smile\nNever shout", {
        "constraints": ("Always smile", "Never shout"), "when_pushed": "",
    }),
    "mes_example": ("<START>\n{{user}}: Why?\n{{char}}: Because.", {
        "sample_interactions": ({"user": "Why?", "persona": "Because."},),
    }),
    "tags": (["sea"], {"tags": ("sea",)}),
    "talkativeness": ("0.2", {"talkativeness": 0.2}),
}  # fmt: skip


@pytest.mark.parametrize("field", EDITS)
def test_what_another_app_has_edited_wins_and_the_rest_stays(field: str) -> None:
    value, expected = EDITS[field]
    card = native(Card(ADA, version=2))
    (card["data"]["extensions"] if field == "talkativeness" else card["data"])[field] = value
    found = read("card.json", as_file(card))
    assert found.spec == PersonaSpec.model_validate(ADA.model_dump() | expected)
    assert any(line.startswith("Edited in another app") for line in found.report.kept)


def test_the_order_of_keys_and_numbers_as_javascript_writes_them_are_no_edit() -> None:
    card = native(Card(ADA.model_copy(update={"talkativeness": 1.0})))
    card["data"] = dict(reversed(card["data"].items()))
    card["data"]["extensions"]["talkativeness"] = 1
    found = read("card.json", as_file(card))
    assert found.spec.talkativeness == 1.0
    assert found.report.kept == ("Every field is exactly as this studio wrote it.",)


def test_an_edit_here_changes_that_field_of_the_imported_card_and_no_other() -> None:
    card = {"spec": SPECS[2][0], "spec_version": "2.0", "name": "Ada", "personality": "Stale", "data": {
        "name": "Ada", "description": "[Ada: {engineer}]", "personality": " dry  ", "scenario": "Galway",
        "mes_example": "junk", "creator_notes": "", "system_prompt": "", "post_history_instructions": "\n",
        "alternate_greetings": [], "tags": ["a"], "creator": "Rosa", "character_version": "main", "first_mes": "Hm?",
        "extensions": {"x": 1},
    }}  # fmt: skip
    found = read("card.json", as_file(card))
    edited = found.spec.model_copy(update={"name": "Grace"})
    expected = deepcopy(card)
    expected["data"]["name"] = expected["name"] = "Grace"  # type: ignore[index]
    assert without_block(native(Card(edited, foreign=found.foreign), ".v2.json")) == expected


def test_a_foreign_card_becomes_a_persona_by_rule_of_thumb() -> None:
    book = {"entries": [
        {"content": "Fog is common.", "enabled": True, "keys": ["fog", "sea"], "insertion_order": 1},
        {"content": "@@depth 4\nShe sails.", "enabled": True, "constant": True, "keys": [], "insertion_order": 9},
        {"content": "Off", "enabled": False, "keys": [], "insertion_order": 0},
        {"content": "(a+)+b", "enabled": True, "use_regex": True, "keys": ["/(a+)+$/"], "insertion_order": 2},
    ]}  # fmt: skip
    data = {
        "name": "Ada", "description": "{{char}} is a sceptical engineer. She likes <USER>.", "personality": "Dry",
        "scenario": "Galway", "mes_example": "<START>\nAda: Hm.\n{{user}}: Hi\nthere\n{{char}}: Numbers?",
        "post_history_instructions": "{{original}}\n- No dates\n- No {{random:a,b}}", "tags": ["x", "x", 3],
        "creator_notes": "<b>Mine</b><script>alert(1)</script>", "character_book": book, "first_mes": "Hello",
        "system_prompt": "", "extensions": {"talkativeness": "0.9"},
    }  # fmt: skip
    found = read("x.json", as_file({"spec": "chara_card_v2", "spec_version": "2.0", "data": data}))
    assert found.spec.model_dump(exclude={"card_data"}) == PersonaSpec(
        name="Ada",
        role="sceptical engineer",
        voice="Dry",
        context="Galway\n\nShe likes the user.",
        knowledge=("She sails.", "fog, sea: Fog is common.", "(a+)+b"),
        constraints=("No dates", "No {{random:a,b}}"),
        sample_interactions=({"persona": "Hm."}, {"user": "Hi\nthere", "persona": "Numbers?"}),
        tags=("x",),
        talkativeness=0.9,
    ).model_dump(exclude={"card_data"})
    assert found.note == "Mine"
    said = " ".join(found.report.kept)
    assert "greeting" in said and "Lorebook: 3 entries" in said and "{{random}}" in said
    assert found.report.lossless


def test_what_does_not_fit_is_said_and_stays_in_the_card() -> None:
    entries = [{"content": "x" * 500, "enabled": True, "keys": [], "insertion_order": 0}] * 50
    data = {"name": "Ada", "personality": "y" * 30_000, "character_book": {"entries": entries},
            "tags": [str(n) for n in range(50)]}  # fmt: skip
    card = {"spec": "chara_card_v3", "spec_version": "3.1", "data": data}
    found = read("x.json", as_file(card))
    assert len(found.spec.voice) == 20_000 and len(found.spec.knowledge) == 1
    assert not found.report.lossless
    said = " ".join(found.report.dropped)
    assert "after 20,000 of 30,000" in said and "40 of 50 entries" in said and "first 40 of 50" in said
    exported = native(Card(found.spec, foreign=found.foreign))
    assert exported["data"]["personality"] == "y" * 30_000
    assert exported["spec_version"] == "3.1" and len(exported["data"]["character_book"]["entries"]) == 50


def test_a_v1_card_has_no_frame_and_a_lorebook_alone_is_nobody() -> None:
    flat = {"name": "Ada", "description": "Engineer", "first_mes": "Hm", "mes_example": "", "avatar": "none"}
    found = read("x.json", as_file(flat))
    assert (found.spec.name, found.spec.role) == ("Ada", "Engineer")
    exported = native(Card(found.spec, foreign=found.foreign), ".v2.json")
    assert (exported["avatar"], exported["data"]["first_mes"]) == ("none", "Hm")


@pytest.mark.parametrize("field", ["name", "params.system", "meta.description", "meta.suggestion_prompts", "meta.tags"])
def test_what_open_webui_has_edited_wins(field: str) -> None:
    (model,) = json.loads(FORMATS[".owui.json"].write(Card(ADA, slug="ada")).data)
    place = {"params": model["params"], "meta": model["meta"]}.get(field.partition(".")[0], model)
    name = field.rpartition(".")[2]
    edits: dict[str, tuple[Any, dict[str, Any]]] = {
        "name": ("Grace", {"name": "Grace"}),
        "system": (
            f"Be kind.\n\n{model['params'].get('system', '')}".replace("Short sentences.", "Long sentences."),
            {"system_prompt": f"Be kind.\n\n{ADA.system_prompt}\n\nHow you speak: Long sentences.", "voice": ""},
        ),
        "description": ("Admiral", {"role": "Admiral"}),
        "suggestion_prompts": ([{"content": "Why?"}], {"sample_queries": ("Why?",)}),
        "tags": ([{"name": "sea"}], {"tags": ("sea",)}),
    }
    place[name], expected = edits[name]
    found = read("x.json", as_file([model]))
    assert found.spec == PersonaSpec.model_validate(ADA.model_dump() | expected)


def test_a_model_of_open_webui_survives_and_keeps_its_owner_to_itself() -> None:
    model = {"id": "ada", "base_model_id": "gpt", "name": "Ada", "user_id": "u1", "access_control": None,
             "params": {"system": "You are Ada.", "temperature": 0.3},
             "meta": {"description": "Engineer", "profile_image_url": "/static/a.png", "toolIds": ["t"]}}  # fmt: skip
    found = read("x.json", as_file([model]))
    assert (found.spec.system_prompt, found.spec.role, found.spec.name) == ("You are Ada.", "Engineer", "Ada")
    for ending in FORMATS:
        again = through(Card(found.spec, foreign=found.foreign), ending)
        (out,) = json.loads(FORMATS[".owui.json"].write(Card(again.spec, foreign=again.foreign)).data)
        assert out["params"] == model["params"] and out["base_model_id"] == "gpt", ending
        assert {**out["meta"], NAME: 0} == {**model["meta"], NAME: 0}  # type: ignore[dict-item]
        assert "user_id" not in out and out["access_control"] == {}


def test_the_pixels_are_not_touched_and_old_cards_leave_the_picture() -> None:
    plain = picture(pnginfo=None)
    before = chunks(plain)
    stale = text_chunk("Chara", base64.b64encode(b"{}"))
    noted = text_chunk("Comment", b"by hand")
    brought = Picture(joined([*before[:1], noted, *before[1:]]))
    spec = ADA.model_copy(update={"avatar": brought.key})
    written = FORMATS[".png"].write(Card(spec, picture=brought)).data
    assert [part.kind for part in chunks(written)] == [
        *(part.kind for part in chunks(brought.data)[:-1]), b"tEXt", b"tEXt", b"IEND"
    ]  # fmt: skip
    assert [keyword_of(part) for part in chunks(written) if keyword_of(part)] == ["comment", "chara", "ccv3"]
    assert pixels(written) == pixels(plain)
    again = FORMATS[".png"].write(
        Card(spec, picture=Picture(joined([*chunks(written)[:-1], stale, chunks(written)[-1]])))
    )
    assert again.data == written
    assert read("x.png", written).picture == brought


def test_of_two_cards_in_a_picture_the_newer_counts_unless_the_older_was_edited() -> None:
    written = FORMATS[".png"].write(Card(ADA)).data

    def with_edit(keyword: str) -> PersonaSpec:
        parts = chunks(written)
        at = next(number for number, part in enumerate(parts) if keyword_of(part) == keyword)
        card = json.loads(base64.b64decode(bytes(parts[at].body).partition(b"\0")[2]))
        assert card["data"]["creator_notes"] == (BACKFILL if keyword == "chara" else "")
        card["data"]["personality"] = f"edited {keyword}"
        parts[at] = text_chunk(keyword, base64.b64encode(as_file(card)))
        found = read("x.png", joined(parts))
        assert found.foreign is None
        return found.spec

    assert with_edit("ccv3").voice == "edited ccv3"
    assert with_edit("chara") == ADA.model_copy(update={"voice": "edited chara"})


def test_a_picture_that_another_app_put_in_its_place_is_taken() -> None:
    written = chunks(FORMATS[".png"].write(Card(ADA)).data)
    other = chunks(picture())
    found = read("x.png", joined([*other[:-1], *(part for part in written if part.kind == b"tEXt"), other[-1]]))
    assert found.picture == Picture(picture_bytes := joined(other)) and picture_bytes
    assert found.spec == ADA.model_copy(update={"avatar": found.picture.key})
    assert any("Picture: changed" in line for line in found.report.kept)


def test_files_of_an_archive_stay_with_it_and_elsewhere_are_said_to_be_left_out() -> None:
    icon = Picture(picture("WEBP"))
    assets = [
        {"type": "icon", "uri": "embedded://assets/icon/images/x.webp", "name": "main", "ext": "webp"},
        {"type": "background", "uri": "embeded://assets/background/images/b.png", "name": "b", "ext": "png"},
    ]
    data = {"name": "Ada", "description": "", "assets": assets, "extensions": {}, "x": [1]}
    card = {"spec": "chara_card_v3", "spec_version": "3.0", "data": data}
    files = {"card.json": as_file(card), "assets/icon/images/x.webp": icon.data, "assets/background/images/b.png": b"b",
             "module.risum": b"\0\1"}  # fmt: skip
    found = read("x.charx", archive_of(files))
    assert found.picture == icon and found.spec.avatar == icon.key
    assert found.foreign is not None and found.foreign.files.keys() == files.keys() - {
        "card.json",
        "assets/icon/images/x.webp",
    }
    whole = Card(found.spec, picture=found.picture, foreign=Foreign.unpacked(found.foreign.packed()))
    again = through(whole, ".charx")
    assert replace(again, report=found.report) == found
    for ending in FORMATS:
        written = FORMATS[ending].write(whole)
        assert written.report.lossless == (ending == ".charx"), ending
        assert read(f"x{ending}", written.data).picture == icon


def test_a_picture_too_large_for_text_goes_along_as_a_copy() -> None:
    large = Picture(picture(size=(900, 900)))
    assert len(large.data) > 1_600_000
    card = Card(ADA.model_copy(update={"avatar": large.key}), picture=large)
    for ending in FORMATS:
        written = FORMATS[ending].write(card)
        found = read(f"x{ending}", written.data)
        whole = ending in (".png", ".charx")
        assert (written.report.lossless, found.report.lossless, found.picture == large) == (whole,) * 3, ending
        assert found.spec.model_copy(update={"avatar": ""}) == ADA.model_copy(update={"avatar": ""})


def test_a_block_is_as_untrusted_as_the_rest() -> None:
    card = native(Card(ADA))
    block = card["data"]["extensions"][NAME]
    block |= {"schema": 9, "picture": "data:image/png;base64,AAAA", "foreign": {"character": 3, "evil": {}}, "v3": 1}
    block["persona"] |= {
        "name": "x" * 500, "shoe_size": 3, "avatar": f"picture:{'0' * 64}", "card_data": f"card:{'0' * 64}",
    }  # fmt: skip
    found = read("x.json", as_file(card))
    assert (found.spec.name, found.spec.avatar, found.spec.card_data) == ("", "", "")
    assert found.spec.voice == ADA.voice and found.foreign is None
    assert len(found.report.dropped) == 4


def test_json_bytes_hold_even_what_utf8_cannot() -> None:
    assert json.loads(json_bytes({"a": "\ud800"})) == {"a": "\ud800"}
    assert json_bytes({"a": "é"}) == b'{"a":"\xc3\xa9"}'
