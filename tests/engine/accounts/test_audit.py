"""The log of acts: written once and for good, read by administrators, taken away as a file."""

import csv
import io
import json

import pytest
from sqlalchemy import text
from uuid_utils.compat import uuid7

from engine.accounts.actor import Actor, Role
from engine.accounts.audit import COLUMNS, AuditFilter, record
from engine.errors import BadInput, DatabaseError, Forbidden
from engine.studio import Studio
from tests.engine.conftest import Clock, person

OPERATOR = Actor.operator()


def test_the_database_itself_refuses_to_change_the_log(studio: Studio, ada: Actor) -> None:
    before = studio.audit.page(OPERATOR)
    changes = ["UPDATE audit_events SET action = ''", "DELETE FROM audit_events"]
    for statement in changes + ["TRUNCATE audit_events"] * (studio.database.dialect == "postgresql"):
        with pytest.raises(DatabaseError, match="append-only"), studio.database.write() as unit:
            unit.connection.execute(text(statement))
        assert before and studio.audit.page(OPERATOR) == before


def test_an_act_that_fails_is_not_in_the_log(studio: Studio) -> None:
    person(studio, "Rosa", role=Role.ADMIN)
    before = studio.audit.count(OPERATOR)
    with pytest.raises(BadInput):
        studio.people.add(OPERATOR, email="rosa@example.org", name="Somebody")
    with pytest.raises(RuntimeError, match="undone"), studio.database.write() as unit:
        record(unit, None, "house.test", "house", "x", studio.people.all(OPERATOR)[0].created_at)
        unit.flush()
        raise RuntimeError("undone")
    assert studio.audit.count(OPERATOR) == before


def test_keys_and_the_first_admin_leave_their_lines_and_nothing_of_a_key(studio: Studio) -> None:
    link = studio.access.new_setup_link()
    assert link is not None
    ticket = studio.access.create_first_admin(
        link.partition("token=")[2], email="rosa@example.org", name="Rosa", password="correct horse battery"
    )
    rosa = studio.access.actor(ticket.session_id)
    assert rosa is not None
    for house in (False, True):
        studio.keys.save(rosa, "openai", "sk-planted-000000000000", house=house)
        studio.keys.pause(rosa, "openai", paused=True, house=house)
        studio.keys.remove(rosa, "openai", house=house)
        studio.keys.remove(rosa, "openai", house=house)
    log = [act for act in reversed(studio.audit.page(OPERATOR)) if act.target_kind == "key" or "first" in act.action]
    expected = ["person.first_admin", *["key.save", "key.pause", "key.remove"] * 2]
    assert [act.action for act in log] == expected
    assert {(act.actor, act.target) for act in log} == {("Rosa", "Rosa"), ("Rosa", "openai")}
    assert [act.after["house"] for act in log[1:]] == [False] * 3 + [True] * 3
    assert b"planted" not in studio.audit.export(OPERATOR, form="json")


def test_a_line_whose_target_is_no_id_hides_none_of_the_others(studio: Studio, ada: Actor, clock: Clock) -> None:
    with studio.database.write() as unit:
        record(unit, ada.person_id, "budget.change", "department", "elsewhere", clock())
    assert [act.target for act in studio.audit.page(OPERATOR)] == ["elsewhere", "Ada"]


def test_filters_find_by_act_actor_target_and_time(studio: Studio, clock: Clock) -> None:
    rosa = person(studio, "Rosa", role=Role.ADMIN)
    noon = clock()
    clock.forward(hours=1)
    ada = person(studio, "Ada")
    assert ada.person_id is not None
    studio.people.disable(rosa, ada.person_id)
    count = studio.audit.count
    assert [count(OPERATOR, AuditFilter(action=name)) for name in ("person", "person.add", "per", "")] == [3, 2, 0, 3]
    assert count(OPERATOR, AuditFilter(actor_id=rosa.person_id)) == 1
    assert count(OPERATOR, AuditFilter(target_id=str(ada.person_id))) == 2
    assert (count(OPERATOR, AuditFilter(since=clock())), count(OPERATOR, AuditFilter(until=clock()))) == (2, 1)
    assert count(OPERATOR, AuditFilter(since=noon, until=clock(), action="person.disable")) == 0
    assert studio.audit.actions(OPERATOR) == ["person.add", "person.disable"]
    newest = studio.audit.page(OPERATOR, most=1)[0]
    assert (newest.action, newest.actor, newest.target) == ("person.disable", "Rosa", "Ada")
    assert [act.action for act in studio.audit.page(OPERATOR, skip=1)] == ["person.add", "person.add"]


def test_only_who_may_see_the_log_does(studio: Studio, ada: Actor) -> None:
    lead = person(studio, "Lea", role=Role.LEAD)
    for nosy in (ada, lead):
        for look in (studio.audit.page, studio.audit.count, studio.audit.actions, studio.audit.export):
            with pytest.raises(Forbidden):
                look(nosy)


def test_the_file_holds_every_act_that_the_filter_finds(studio: Studio, clock: Clock) -> None:
    studio.people.add(OPERATOR, email="eve@example.org", name="=HYPERLINK(1)")
    for number in range(60):
        person(studio, f"P{number}")
    everything = AuditFilter(action="person.add")
    rows = list(csv.reader(io.StringIO(studio.audit.export(OPERATOR, everything, "csv").decode(), newline="")))
    assert tuple(rows[0]) == COLUMNS and len(rows) == 62
    last = dict(zip(rows[0], rows[-1], strict=True))
    assert (last["at"], last["actor"], last["actor_id"]) == (clock().isoformat(), "Operator", "")
    assert (last["target"], json.loads(last["after"])["role"]) == ("'=HYPERLINK(1)", "user")
    listed = json.loads(studio.audit.export(OPERATOR, everything, "json"))
    assert len(listed) == 61 and listed[-1]["target"] == "=HYPERLINK(1)" and set(listed[0]) == set(COLUMNS)
    assert listed[-1]["after"] == {"role": "user", "verified": False}
    assert b"@" not in studio.audit.export(OPERATOR)
    nothing = AuditFilter(target_id=str(uuid7()))
    assert json.loads(studio.audit.export(OPERATOR, nothing, "json")) == []
    assert studio.audit.export(OPERATOR, nothing, "csv").count(b"\r\n") == 1
