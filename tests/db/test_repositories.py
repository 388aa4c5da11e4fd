"""What the repositories promise, on both databases."""

from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

import pytest
from uuid_utils.compat import uuid7

from db.models import AuthSession, OneTimeToken, Person, Persona, PersonaDraft
from db.session import Database
from tests.db.races import race

NOW = datetime(2026, 11, 22, 12, 0, tzinfo=UTC)
LATER, EARLIER = NOW + timedelta(minutes=1), NOW - timedelta(minutes=1)

LONG = "x" * 200_000
TEXTS = {
    "empty": "",
    "200 KB": LONG,
    "emoji": "👩🏽‍🚀 🇪🇸 ❤️‍🔥",
    "right to left": "שלום \u200f مرحبا",
    "quotes": 'it\'s "quoted"; DROP TABLE people; -- %s :name \\',
    "lines": "a\r\nb\tc\n",
}


def person(handle: str = "ada", **fields: Any) -> Person:
    """A person ready to be added."""
    known = {"email": f"{handle}@example.org", "handle": handle, "name": handle.title(), "role": "user"}
    return Person(**known | {"password_hash": "hash", "created_at": NOW} | fields)


def persona(owner_id: UUID | None, key: str = "guide", **fields: Any) -> Persona:
    """A persona ready to be added."""
    known = {"owner_id": owner_id, "key": key, "visibility": "private", "content": {"name": key}}
    return Persona(**known | {"created_at": NOW, "updated_at": NOW} | fields)


def session(person_id: UUID, **fields: Any) -> AuthSession:
    """A session ready to be added."""
    times = {"created_at": NOW, "last_seen_at": NOW, "expires_at": LATER}
    return AuthSession(**{"person_id": person_id, "token_version": 0} | times | fields)


@pytest.fixture
def ada(database: Database) -> UUID:
    """The id of somebody who is there."""
    with database.write() as unit:
        row = person()
        assert unit.people.add(row)
    return row.id


def test_a_person_is_found_by_address_and_id_after_the_unit_has_ended(database: Database, ada: UUID) -> None:
    with database.read() as unit:
        found = unit.people.by_email("ada@example.org")
        assert found is unit.people.by_id(ada)
    assert found is not None
    assert (found.handle, found.token_version, found.verified_at) == ("ada", 0, None)
    assert found.created_at == NOW and found.created_at.tzinfo == UTC


def test_a_taken_address_or_handle_is_refused_and_the_unit_goes_on(database: Database, ada: UUID) -> None:
    with database.write() as unit:
        assert not unit.people.add(person("bob", email="ada@example.org"))
        assert not unit.people.add(person(email="other@example.org"))
        assert unit.people.add(person("bob"))
        assert unit.people.handle_taken("bob") and not unit.people.handle_taken("eve")
    with database.read() as unit:
        assert [row.handle for row in unit.people.all()] == ["ada", "bob"]


def test_an_incomplete_row_is_an_error_and_not_a_taken_name(database: Database) -> None:
    with pytest.raises(Exception, match="The database could not do this"), database.write() as unit:
        unit.people.add(person(name=None))


def test_twenty_who_want_to_be_the_first_admin_make_one(database: Database) -> None:
    def claim(number: int) -> bool:
        with database.write() as unit:
            return unit.people.lock_first_admin() and unit.people.add(person(f"admin-{number}", role="admin"))

    assert sorted(race(claim, 20)) == [False] * 19 + [True]
    with database.read() as unit:
        assert unit.people.count_admins() == 1


def test_a_new_password_ends_sessions_by_raising_the_token_version(database: Database, ada: UUID) -> None:
    with database.write() as unit:
        unit.people.set_password(ada, "new hash")
        unit.people.set_verified(ada, LATER)
    with database.read() as unit:
        row = unit.people.by_id(ada)
    assert row is not None
    assert (row.password_hash, row.token_version, row.verified_at) == ("new hash", 1, LATER)


def test_settings_are_absent_then_saved_then_changed(database: Database, ada: UUID) -> None:
    for wanted in ("openai:gpt-4.1", "local:smollm2", None):
        with database.write() as unit:
            unit.people.save_settings(ada, preferred_model=wanted)
        with database.read() as unit:
            kept = unit.people.settings(ada)
            assert kept is not None and kept.preferred_model == wanted
            assert unit.people.settings(uuid7()) is None


def test_a_code_is_redeemed_by_one_of_many(database: Database, ada: UUID) -> None:
    with database.write() as unit:
        row = session(ada, code_hash=b"code", code_expires_at=LATER)
        unit.sessions.add(row)

    def redeem(_: int) -> UUID | None:
        with database.write() as unit:
            return unit.sessions.by_code_hash_for_redeem(b"code", NOW)

    assert [found for found in race(redeem, 8) if found] == [row.id]


@pytest.mark.parametrize("fields", [{"code_expires_at": EARLIER}, {"code_expires_at": LATER, "revoked_at": NOW}])
def test_a_late_or_revoked_code_is_worth_nothing(database: Database, ada: UUID, fields: dict[str, Any]) -> None:
    with database.write() as unit:
        unit.sessions.add(session(ada, code_hash=b"code", **fields))
    with database.write() as unit:
        assert unit.sessions.by_code_hash_for_redeem(b"code", NOW) is None


