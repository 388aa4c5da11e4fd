"""From a visitor to an actor and back."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from typing import Any
from uuid import UUID

import pytest

from engine.accounts import passwords
from engine.accounts.access import Access
from engine.accounts.actor import Actor, Role, Standing
from engine.accounts.audit import AuditFilter
from engine.errors import BadInput, Forbidden
from engine.studio import Studio
from tests.engine.accounts.ways_in import (
    ELSEWHERE,
    HOME,
    at_once,
    meet_after,
    member,
    outcome,
    signed_in,
    whose,
    with_authenticator,
)
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


def test_of_twenty_racing_for_first_administrator_one_wins(studio: Studio, monkeypatch: pytest.MonkeyPatch) -> None:
    token = setup_token(studio.access)
    meet_after(monkeypatch, "hashpw", 20)

    def race(number: int) -> bool:
        try:
            studio.access.create_first_admin(token, email=f"a{number}@example.org", name="A", password=PASSWORD)
        except BadInput:
            return False
        return True

    with ThreadPoolExecutor(20) as pool:
        assert sum(pool.map(race, range(20))) == 1
    assert [found.role for found in studio.people.all(Actor.operator())] == [Role.ADMIN]


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


def test_a_session_that_ended_by_disabling_never_comes_back(studio: Studio) -> None:
    email = member(studio)
    ticket, actor = signed_in(studio, email)
    cookie = studio.access.redeem(ticket.code) or ""
    assert actor.person_id is not None
    studio.people.disable(Actor.operator(), actor.person_id)
    assert studio.access.actor(ticket.session_id) is None
    assert outcome(lambda: studio.access.sign_in(email, PASSWORD)) == "wrong"
    studio.people.enable(Actor.operator(), actor.person_id)
    assert studio.access.actor(studio.access.session_of(cookie)) is None
    assert studio.access.sign_in(email, PASSWORD)


def test_a_sign_in_stands_in_the_log_with_where_it_came_from(studio: Studio) -> None:
    email = member(studio)
    signed_in(studio, email, ELSEWHERE)
    [act] = studio.audit.page(Actor.operator(), AuditFilter(action="session.open"))
    assert (act.actor, act.target, act.address, act.after) == ("Ada", "Ada", ELSEWHERE.address, {"by": "password"})
    assert email not in repr(act)


GOOGLE = "https://accounts.google.com"


def by_google(studio: Studio, subject: str = "g-1", **changes: Any) -> Actor:
    given = {"email": "ada@example.org", "email_verified": True, "name": "Ada Byron", "visitor": HOME} | changes
    return whose(studio, studio.access.sign_in_with(GOOGLE, subject, **given))


def test_a_provider_vouches_for_somebody_new(studio: Studio) -> None:
    actor = by_google(studio)
    assert (actor.name, actor.standing, actor.role) == ("Ada Byron", Standing.VERIFIED, Role.USER)
    assert not studio.account.profile(actor).has_password
    assert outcome(lambda: studio.access.sign_in("ada@example.org", "")) == "wrong"
    moved = by_google(studio, email="ada@elsewhere.example")  # known by the subject, not by the address
    assert moved.person_id == actor.person_id and moved.email == "ada@example.org"
    assert by_google(studio, "g-2", email="x@example.org", name="\n").name == "x"


@pytest.mark.parametrize("verified", [False, None, "true", 1])
def test_an_address_that_the_provider_did_not_verify_is_no_proof(studio: Studio, verified: object) -> None:
    with pytest.raises(BadInput, match="not verified"):
        by_google(studio, email_verified=verified)
    assert studio.people.all(Actor.operator()) == []


def test_an_identity_is_tied_to_a_proved_account_and_then_known(studio: Studio) -> None:
    member(studio)
    _, ada = signed_in(studio)
    assert by_google(studio).person_id == ada.person_id
    assert studio.account.profile(ada).identities == (GOOGLE,)
    assert by_google(studio).person_id == ada.person_id
    assert studio.access.sign_in("ada@example.org", PASSWORD)


def test_an_identity_is_never_tied_to_an_unproved_password_account(studio: Studio) -> None:
    member(studio, verified=False)
    with pytest.raises(BadInput, match="waits for its proof"):
        by_google(studio)
    with studio.database.read() as unit:
        assert unit.identities.owner(GOOGLE, "g-1") is None


def test_whoever_was_added_without_a_password_comes_in_by_their_provider(open_with: Callable[..., Studio]) -> None:
    studio = open_with(STUDIO_SIGNUP="invite")
    studio.people.add(Actor.operator(), email="ada@example.org", name="Ada")
    assert by_google(studio).standing is Standing.VERIFIED
    with pytest.raises(Forbidden, match="invitation"):
        by_google(studio, "g-2", email="eve@example.org")


def test_the_domains_of_the_house_hold_for_providers_too(open_with: Callable[..., Studio]) -> None:
    studio = open_with(STUDIO_SIGNUP="domains:example.org")
    assert by_google(studio)
    with pytest.raises(BadInput, match=r"addresses at example\.org"):
        by_google(studio, "g-2", email="eve@example.com")


def test_a_disabled_person_is_refused_whoever_vouches(studio: Studio) -> None:
    member(studio)
    _, actor = signed_in(studio)
    assert actor.person_id is not None
    studio.people.disable(Actor.operator(), actor.person_id)
    with pytest.raises(Forbidden, match="disabled"):
        by_google(studio)
    studio.people.enable(Actor.operator(), actor.person_id)
    by_google(studio)
    studio.people.disable(Actor.operator(), actor.person_id)
    with pytest.raises(Forbidden, match="disabled"):
        by_google(studio)


def test_two_tabs_that_come_from_a_provider_at_once_are_one_person(studio: Studio) -> None:
    ended = at_once(*[lambda: by_google(studio)] * 8)
    assert "done" in ended and set(ended) <= {"done", "refused"}
    assert len(studio.people.all(Actor.operator())) == 1


def test_a_providers_word_is_enough_also_with_a_second_factor(studio: Studio, clock: Clock) -> None:
    member(studio)
    _, actor = signed_in(studio)
    with_authenticator(studio, actor, clock.now)
    assert by_google(studio).person_id == actor.person_id


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
