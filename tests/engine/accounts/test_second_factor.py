"""The second factor at sign-in."""

from collections.abc import Callable
from datetime import timedelta

import pytest

from engine.accounts.actor import Actor
from engine.accounts.audit import AuditFilter
from engine.accounts.master_keys import MasterKeys
from engine.accounts.rotation import rotate
from engine.errors import BadInput, CodeNeeded, TooManyTries
from engine.settings import load_settings
from engine.studio import Studio
from tests.engine.accounts.ways_in import (
    HOME,
    WRONG,
    at_once,
    meet_after,
    member,
    outcome,
    signed_in,
    with_authenticator,
)
from tests.engine.conftest import PASSWORD, Clock

ADA = "ada@example.org"


def enter(studio: Studio, code: str, password: str = PASSWORD) -> object:
    return studio.access.sign_in(ADA, password, code=code, visitor=HOME)


def test_a_secret_is_in_force_only_once_a_code_confirmed_it(studio: Studio, clock: Clock) -> None:
    member(studio)
    _, actor = signed_in(studio)
    studio.account.begin_second_factor(actor, PASSWORD)
    enrolment = studio.account.pending_second_factor(actor)
    assert enrolment.secret in enrolment.uri and "ada%40example.org" in enrolment.uri
    assert enrolment.secret not in repr(enrolment)
    assert signed_in(studio) and not studio.account.profile(actor).second_factor
    with pytest.raises(BadInput, match="does not belong"):
        studio.account.confirm_second_factor(actor, "000000x")
    app, codes = with_authenticator(studio, actor, clock.now)
    assert app.secret != enrolment.secret  # begun anew
    assert len(set(codes)) == 8 and studio.account.profile(actor).second_factor
    for again in (
        lambda: studio.account.begin_second_factor(actor, PASSWORD),
        lambda: studio.account.pending_second_factor(actor),
        lambda: studio.account.confirm_second_factor(actor, app.at(clock.now)),
    ):
        with pytest.raises(BadInput, match="in force already"):
            again()


def test_the_code_is_asked_for_after_the_right_password_only(studio: Studio, clock: Clock) -> None:
    member(studio)
    app, _ = with_authenticator(studio, signed_in(studio)[1], clock.now)
    clock.forward(seconds=30)
    with pytest.raises(BadInput) as refused:
        enter(studio, "", WRONG)
    assert not isinstance(refused.value, CodeNeeded)
    assert outcome(lambda: enter(studio, app.at(clock.now), WRONG)) == "wrong"
    with pytest.raises(CodeNeeded) as needed:
        enter(studio, "")
    assert needed.value.field == "Code"
    assert enter(studio, f"{app.at(clock.now)[:3]} {app.at(clock.now)[3:]}")


def test_a_code_works_once_also_for_five_at_once(studio: Studio, clock: Clock, monkeypatch: pytest.MonkeyPatch) -> None:
    member(studio)
    app, _ = with_authenticator(studio, signed_in(studio)[1], clock.now)
    with pytest.raises(BadInput, match="used already"):
        enter(studio, app.at(clock.now))  # the one that confirmed
    clock.forward(minutes=5)
    code = app.at(clock.now)
    with monkeypatch.context() as met:
        meet_after(met, "checkpw", 5)  # as many as the throttle lets pass
        assert at_once(*[lambda: enter(studio, code)] * 5).count("done") == 1
    clock.forward(minutes=5)
    with pytest.raises(BadInput):
        enter(studio, app.at(clock.now - timedelta(seconds=61)))
    assert enter(studio, app.at(clock.now + timedelta(seconds=30)))  # a phone that is half a minute fast
    with pytest.raises(BadInput, match="used already"):
        enter(studio, app.at(clock.now))  # an older step than one that was used


def test_wrong_codes_count_as_tries(studio: Studio, clock: Clock) -> None:
    member(studio)
    app, _ = with_authenticator(studio, signed_in(studio)[1], clock.now)
    clock.forward(seconds=30)
    for left in ("Four", "Three", "Two", "One", "last"):
        with pytest.raises(BadInput) as refused:
            enter(studio, "abcdef")
        assert left in refused.value.hint
    with pytest.raises(TooManyTries):
        enter(studio, app.at(clock.now))


