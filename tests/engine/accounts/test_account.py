"""One's own account."""

from uuid import UUID

import pytest
from uuid_utils.compat import uuid7

from engine.accounts.account import device
from engine.accounts.actor import Actor, Role
from engine.accounts.sessions import Visitor
from engine.errors import BadInput, Forbidden, NotFound, TooManyTries
from engine.studio import Studio
from tests.engine.accounts.ways_in import ELSEWHERE, HOME, WRONG, at_once, member, outcome, signed_in, whose
from tests.engine.conftest import PASSWORD, Clock, person

NEW = "another horse battery"


def test_a_profile_says_who_one_is(studio: Studio, clock: Clock) -> None:
    member(studio, role=Role.LEAD)
    _, actor = signed_in(studio)
    department = studio.departments.add(Actor.operator(), "Opera")
    assert actor.person_id is not None
    studio.people.set_department(Actor.operator(), actor.person_id, department.id)
    studio.access.sign_in_with("https://id.example", "1", email=actor.email, email_verified=True, name="A")
    profile = studio.account.profile(actor)
    assert (profile.email, profile.name, profile.handle, profile.role) == (actor.email, "Ada", "ada", Role.LEAD)
    assert (profile.verified, profile.department, profile.has_password) == (True, "Opera", True)
    assert (profile.identities, profile.second_factor) == (("https://id.example",), False)
    assert profile.joined_at == clock.now


def test_one_goes_by_another_name(studio: Studio) -> None:
    ticket, actor = signed_in(studio, member(studio))
    studio.account.rename(actor, "  Ada   Byron ")
    assert whose(studio, ticket).name == "Ada Byron"
    with pytest.raises(BadInput):
        studio.account.rename(actor, "\n")


def test_a_handle_is_a_slug_and_nobody_elses(studio: Studio) -> None:
    ada, bob = person(studio, "Ada"), person(studio, "Bob")
    studio.account.change_handle(ada, " @Countess-Of-Lovelace ")
    assert studio.account.profile(ada).handle == "countess-of-lovelace"
    studio.account.change_handle(ada, "countess-of-lovelace")
    for wish in ("", "a", "two words", "ünïcode", "a--b", "-a-", "a/b", "x" * 33):
        with pytest.raises(BadInput):
            studio.account.change_handle(bob, wish)
    with pytest.raises(BadInput, match="already"):
        studio.account.change_handle(bob, "countess-of-lovelace")
    assert studio.account.profile(bob).handle == "bob"
    ended = at_once(lambda: studio.account.change_handle(ada, "one"), lambda: studio.account.change_handle(bob, "one"))
    assert sorted(ended) == ["done", "refused"]


def test_a_new_password_ends_the_other_sessions_and_keeps_this_one(studio: Studio) -> None:
    email = member(studio)
    here, actor = signed_in(studio)
    there, _ = signed_in(studio, visitor=ELSEWHERE)
    studio.account.change_password(actor, here.session_id, old=PASSWORD, new=NEW)
    assert studio.access.actor(here.session_id) is not None and studio.access.actor(there.session_id) is None
    assert [line.id for line in studio.account.sessions(actor)] == [here.session_id]
    assert outcome(lambda: studio.access.sign_in(email, PASSWORD)) == "wrong"
    assert studio.access.sign_in(email, NEW)


def test_a_refused_change_of_password_changes_nothing(studio: Studio) -> None:
    email = member(studio)
    here, actor = signed_in(studio)
    for old, new in ((WRONG, NEW), ("", NEW), (PASSWORD, "short")):
        with pytest.raises(BadInput):
            studio.account.change_password(actor, here.session_id, old=old, new=new)
    assert studio.access.sign_in(email, PASSWORD)
    ended = at_once(
        *[lambda: studio.account.change_password(actor, here.session_id, old=WRONG, new=NEW)] * 16,
    )
    assert ended.count("refused") == 3 and ended.count("paused") == 13
    with pytest.raises(TooManyTries):
        studio.account.change_password(actor, here.session_id, old=PASSWORD, new=NEW)


