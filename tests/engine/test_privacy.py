"""A person's own data: handed out without a secret, and deleted without a trace but the books."""

import base64
import hashlib
import json
from collections.abc import Callable, Iterator
from decimal import Decimal
from typing import Any

import pytest
from sqlalchemy import select

from db.models import Base
from engine.accounts.access import NO_MATCH
from engine.accounts.actor import Actor, Role
from engine.accounts.sessions import digest
from engine.conversations.saved_runs import SavedRuns
from engine.errors import BadInput, Forbidden, NotFound, TooManyTries
from engine.runs import Runs, RunWriter
from engine.settings import load_settings
from engine.studio import Studio
from tests.engine.accounts.ways_in import WRONG, at_once, member, signed_in, with_authenticator
from tests.engine.conftest import PASSWORD, Clock, person
from tests.engine.personas.test_catalogue import published
from tests.engine.waiting import until

OWN_KEY = "sk-proj-planted-7f3a9c21e5d04b68"
NAME, HANDLE = "Zyxandra", "zyxandra"
EMAIL = f"{HANDLE}@example.org"
BOOKS = {"usage_events", "ai_daily_usage", "audit_events"}
"""What stays as it was: the ledger with its sums, and the audit log."""


def everything_of(studio: Studio, clock: Clock) -> tuple[Actor, list[str | bytes]]:
    """A person who has used every part of the house, and the secrets that this left in it."""
    member(studio, NAME)
    ticket, her = signed_in(studio, EMAIL)
    token = studio.access.redeem(ticket.code)
    again, _ = signed_in(studio, EMAIL)
    studio.access.sign_in_with("https://id.example", "subject-1", email=EMAIL, email_verified=True, name=NAME)
    app, recovery = with_authenticator(studio, her, clock.now)
    studio.joining.request_reset(EMAIL)
    studio.keys.save(her, "openai", OWN_KEY)
    studio.allowances.set_own_cap(her, Decimal(3))
    published(studio, her, name=f"{NAME}'s poet", visibility="workspace")
    published(studio, her, name="A second one")
    studio.personas.delete(her, "user:a-second-one")
    draft = studio.drafts.open(her)
    studio.drafts.save(her, draft.id, {"name": f"Draft of {NAME}"})
    keep_an_answer(studio, her, clock, f"Who is {NAME}?")
    studio.conversations.ask(her, "Hello", persona=f"user:{HANDLE}-s-poet", model="local:smollm2")
    studio.scenes.create(her, {"title": f"{NAME} on stage", "cast": [{"persona": f"user:{HANDLE}-s-poet"}]})
    colleague = person(studio, "Bob")
    studio.conversations.ask(colleague, "Hello", persona=f"team:{HANDLE}/{HANDLE}-s-poet", model="local:smollm2")
    edit_each_others(studio, her, colleague)
    assert token is not None and her.person_id is not None
    planted: list[str | bytes] = [OWN_KEY, PASSWORD, app.secret, token, again.code, *recovery]
    planted += [digest(token), digest(again.code)]
    for table in Base.metadata.sorted_tables:
        for column in ("password_hash", "sealed", "token_hash", "code_hash", "recovery"):
            if column in table.c:
                planted += [row for row in column_of(studio, table.c[column]) if isinstance(row, (str, bytes)) and row]
    return her, planted


def edit_each_others(studio: Studio, her: Actor, colleague: Actor) -> None:
    """He lets her edit his persona, which she does; she lets him edit hers."""
    studio.personas.add_editor(her, f"user:{HANDLE}-s-poet", colleague.handle)
    studio.personas.add_editor(colleague, published(studio, colleague, name="Harbour"), her.handle)
    draft = studio.drafts.open(her, f"team:{colleague.handle}/harbour")
    studio.drafts.save(her, draft.id, {"voice": "Calm."})
    studio.drafts.publish(her, draft.id, note="Calmer")


def keep_an_answer(studio: Studio, actor: Actor, clock: Clock, question: str) -> None:
    runs = Runs()

    def work(writer: RunWriter) -> None:
        writer.add("An answer.")

    kept = SavedRuns(studio.database, runs, clock=clock)
    kept.start(f"subject of {question}", work, person_id=actor.person_id, question=question)
    runs.close()


def column_of(studio: Studio, column: Any) -> list[Any]:
    with studio.database.read() as unit:
        return list(unit.connection.scalars(select(column)))


def rows_of(studio: Studio) -> Iterator[tuple[str, str]]:
    """Every row of every table as text."""
    for table in Base.metadata.sorted_tables:
        with studio.database.read() as unit:
            for row in unit.connection.execute(select(table)):
                yield table.name, repr(row)