def test_each_recovery_code_works_once(studio: Studio, clock: Clock, monkeypatch: pytest.MonkeyPatch) -> None:
    member(studio)
    _, codes = with_authenticator(studio, signed_in(studio)[1], clock.now)
    with monkeypatch.context() as met:
        meet_after(met, "checkpw", 5)
        assert at_once(*[lambda: enter(studio, codes[0])] * 5).count("done") == 1
    clock.forward(minutes=5)
    assert enter(studio, f" {codes[1].upper().replace('-', ' ')} ")
    with pytest.raises(BadInput):
        enter(studio, codes[1])
    assert enter(studio, codes[7])


def test_what_is_stored_is_sealed_or_hashed(studio: Studio, clock: Clock) -> None:
    member(studio)
    _, actor = signed_in(studio)
    app, codes = with_authenticator(studio, actor, clock.now)
    assert actor.person_id is not None
    with studio.database.write() as unit:
        kept = repr(vars(unit.second_factors.of(actor.person_id)))
    assert app.secret not in kept and not any(code in kept or code.replace("-", "") in kept for code in codes)


def test_the_code_still_works_after_the_master_key_was_changed(open_with: Callable[..., Studio], clock: Clock) -> None:
    studio = open_with()
    member(studio)
    app, _ = with_authenticator(studio, signed_in(studio)[1], clock.now)
    rotated = rotate(MasterKeys(load_settings()), studio.database, clock.now)
    assert rotated.resealed == 1 and rotated.unreadable == 0
    clock.forward(seconds=30)
    assert enter(studio, app.at(clock.now))


def test_removing_it_asks_for_the_password(studio: Studio, clock: Clock) -> None:
    member(studio)
    _, actor = signed_in(studio)
    with_authenticator(studio, actor, clock.now)
    with pytest.raises(BadInput, match="not your password"):
        studio.account.remove_second_factor(actor, WRONG)
    studio.account.remove_second_factor(actor, PASSWORD)
    assert enter(studio, "") and not studio.account.profile(actor).second_factor
    with pytest.raises(BadInput, match="no second factor"):
        studio.account.remove_second_factor(actor, PASSWORD)


def test_it_guards_a_proved_address_and_a_password_only(studio: Studio) -> None:
    member(studio, verified=False)
    with pytest.raises(BadInput, match="not proved"):
        studio.account.begin_second_factor(signed_in(studio)[1], PASSWORD)
    ticket = studio.access.sign_in_with(
        "https://accounts.google.com", "7", email="zoe@example.org", email_verified=True, name="Zoë", visitor=HOME
    )
    actor = studio.access.actor(ticket.session_id)
    assert actor is not None
    with pytest.raises(BadInput, match="you have none"):
        studio.account.begin_second_factor(actor, PASSWORD)


def test_the_password_is_asked_before_a_factor_is_begun_and_an_admin_can_take_it_away(
    studio: Studio, clock: Clock
) -> None:
    member(studio)
    actor = signed_in(studio)[1]
    for wrong in ("", WRONG):
        with pytest.raises(BadInput, match="not your password"):
            studio.account.begin_second_factor(actor, wrong)
    with pytest.raises(BadInput, match="No authenticator was begun"):
        studio.account.pending_second_factor(actor)
    with_authenticator(studio, actor, clock.now)
    with pytest.raises(CodeNeeded):
        enter(studio, "")
    operator = Actor.operator()
    assert actor.person_id is not None
    studio.people.remove_second_factor(operator, actor.person_id)
    assert enter(studio, "")
    with pytest.raises(BadInput, match="has no second factor"):
        studio.people.remove_second_factor(operator, actor.person_id)
    newest = studio.audit.page(operator, AuditFilter(action="second_factor"))[0]
    assert (newest.action, newest.actor) == ("second_factor.remove", "Operator")