def test_a_change_of_password_lets_nobody_elses_session_live_on(studio: Studio) -> None:
    member(studio, "Eve")
    eves, _ = signed_in(studio, "eve@example.org")
    _, actor = signed_in(studio, member(studio))
    operator = Actor.operator()
    studio.people.sign_out_everywhere(operator, studio.people.by_email(operator, "eve@example.org").id)
    studio.account.change_password(actor, eves.session_id, old=PASSWORD, new=NEW)
    assert studio.access.actor(eves.session_id) is None


def test_whoever_has_no_password_sets_a_first_one(studio: Studio) -> None:
    ticket = studio.access.sign_in_with(
        "https://id.example", "1", email="zoe@example.org", email_verified=True, name="Zoë", visitor=HOME
    )
    actor = whose(studio, ticket)
    studio.account.change_password(actor, ticket.session_id, old="", new=NEW)
    assert studio.access.sign_in("zoe@example.org", NEW) and studio.account.profile(actor).has_password


def test_a_mailed_link_is_worthless_after_a_change_of_password(
    studio: Studio, caplog: pytest.LogCaptureFixture
) -> None:
    from tests.engine.accounts.ways_in import Mailbox

    mailbox = Mailbox(caplog)
    email = member(studio)
    here, actor = signed_in(studio)
    studio.joining.request_reset(email, HOME)
    studio.account.change_password(actor, here.session_id, old=PASSWORD, new=NEW)
    with pytest.raises(BadInput):
        studio.joining.reset(mailbox.links()[-1], PASSWORD)


def test_the_list_shows_where_one_is_signed_in_and_only_that(studio: Studio, clock: Clock) -> None:
    email = member(studio)
    here, actor = signed_in(studio)
    clock.forward(minutes=10)
    there, _ = signed_in(studio, visitor=ELSEWHERE)
    signed_in(studio, member(studio, "Eve"))
    over, _ = signed_in(studio)
    studio.access.sign_out(over.session_id)
    lines = studio.account.sessions(actor)
    assert [(line.id, line.device, line.address) for line in lines] == [
        (there.session_id, "Firefox on macOS", ELSEWHERE.address),
        (here.session_id, "Chrome on Linux", HOME.address),
    ]
    assert lines[0].opened_at == lines[0].seen_at == clock.now
    clock.forward(hours=11, minutes=55)
    assert [line.id for line in studio.account.sessions(actor)] == [there.session_id]
    assert email == actor.email


def test_one_ends_ones_own_sessions_and_nobody_elses(studio: Studio) -> None:
    member(studio)
    here, actor = signed_in(studio)
    there, _ = signed_in(studio, visitor=ELSEWHERE)
    third, _ = signed_in(studio, visitor=Visitor("192.0.2.99"))
    eves, _ = signed_in(studio, member(studio, "Eve"))

    def refused(session_id: UUID) -> str:
        with pytest.raises(NotFound) as problem:
            studio.account.end_session(actor, session_id)
        return problem.value.message + problem.value.hint

    studio.account.end_session(actor, third.session_id)
    assert refused(eves.session_id) == refused(uuid7()) == refused(third.session_id)
    studio.account.end_others(actor, here.session_id)
    alive = [studio.access.actor(ticket.session_id) is not None for ticket in (here, there, third, eves)]
    assert alive == [True, False, False, True]


def test_the_operator_has_no_account(studio: Studio) -> None:
    for act in (studio.account.profile, studio.account.sessions, studio.account.pending_second_factor):
        with pytest.raises(Forbidden):
            act(Actor.operator())


def test_an_actor_of_an_earlier_click_does_nothing_once_they_are_disabled(studio: Studio) -> None:
    here, actor = signed_in(studio, member(studio))
    assert actor.person_id is not None
    studio.people.disable(Actor.operator(), actor.person_id)
    for act in (
        lambda: studio.account.rename(actor, "Eve"),
        lambda: studio.account.change_password(actor, here.session_id, old=PASSWORD, new=NEW),
        lambda: studio.account.begin_second_factor(actor, PASSWORD),
    ):
        with pytest.raises(Forbidden):
            act()


def test_a_device_that_nobody_knows_is_called_so() -> None:
    assert device("") == "Unknown browser" and device("curl/8.0") == "curl"
