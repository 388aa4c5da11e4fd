"""From a visitor to an actor and back."""

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from uuid import UUID

import pytest

from engine.accounts import passwords
from engine.accounts.access import Access
from engine.accounts.actor import Actor, Role, Standing
from engine.errors import BadInput, Forbidden
from engine.studio import Studio
from tests.engine.conftest import PASSWORD, Clock, person


def setup_token(accounts: Access) -> str:
    link = accounts.new_setup_link()
    assert link is not None
    return link.partition("token=")[2]


def first_admin(studio: Studio, **fields: str) -> UUID:
    given = {"email": "rosa@example.org", "name": "Rosa", "password": PASSWORD} | fields
    return studio.access.create_first_admin(setup_token(studio.access), **given).session_id


def test_the_setup_link_makes_a_signed_in_administrator_once(studio: Studio) -> None:
    token = setup_token(studio.access)
    given = {"email": " Rosa@Example.org ", "name": " Rosa  Marlowe ", "password": PASSWORD}
    ticket = studio.access.create_first_admin(token, **given)
    actor = studio.access.actor(ticket.session_id)
    assert actor is not None
    assert (actor.email, actor.name, actor.role) == ("rosa@example.org", "Rosa Marlowe", Role.ADMIN)
    assert actor.standing is Standing.VERIFIED
    with pytest.raises(BadInput, match="used already"):
        studio.access.create_first_admin(token, **given | {"email": "eve@example.org"})
    assert studio.access.new_setup_link() is None


def test_a_refused_field_leaves_the_setup_link_good(studio: Studio) -> None:
    token = setup_token(studio.access)
    for wrong in ({"email": "nonsense"}, {"password": "short"}, {"password": "é" * 40}, {"name": " "}):
        with pytest.raises(BadInput):
            given = {"email": "rosa@example.org", "name": "Rosa", "password": PASSWORD} | wrong
            studio.access.create_first_admin(token, **given)
    assert studio.access.create_first_admin(token, email="rosa@example.org", name="Rosa", password=PASSWORD)


def test_a_setup_link_ends_with_its_day_and_when_a_newer_one_is_made(studio: Studio, clock: Clock) -> None:
    older, newer = setup_token(studio.access), setup_token(studio.access)
    given = {"email": "rosa@example.org", "name": "Rosa", "password": PASSWORD}
    with pytest.raises(BadInput):
        studio.access.create_first_admin(older, **given)
    clock.forward(hours=25)
    with pytest.raises(BadInput):
        studio.access.create_first_admin(newer, **given)


def test_of_eight_racing_for_first_administrator_one_wins(studio: Studio) -> None:
    token = setup_token(studio.access)

    def race(number: int) -> bool:
        try:
            studio.access.create_first_admin(token, email=f"a{number}@example.org", name="A", password=PASSWORD)
        except BadInput:
            return False
        return True

    with ThreadPoolExecutor(8) as pool:
        assert sum(pool.map(race, range(8))) == 1


def test_every_wrong_sign_in_says_the_same(studio: Studio) -> None:
    first_admin(studio)
    said = set()
    for email, password in (
        ("rosa@example.org", "wrong password"),
        ("no@example.org", PASSWORD),
        ("", ""),
        ("x", "\0"),
    ):
        with pytest.raises(BadInput) as refused:
            studio.access.sign_in(email, password)
        said.add((refused.value.message, refused.value.hint))
    assert len(said) == 1


def test_the_code_is_traded_once_for_a_cookie_that_finds_the_session(studio: Studio, clock: Clock) -> None:
    first_admin(studio)
    ticket = studio.access.sign_in("ROSA@example.org", PASSWORD)
    token = studio.access.redeem(ticket.code)
    assert token is not None and studio.access.session_of(token) == ticket.session_id
    assert studio.access.redeem(ticket.code) is None
    late = studio.access.sign_in("rosa@example.org", PASSWORD)
    clock.forward(seconds=61)
    assert studio.access.redeem(late.code) is None


def test_no_token_is_stored_as_it_is(studio: Studio) -> None:
    first_admin(studio)
    ticket = studio.access.sign_in("rosa@example.org", PASSWORD)
    token = studio.access.redeem(ticket.code) or ""
    with studio.database.read() as unit:
        found = unit.sessions.with_person(ticket.session_id)
        assert found is not None
        kept = repr([vars(row) for row in found])
    assert token not in kept and ticket.code not in kept and PASSWORD not in kept


def test_signing_out_ends_the_session_for_every_tab(studio: Studio) -> None:
    session_id = first_admin(studio)
    studio.access.sign_out(session_id)
    assert studio.access.actor(session_id) is None


def test_a_session_ends_after_half_a_day_unused_or_fourteen_days(studio: Studio, clock: Clock) -> None:
    session_id = first_admin(studio)
    for _ in range(27):
        clock.forward(hours=11)
        assert studio.access.actor(session_id) is not None
    for _ in range(4):
        clock.forward(hours=11)
        studio.access.actor(session_id)
    assert studio.access.actor(session_id) is None
    unused = studio.access.sign_in("rosa@example.org", PASSWORD).session_id
    clock.now += timedelta(hours=12)
    assert studio.access.actor(unused) is None


def test_a_new_password_ends_older_sessions(studio: Studio) -> None:
    session_id = first_admin(studio)
    actor = studio.access.actor(session_id)
    assert actor is not None and actor.person_id is not None
    with studio.database.write() as unit:
        unit.people.set_password(actor.person_id, passwords.hashed("another horse battery"))
    assert studio.access.actor(session_id) is None


def test_only_who_may_manage_people_does(studio: Studio) -> None:
    member = person(studio, "Mia")
    with pytest.raises(Forbidden):
        studio.people.all(member)
    with pytest.raises(Forbidden):
        studio.people.all(None)  # type: ignore[arg-type]
    assert [found.name for found in studio.people.all(Actor.operator())] == ["Mia"]


def test_handles_are_told_apart_and_never_the_address(studio: Studio) -> None:
    operator = Actor.operator()
    first = studio.people.add(operator, email="a@example.org", name="Zoë Ng")
    second = studio.people.add(operator, email="b@example.org", name="Zoë Ng")
    assert (first.handle, second.handle) == ("zoe-ng", "zoe-ng-2")
    with pytest.raises(BadInput, match="here already"):
        studio.people.add(operator, email="A@EXAMPLE.org", name="Somebody")