def count(studio: Studio, *tables: str) -> dict[str, int]:
    found = dict.fromkeys(tables, 0)
    for table, _ in rows_of(studio):
        if table in found:
            found[table] += 1
    return found


def spellings(secret: str | bytes) -> set[str]:
    """How a secret may hide in a text."""
    raw = secret.encode() if isinstance(secret, str) else secret
    hashed = hashlib.sha256(raw).digest()
    plain = {secret} if isinstance(secret, str) else set()
    return plain | {
        spelt.rstrip("=")
        for form in (raw, hashed)
        for spelt in (form.hex(), base64.b64encode(form).decode(), base64.urlsafe_b64encode(form).decode())
    }


def test_an_export_has_everything_of_oneself_and_no_secret(studio: Studio, clock: Clock) -> None:
    her, planted = everything_of(studio, clock)
    other = person(studio, "Rosa", role=Role.ADMIN)
    assert her.person_id is not None
    studio.people.set_role(other, her.person_id, Role.LEAD)
    found = studio.privacy.export(her)
    text = json.dumps(found, ensure_ascii=False)
    assert len(planted) > 15
    assert [secret for secret in planted if any(spelt in text for spelt in spellings(secret))] == []
    assert found["profile"]["email"] == EMAIL and found["profile"]["second_factor"] is True
    assert found["profile"]["identities"][0]["subject"] == "subject-1"
    assert [key["hint"] for key in found["keys"]] == [f"…{OWN_KEY[-4:]}"]
    assert [persona["content"]["name"] for persona in found["personas"]] == [f"{NAME}'s poet", "A second one"]
    assert found["personas"][1]["deleted_at"] and len(found["personas"][0]["versions"]) == 1
    assert [persona["editors"] for persona in found["personas"]] == [1, 0]
    assert [each["name"] for each in found["editing"]] == ["Harbour"]
    assert [(edit["name"], edit["number"], edit["note"]) for edit in found["edits"]] == [("Harbour", 2, "Calmer")]
    assert [draft["content"]["name"] for draft in found["drafts"]] == [f"Draft of {NAME}"]
    assert [answer["question"] for answer in found["answers"]] == [f"Who is {NAME}?"]
    assert [(scene["title"], scene["turns"]) for scene in found["scenes"]] == [(f"{NAME} on stage", [])]
    assert [line["persona_key"] for line in found["usage"]] == [f"user:{HANDLE}-s-poet"]
    assert found["limits"]["budgets"] == [{"month_nano": 3_000_000_000}]
    assert len(found["sessions"]) == 3
    assert {"by": "somebody else", "action": "person.role"}.items() <= found["log"][-1].items()
    assert str(other.person_id) not in text and "Rosa" not in text and "Bob" not in text


def test_an_export_is_of_oneself_alone(studio: Studio, clock: Clock) -> None:
    everything_of(studio, clock)
    text = json.dumps(studio.privacy.export(person(studio, "Noor")))
    assert HANDLE not in text.lower()
    with pytest.raises(NotFound):
        studio.privacy.export(Actor.operator())
    with pytest.raises(Forbidden):
        studio.privacy.export(None)  # type: ignore[arg-type]


@pytest.mark.parametrize("by", ["herself", "an admin"])
def test_deleting_leaves_the_books_and_nothing_else_that_names_the_person(
    studio: Studio, clock: Clock, by: str
) -> None:
    her, _ = everything_of(studio, clock)
    assert her.person_id is not None
    before = count(studio, *BOOKS, "admissions")
    if by == "herself":
        studio.privacy.delete_account(her, PASSWORD)
    else:
        studio.privacy.delete_person(Actor.operator(), her.person_id)
    after = count(studio, *BOOKS, "admissions")
    assert after == before | {"audit_events": before["audit_events"] + 1}
    ids = (str(her.person_id), her.person_id.hex)
    naming = [(table, row) for table, row in rows_of(studio) if table not in BOOKS and HANDLE in row.lower()]
    pointing = {table for table, row in rows_of(studio) if any(known in row for known in ids)}
    assert naming == [] and pointing == BOOKS | {"admissions"}
    assert [row for table, row in rows_of(studio) if table == "audit_events" and EMAIL in row] == []
    act = studio.audit.page(Actor.operator())[0]
    assert (act.action, act.target_id, act.after) == ("person.delete", str(her.person_id), {})
    assert act.target.startswith("deleted …") and studio.usage.verify(Actor.operator()) == []