def test_a_session_is_found_by_its_token_together_with_its_person(database: Database, ada: UUID) -> None:
    with database.write() as unit:
        row = session(ada)
        unit.sessions.add(row)
    with database.write() as unit:
        unit.sessions.set_token(row.id, b"token")
        unit.sessions.touch(row.id, LATER)
        unit.sessions.revoke(row.id, LATER)
    with database.read() as unit:
        found = unit.sessions.by_token_hash(b"token")
        both = unit.sessions.with_person(row.id)
        assert unit.sessions.with_person(uuid7()) is None
    assert found is not None and both is not None
    assert (found.id, found.last_seen_at, found.revoked_at) == (row.id, LATER, LATER)
    assert (both[0].id, both[1].handle) == (row.id, "ada")


def test_a_token_opens_its_own_door_once_and_in_time(database: Database) -> None:
    with database.write() as unit:
        unit.tokens.add(OneTimeToken(token_hash=b"good", purpose="setup", expires_at=LATER))
        unit.tokens.add(OneTimeToken(token_hash=b"late", purpose="setup", expires_at=EARLIER))
        unit.tokens.add(OneTimeToken(token_hash=b"dropped", purpose="verify", expires_at=LATER))
    with database.write() as unit:
        unit.tokens.drop_unused("verify")
        assert unit.tokens.use(b"good", "verify", NOW) is None
        used = unit.tokens.use(b"good", "setup", NOW)
        assert used is not None and used.used_at == NOW
        for hash_, purpose in ((b"good", "setup"), (b"late", "setup"), (b"dropped", "verify")):
            assert unit.tokens.use(hash_, purpose, NOW) is None


def test_a_persona_begins_with_its_version_one(database: Database, ada: UUID) -> None:
    with database.write() as unit:
        row = persona(ada)
        assert unit.personas.add(row, "first", ada)
    with database.read() as unit:
        first = unit.personas.version(row.id, 1)
        assert unit.personas.version(row.id, 2) is None
        assert unit.personas.count_owned(ada) == 1
    assert first is not None and (first.note, first.content, first.author_id) == ("first", {"name": "guide"}, ada)


def test_a_key_is_unique_for_its_owner_and_among_the_built_in(database: Database, ada: UUID) -> None:
    with database.write() as unit:
        assert unit.personas.add(persona(ada), "", ada)
        assert not unit.personas.add(persona(ada), "", ada)
        assert unit.personas.add(persona(None), "", None)
        assert not unit.personas.add(persona(None), "", None)
        mine, house = unit.personas.by_key(ada, "guide"), unit.personas.by_key(None, "guide")
        assert mine is not None and house is not None and mine.id != house.id
        assert unit.personas.keys_of(ada) == unit.personas.keys_of(None) == {"guide"}


def test_publishing_needs_the_version_that_the_writer_saw(database: Database, ada: UUID) -> None:
    with database.write() as unit:
        row = persona(ada)
        unit.personas.add(row, "", ada)

    def publish(number: int) -> int | None:
        with database.write() as unit:
            return unit.personas.publish(
                row.id, {"name": f"try {number}"}, "workspace", "again", ada, LATER, expected_version=1
            )

    assert [number for number in race(publish, 8) if number] == [2]
    with database.read() as unit:
        current, second = unit.personas.by_id(row.id), unit.personas.version(row.id, 2)
        assert current is not None and second is not None
        assert (current.version, current.visibility, current.updated_at) == (2, "workspace", LATER)
        assert current.content == second.content and second.created_at == LATER


def test_a_persona_is_found_by_the_handle_of_its_owner_unless_it_is_deleted(database: Database, ada: UUID) -> None:
    with database.write() as unit:
        assert unit.personas.add(persona(ada, "mine"), "", ada)
        assert unit.personas.add(persona(ada, "gone", deleted_at=NOW), "", ada)
        found = unit.personas.of_handle("ada", "mine")
        assert found is not None and found.owner_id == ada
        assert unit.personas.of_handle("ada", "gone") is None and "gone" in unit.personas.keys_of(ada)
        assert unit.personas.of_handle("bob", "mine") is None
        assert unit.personas.builtins() == []


def test_what_the_catalogue_shows_is_kept_in_step_with_the_content(database: Database, ada: UUID) -> None:
    first = {"name": "Núria  Ferré", "role": "Guide", "tags": ["Senders"], "system_prompt": "You walk.\n" + "x" * 99}
    then = {"name": "Anna", "modality": "domain", "sample_queries": ["Where to?"], "prompt_open": True}
    with database.write() as unit:
        row = persona(ada, content=first)
        unit.personas.add(row, "", ada)
        assert (row.name, row.name_key, row.tags) == ("Núria  Ferré", "nuria  ferre", ["Senders"])
        assert row.search == "nuria  ferre guide guide senders" and not row.prompt_open
        assert len(row.blurb) == 80 and row.blurb.startswith("You walk. xx") and row.blurb.endswith("…")
    with database.write() as unit:
        unit.personas.publish(row.id, then, "private", "", ada, LATER, expected_version=1)
    with database.read() as unit:
        now = unit.personas.by_id(row.id)
    assert now is not None and (now.name, now.role, now.modality, now.sample) == ("Anna", "", "domain", "Where to?")
    assert now.search == "anna  guide" and now.blurb == "" and now.prompt_open


