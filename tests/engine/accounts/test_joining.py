"""Joining, proving a mailbox, and a new password by mail."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager

import pytest
from sqlalchemy import event

from engine.accounts.actor import Actor, Role, Standing
from engine.accounts.sessions import Visitor
from engine.errors import BadInput, CodeNeeded, Forbidden, TooManyTries
from engine.studio import Studio
from tests.engine.accounts.ways_in import (
    ELSEWHERE,
    HOME,
    WRONG,
    Mailbox,
    at_once,
    meet_after,
    member,
    outcome,
    signed_in,
    whose,
    with_authenticator,
)
from tests.engine.conftest import PASSWORD, Clock

EVE = "evil horse battery"
ADA = "ada@example.org"


@pytest.fixture
def mailbox(caplog: pytest.LogCaptureFixture) -> Mailbox:
    return Mailbox(caplog)


def sign_up(
    studio: Studio, email: str = ADA, *, name: str = "Ada", password: str = PASSWORD, visitor: Visitor = HOME
) -> None:
    studio.joining.sign_up(email=email, name=name, password=password, visitor=visitor)


def test_signing_up_and_entering_the_code_opens_a_verified_account(studio: Studio, mailbox: Mailbox) -> None:
    sign_up(studio, " ADA@example.org ", name=" Ada  Byron ")
    early = whose(studio, studio.access.sign_in(ADA, PASSWORD, visitor=HOME))
    assert (early.name, early.standing) == ("Ada Byron", Standing.UNVERIFIED)
    ticket = studio.joining.verify(ADA, f" {mailbox.codes()[-1]} ", HOME)
    actor = whose(studio, ticket)
    assert (actor.email, actor.role, actor.standing) == (ADA, Role.USER, Standing.VERIFIED)
    assert studio.access.sign_in(ADA, PASSWORD, visitor=ELSEWHERE)


def test_a_code_works_once_for_thirty_minutes_and_until_the_next_one(
    studio: Studio, clock: Clock, mailbox: Mailbox
) -> None:
    sign_up(studio)
    studio.joining.send_code(ADA, HOME)
    old, new = mailbox.codes()
    with pytest.raises(BadInput, match="not right"):
        studio.joining.verify(ADA, old, HOME) if old != new else studio.joining.verify(ADA, "", HOME)
    clock.forward(minutes=31)
    with pytest.raises(BadInput, match="too old"):
        studio.joining.verify(ADA, new, HOME)
    studio.joining.send_code(ADA, HOME)
    newest = mailbox.codes()[-1]
    studio.joining.verify(ADA, newest, HOME)
    assert studio.access.sign_in(ADA, PASSWORD)  # what was chosen at sign-up outlives the codes
    with pytest.raises(BadInput):
        studio.joining.verify(ADA, newest, HOME)


def test_of_sixteen_who_enter_one_code_one_comes_in(studio: Studio, mailbox: Mailbox) -> None:
    sign_up(studio)
    code = mailbox.codes()[-1]
    ended = at_once(*[lambda: studio.joining.verify(ADA, code, HOME)] * 16)
    assert ended.count("done") == 1


def test_five_wrong_codes_are_a_pause_which_a_new_code_ends(studio: Studio, mailbox: Mailbox) -> None:
    sign_up(studio)
    code = mailbox.codes()[-1]
    wrong = f"{(int(code) + 1) % 1_000_000:06}"
    ended = at_once(*[lambda: studio.joining.verify(ADA, wrong, HOME)] * 40)
    assert ended.count("refused") == 5 and ended.count("paused") == 35
    with pytest.raises(TooManyTries):
        studio.joining.verify(ADA, code, HOME)
    studio.joining.send_code(ADA, HOME)
    assert studio.joining.verify(ADA, mailbox.codes()[-1], HOME)


def test_the_owner_of_a_mailbox_takes_the_account_that_somebody_else_began(studio: Studio, mailbox: Mailbox) -> None:
    sign_up(studio, name="Eve", password=EVE, visitor=ELSEWHERE)
    eves = studio.access.sign_in(ADA, EVE, visitor=ELSEWHERE)
    sign_up(studio)
    with pytest.raises(BadInput):
        studio.access.sign_in(ADA, PASSWORD, visitor=HOME)  # not before the code
    actor = whose(studio, studio.joining.verify(ADA, mailbox.codes()[-1], HOME))
    assert actor.name == "Ada"
    assert studio.access.actor(eves.session_id) is None
    with pytest.raises(BadInput):
        studio.access.sign_in(ADA, EVE, visitor=ELSEWHERE)
    assert studio.access.sign_in(ADA, PASSWORD, visitor=HOME)


@pytest.mark.parametrize("ada_first", [True, False])
def test_a_code_never_lends_its_proof_to_a_password_from_another_browser(
    studio: Studio, mailbox: Mailbox, ada_first: bool
) -> None:
    if ada_first:
        sign_up(studio)
    sign_up(studio, name="Eve", password=EVE, visitor=ELSEWHERE)
    studio.joining.send_code(ADA, HOME)
    eves = None if ada_first else studio.access.sign_in(ADA, EVE, visitor=ELSEWHERE)
    actor = whose(studio, studio.joining.verify(ADA, mailbox.codes()[-1], HOME))
    assert outcome(lambda: studio.access.sign_in(ADA, EVE, visitor=ELSEWHERE)) == "wrong"
    assert eves is None or studio.access.actor(eves.session_id) is None
    assert not studio.account.profile(actor).has_password  # and it is Ada who chooses one now
    assert actor.standing is Standing.VERIFIED


def test_who_signed_in_with_their_password_keeps_it_when_they_prove_their_address(
    studio: Studio, mailbox: Mailbox
) -> None:
    member(studio, verified=False)
    signed_in(studio, visitor=HOME)
    studio.joining.send_code(ADA, HOME)
    studio.joining.verify(ADA, mailbox.codes()[-1], HOME)
    assert studio.access.sign_in(ADA, PASSWORD, visitor=HOME)


def test_signing_up_where_one_has_an_account_says_so_in_the_mailbox_only(studio: Studio, mailbox: Mailbox) -> None:
    member(studio)
    sign_up(studio, name="Eve", password=EVE)
    assert mailbox.codes() == [] and "has an account already" in mailbox.mails[-1]
    assert outcome(lambda: studio.access.sign_in(ADA, EVE)) == "wrong"
    assert studio.access.sign_in(ADA, PASSWORD)


def test_many_who_sign_up_at_once_with_one_address_are_one_person(studio: Studio, mailbox: Mailbox) -> None:
    asks = [
        lambda number=number: sign_up(studio, password=f"{PASSWORD} {number}", visitor=Visitor(f"192.0.2.{number}"))
        for number in range(8)
    ]
    ended = at_once(*asks)
    assert ended.count("done") == 3 and ended.count("paused") == 5  # three mails in a quarter of an hour
    assert len(studio.people.all(Actor.operator())) == 1
    with studio.database.read() as unit:
        person = unit.people.by_email(ADA)
        assert person is not None and unit.tokens.count(person.id) == 1


def test_nobody_signs_up_more_than_five_times_an_hour_from_one_address(studio: Studio, clock: Clock) -> None:
    for number in range(5):
        sign_up(studio, f"p{number}@example.org")
    with pytest.raises(TooManyTries):
        sign_up(studio, "p6@example.org")
    clock.forward(minutes=61)
    sign_up(studio, "p6@example.org")


def test_a_refused_field_is_told_and_counts_nothing(studio: Studio) -> None:
    for wrong in ({"email": "nonsense"}, {"password": "short"}, {"name": " "}) * 3:
        with pytest.raises(BadInput):
            sign_up(studio, **wrong)  # type: ignore[arg-type]
    sign_up(studio)


def test_by_invitation_only_who_was_added_comes_in(open_with: Callable[..., Studio], mailbox: Mailbox) -> None:
    studio = open_with(STUDIO_SIGNUP="invite")
    assert not studio.joining.open_to_all()
    with pytest.raises(Forbidden):
        sign_up(studio)
    studio.people.add(Actor.operator(), email=ADA, name="Ada")
    studio.joining.request_reset(ADA, HOME)
    actor = whose(studio, studio.joining.reset(mailbox.links()[-1], PASSWORD, visitor=HOME))
    assert actor.standing is Standing.VERIFIED and studio.access.sign_in(ADA, PASSWORD)


def test_a_policy_of_domains_takes_exactly_these(open_with: Callable[..., Studio]) -> None:
    studio = open_with(STUDIO_SIGNUP="domains: Example.org, bücher.example")
    assert studio.joining.open_to_all()
    member(studio)
    sign_up(studio)
    sign_up(studio, "b@BÜCHER.example")
    for other in ("a@example.com", "a@sub.example.org", "a@example.org.evil.com", "a@notexample.org"):
        with pytest.raises(BadInput, match=r"addresses at example\.org, bücher\.example"):
            sign_up(studio, other)


def test_a_new_password_by_mail_ends_all_sessions_and_signs_in(studio: Studio, mailbox: Mailbox) -> None:
    member(studio)
    before, _ = signed_in(studio)
    studio.joining.request_reset(" ADA@example.org", ELSEWHERE)
    ticket = studio.joining.reset(mailbox.links()[-1], "another horse battery", visitor=ELSEWHERE)
    assert whose(studio, ticket).email == ADA and studio.access.actor(before.session_id) is None
    assert outcome(lambda: studio.access.sign_in(ADA, PASSWORD)) == "wrong"
    assert studio.access.sign_in(ADA, "another horse battery")


def test_a_link_works_once_for_thirty_minutes_and_until_the_next_one(
    studio: Studio, clock: Clock, mailbox: Mailbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    member(studio)
    studio.joining.request_reset(ADA, HOME)
    studio.joining.request_reset(ADA, HOME)
    old, new = mailbox.links()
    with pytest.raises(BadInput, match="used already"):
        studio.joining.reset(old, PASSWORD)
    with pytest.raises(BadInput, match="at least 8"):
        studio.joining.reset(new, "short")
    with monkeypatch.context() as met:
        meet_after(met, "hashpw", 16)
        ended = at_once(*[lambda: studio.joining.reset(new, PASSWORD)] * 16)
    assert ended.count("done") == 1 and ended.count("refused") == 15
    studio.joining.request_reset(ADA, HOME)
    clock.forward(minutes=31)
    with pytest.raises(BadInput, match="too old"):
        studio.joining.reset(mailbox.links()[-1], PASSWORD)


def test_a_reset_asks_for_the_second_factor_and_keeps_the_link_until_it_is_right(
    studio: Studio, clock: Clock, mailbox: Mailbox
) -> None:
    member(studio)
    _, actor = signed_in(studio)
    app, _ = with_authenticator(studio, actor, clock.now)
    studio.joining.request_reset(ADA, HOME)
    link = mailbox.links()[-1]
    with pytest.raises(CodeNeeded):
        studio.joining.reset(link, EVE)
    for left in ("Four", "Three", "Two", "One", "last"):
        with pytest.raises(BadInput) as refused:
            studio.joining.reset(link, EVE, code="abcdef")
        assert left in refused.value.hint and not isinstance(refused.value, CodeNeeded)
    clock.forward(seconds=30)
    with pytest.raises(TooManyTries):
        studio.joining.reset(link, EVE, code=app.at(clock.now))
    clock.forward(minutes=5)
    assert studio.joining.reset(link, EVE, code=app.at(clock.now))


def test_a_reset_takes_an_account_that_somebody_else_began(studio: Studio, mailbox: Mailbox) -> None:
    sign_up(studio, name="Eve", password=EVE, visitor=ELSEWHERE)
    eves = studio.access.sign_in(ADA, EVE, visitor=ELSEWHERE)
    studio.joining.request_reset(ADA, HOME)
    studio.joining.reset(mailbox.links()[-1], PASSWORD, visitor=HOME)
    assert studio.access.actor(eves.session_id) is None
    with pytest.raises(BadInput):
        studio.joining.verify(ADA, mailbox.codes()[-1], ELSEWHERE)
    assert outcome(lambda: studio.access.sign_in(ADA, EVE, visitor=ELSEWHERE)) == "wrong"


def test_the_disabled_get_no_mail_and_no_way_in(studio: Studio, mailbox: Mailbox) -> None:
    member(studio)
    studio.joining.request_reset(ADA, HOME)
    operator = Actor.operator()
    studio.people.disable(operator, studio.people.by_email(operator, ADA).id)
    with pytest.raises(BadInput, match="used already"):
        studio.joining.reset(mailbox.links()[-1], PASSWORD)
    studio.joining.request_reset(ADA, HOME)
    studio.joining.send_code(ADA, HOME)
    sign_up(studio)
    assert len(mailbox.mails) == 1


@contextmanager
def counted_commits(studio: Studio) -> Iterator[list[int]]:
    commits: list[int] = []
    engine = studio.database._writer

    def committed(connection: object) -> None:
        commits.append(1)

    event.listen(engine, "commit", committed)
    try:
        yield commits
    finally:
        event.remove(engine, "commit", committed)


def test_known_and_unknown_addresses_get_the_same_answers_for_the_same_work(
    studio: Studio, monkeypatch: pytest.MonkeyPatch
) -> None:
    import bcrypt

    hashed: list[int] = []
    plain = bcrypt.hashpw
    monkeypatch.setattr(bcrypt, "hashpw", lambda *given: hashed.append(1) or plain(*given))
    member(studio, "Ada")
    member(studio, "Una", verified=False)
    costs = []
    for email in (ADA, "una@example.org", "new@example.org"):
        hashed.clear()
        with counted_commits(studio) as commits:
            said: list[object] = [studio.joining.request_reset(email, HOME), studio.joining.send_code(email, HOME)]
            with pytest.raises(BadInput) as refused:
                studio.joining.verify(email, "no code", HOME)
            said += [refused.value.message, refused.value.hint]
            said.append(studio.joining.sign_up(email=email, name="X", password=PASSWORD, visitor=HOME))
        costs.append((len(hashed), len(commits), said))
    assert costs[0] == costs[1] == costs[2]
    assert costs[0][:2] == (1, 5)


def test_nothing_mailed_is_stored_as_it_is_and_no_mail_repeats_what_was_typed(studio: Studio, mailbox: Mailbox) -> None:
    sign_up(studio, name="Visit evil.test now")
    studio.joining.request_reset(ADA, HOME)
    with studio.database.read() as unit:
        person = unit.people.by_email(ADA)
        assert person is not None
        kept = repr([vars(unit.tokens.of(person.id, purpose)) for purpose in ("verify", "reset")])
    assert mailbox.codes()[0] not in kept.replace(person.id.hex, "") and mailbox.links()[0] not in kept
    assert PASSWORD not in kept and "evil.test" not in "".join(mailbox.mails)
    assert WRONG not in kept


def test_what_happened_stands_in_the_audit_log_without_addresses_or_secrets(studio: Studio, mailbox: Mailbox) -> None:
    sign_up(studio)
    studio.joining.verify(ADA, mailbox.codes()[-1], HOME)
    studio.joining.request_reset(ADA, HOME)
    studio.joining.reset(mailbox.links()[-1], EVE, visitor=HOME)
    acts = studio.audit.page(Actor.operator())
    named = [act.action for act in acts if act.actor == "Ada"]
    assert named == ["session.open", "password.reset", "session.open", "person.verify", "person.join"]
    assert {act.address for act in acts if act.action == "session.open"} == {HOME.address}
    assert ADA not in repr(acts) and mailbox.links()[-1] not in repr(acts)