def test_whoever_is_deleted_is_out_at_once_and_their_shared_personas_with_them(studio: Studio, clock: Clock) -> None:
    her, _ = everything_of(studio, clock)
    bob = studio.people.acting_as(Actor.operator(), "bob@example.org")
    ticket = studio.access.sign_in_with("https://id.example", "subject-1", email=EMAIL, email_verified=True, name=NAME)
    assert studio.personas.catalogue(bob).team
    studio.privacy.delete_account(her, PASSWORD)
    assert studio.access.actor(ticket.session_id) is None and not studio.personas.catalogue(bob).team
    with pytest.raises(BadInput, match=NO_MATCH):
        studio.access.sign_in(EMAIL, PASSWORD)
    with pytest.raises(NotFound):
        studio.privacy.export(her)
    with pytest.raises(NotFound):
        studio.privacy.delete_person(Actor.operator(), her.person_id)  # type: ignore[arg-type]
    member(studio, NAME)
    assert studio.privacy.export(signed_in(studio, EMAIL)[1])["personas"] == []


def test_a_password_is_asked_for_and_cannot_be_guessed(studio: Studio) -> None:
    member(studio)
    _, ada = signed_in(studio)
    for _ in range(5):
        with pytest.raises(BadInput, match="not your password"):
            studio.privacy.delete_account(ada, WRONG)
    with pytest.raises(TooManyTries):
        studio.privacy.delete_account(ada, PASSWORD)
    assert studio.privacy.export(ada)["profile"]["name"] == "Ada"


def test_without_a_password_none_is_asked_for(studio: Studio, ada: Actor) -> None:
    studio.privacy.delete_account(ada, "")
    assert studio.people.all(Actor.operator()) == []


def test_only_those_who_manage_people_delete_others(studio: Studio, ada: Actor) -> None:
    bob = person(studio, "Bob")
    with pytest.raises(Forbidden):
        studio.privacy.delete_person(ada, bob.person_id)  # type: ignore[arg-type]
    assert len(studio.people.all(Actor.operator())) == 2


def test_the_last_administrator_stays(studio: Studio) -> None:
    one, other = (person(studio, name, role=Role.ADMIN) for name in ("Rosa", "Ines"))
    ended = at_once(
        lambda: studio.privacy.delete_person(one, other.person_id),  # type: ignore[arg-type]
        lambda: studio.privacy.delete_person(other, one.person_id),  # type: ignore[arg-type]
    )
    assert sorted(ended) == ["done", "refused"]
    (left,) = studio.people.all(Actor.operator())
    with pytest.raises(BadInput, match="last administrator"):
        studio.privacy.delete_account(studio.people.acting_as(Actor.operator(), left.email), "")


def test_answers_are_deleted_after_the_days_of_the_setting(open_with: Callable[..., Studio], clock: Clock) -> None:
    studio = open_with(STUDIO_RETENTION_DAYS="30")
    ada = person(studio)
    keep_an_answer(studio, ada, clock, "An old question")
    clock.forward(days=29)
    keep_an_answer(studio, ada, clock, "A new question")
    assert studio.retention.sweep() == 0
    sent = studio.assistant.send(ada, "A question of a thread")
    until(lambda: studio.threads.message(ada, sent.answer_id).route)
    exported = studio.privacy.export(ada)["threads"]
    assert [[said["role"] for said in thread["messages"]] for thread in exported] == [["user", "assistant"]]
    clock.forward(days=2)
    studio.close()
    again = open_with(STUDIO_RETENTION_DAYS="30")
    assert [answer["question"] for answer in again.privacy.export(ada)["answers"]] == ["A new question"]
    assert len(again.privacy.export(ada)["threads"]) == 1
    clock.forward(days=30)
    assert again.retention.sweep() == 2 and again.privacy.export(ada)["threads"] == []


def test_without_the_setting_answers_stay(open_with: Callable[..., Studio], clock: Clock) -> None:
    studio = open_with()
    ada = person(studio)
    keep_an_answer(studio, ada, clock, "An old question")
    clock.forward(days=4000)
    assert studio.retention.sweep() == 0 and len(studio.privacy.export(ada)["answers"]) == 1


def test_a_key_that_was_saved_while_its_owner_was_deleted_is_swept_and_the_houses_stays(
    studio: Studio, ada: Actor
) -> None:
    studio.keys.save(person(studio, "Rosa", role=Role.ADMIN), "openai", OWN_KEY, house=True)
    studio.privacy.delete_account(ada, "")
    studio.keys.save(ada, "openai", OWN_KEY)
    assert count(studio, "provider_keys") == {"provider_keys": 2}
    studio.retention.sweep()
    assert count(studio, "provider_keys") == {"provider_keys": 1}


@pytest.mark.parametrize("days", ["0", "-1", "soon", "1.5"])
def test_a_setting_that_is_no_number_of_days_is_refused_by_name(
    clean_environment: pytest.MonkeyPatch, days: str
) -> None:
    clean_environment.setenv("STUDIO_RETENTION_DAYS", days)
    with pytest.raises(Exception, match="STUDIO_RETENTION_DAYS"):
        load_settings()