def test_a_draft_belongs_to_one_person(database: Database, ada: UUID) -> None:
    times = {"created_at": NOW, "updated_at": NOW}
    with database.write() as unit:
        row = persona(ada)
        unit.personas.add(row, "", ada)
        fresh = PersonaDraft(person_id=ada, key="new", content={}, step="role", **times)
        change = PersonaDraft(
            person_id=ada, persona_id=row.id, key="guide", content={}, step="role", base_version=1, **times
        )
        unit.drafts.add(fresh)
        unit.drafts.add(change)
    stranger = uuid7()
    with database.write() as unit:
        assert unit.drafts.save(fresh.id, ada, {"name": "Ada"}, "voice", LATER)
        assert not unit.drafts.save(fresh.id, stranger, {}, "voice", LATER)
        unit.drafts.delete(fresh.id, stranger)
        assert unit.drafts.by_id(fresh.id, stranger) is None
    with database.write() as unit:
        kept = unit.drafts.by_id(fresh.id, ada)
        assert kept is not None and (kept.content, kept.step, kept.updated_at) == ({"name": "Ada"}, "voice", LATER)
        assert [found.id for found in unit.drafts.of(ada)] == [fresh.id, change.id]
        assert getattr(unit.drafts.for_persona(ada, row.id), "id", None) == change.id
        unit.drafts.delete(fresh.id, ada)
    with database.read() as unit:
        assert [found.id for found in unit.drafts.of(ada)] == [change.id]


def test_a_house_setting_is_put_many_times_or_added_once(database: Database) -> None:
    with database.write() as unit:
        assert unit.house.get("cap") is None
        for value in (1, {"a": [1, "é"]}, 20_000_000_000):
            unit.house.put("cap", value)
            assert unit.house.get("cap") == value
        assert not unit.house.add_once("cap", 5)
        assert unit.house.add_once("seed", True)
        assert unit.house.get("cap") == 20_000_000_000 and unit.house.get("seed") is True


@pytest.mark.parametrize("text", TEXTS.values(), ids=TEXTS.keys())
def test_any_text_comes_back_as_it_was(database: Database, ada: UUID, text: str) -> None:
    content = {"name": text, "list": [text], text[:50]: 1}
    with database.write() as unit:
        row = persona(ada, content=content)
        unit.personas.add(row, text, ada)
    with database.read() as unit:
        kept, first = unit.personas.by_id(row.id), unit.personas.version(row.id, 1)
    assert kept is not None and first is not None
    assert kept.content == content and first.note == text


def answer(person_id: UUID, text: str, state: str = "writing", run_id: UUID | None = None) -> dict[str, Any]:
    """A run ready to be saved."""
    row = {"subject": "draft", "person_id": person_id, "run_id": run_id or uuid7(), "question": "Who?"}
    return row | {"text": text, "state": state, "saved_at": NOW}


def test_the_newest_run_of_a_subject_keeps_its_place(database: Database, ada: UUID) -> None:
    older, newer = uuid7(), uuid7()
    with database.write() as unit:
        assert unit.runs.of("draft") is None
        assert unit.runs.save(answer(ada, "a", run_id=older))
        assert unit.runs.save(answer(ada, "ab", run_id=older))
        assert unit.runs.save(answer(ada, "x", run_id=newer))
        assert not unit.runs.save(answer(ada, "abc", run_id=older))
        assert unit.runs.save(answer(ada, "xy", "done", run_id=newer))
        assert not unit.runs.save(answer(ada, "xyz", run_id=newer)), "it was over"
    with database.read() as unit:
        row = unit.runs.of("draft")
    assert (row.run_id, row.text, row.state, row.question, row.saved_at) == (newer, "xy", "done", "Who?", NOW)


def test_a_run_that_was_ended_from_elsewhere_can_be_saved_no_more(database: Database, ada: UUID) -> None:
    run_id = uuid7()
    with database.write() as unit:
        unit.runs.save(answer(ada, "a", run_id=run_id))
        unit.runs.stop(run_id)
        assert not unit.runs.save(answer(ada, "ab", run_id=run_id))
        row = unit.runs.of("draft")
        unit.runs.stop(run_id)
    assert (row.text, row.state) == ("a", "stopped")


@pytest.mark.parametrize("text", TEXTS.values(), ids=TEXTS)
def test_the_text_of_a_run_is_kept_to_the_letter(database: Database, ada: UUID, text: str) -> None:
    with database.write() as unit:
        unit.runs.save(answer(ada, text))
    with database.read() as unit:
        assert unit.runs.of("draft").text == text
