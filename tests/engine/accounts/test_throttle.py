"""Guessing at passwords: few guesses count, and the owner gets in all the same."""

from collections import Counter
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

import pytest

from engine.accounts.access import NO_MATCH
from engine.accounts.actor import Actor
from engine.accounts.audit import AuditFilter
from engine.accounts.sessions import Visitor
from engine.errors import BadInput, TooManyTries
from engine.studio import Studio
from tests.engine.accounts.ways_in import ELSEWHERE, HOME, WRONG, member, outcome, signed_in
from tests.engine.conftest import PASSWORD, Clock

GUESSES = 1_000
MOST_EVALUATED = 100


def guess_from(studio: Studio, addresses: int, email: str = "ada@example.org") -> Callable[[int], str]:
    def guess(number: int) -> str:
        visitor = Visitor(f"203.0.113.{number % addresses}")
        return outcome(lambda: studio.access.sign_in(email, f"{WRONG} {number}", visitor=visitor))

    return guess


@pytest.mark.parametrize("addresses", [1, 100])
def test_of_a_thousand_guesses_few_are_evaluated_and_the_owner_gets_in(
    studio: Studio, clock: Clock, addresses: int
) -> None:
    member(studio)
    signed_in(studio, visitor=HOME)
    with ThreadPoolExecutor(8) as pool:
        first = Counter(pool.map(guess_from(studio, addresses), range(GUESSES // 2)))
        rest = pool.map(guess_from(studio, addresses), range(GUESSES // 2, GUESSES))
        assert signed_in(studio, visitor=HOME)  # while it goes on
        ended = first + Counter(rest)
    assert set(ended) == {"wrong", "paused"} and ended.total() == GUESSES
    assert 0 < ended["wrong"] <= MOST_EVALUATED
    assert signed_in(studio, visitor=HOME)
    clock.forward(minutes=15)
    assert signed_in(studio, visitor=ELSEWHERE)


def test_one_address_cannot_go_from_account_to_account(studio: Studio) -> None:
    ended = Counter(guess_from(studio, 1, f"someone{number}@example.org")(number) for number in range(80))
    assert ended["wrong"] == 60 and ended["paused"] == 20


def test_the_pause_survives_a_restart_and_holds_in_every_process(open_with: Callable[..., Studio]) -> None:
    first, second = open_with(), open_with()
    member(first)
    for _ in range(5):
        assert outcome(lambda: first.access.sign_in("ada@example.org", WRONG)) == "wrong"
    first.close()
    with pytest.raises(TooManyTries):
        second.access.sign_in("ada@example.org", PASSWORD)
    with pytest.raises(TooManyTries):
        open_with().access.sign_in(" ADA@example.org", PASSWORD)


def test_the_pause_ends_by_itself_and_success_begins_anew(studio: Studio, clock: Clock) -> None:
    member(studio)
    for _ in range(4):
        assert outcome(lambda: studio.access.sign_in("ada@example.org", WRONG)) == "wrong"
    signed_in(studio, visitor=Visitor())
    for _ in range(5):
        assert outcome(lambda: studio.access.sign_in("ada@example.org", WRONG)) == "wrong"
    with pytest.raises(TooManyTries) as paused:
        studio.access.sign_in("ada@example.org", PASSWORD)
    assert "5 minutes" in paused.value.hint
    clock.now = paused.value.again_at
    assert signed_in(studio, visitor=Visitor())


def test_known_and_unknown_accounts_are_refused_in_the_same_words(studio: Studio) -> None:
    member(studio)
    member(studio, "Dot")
    studio.people.disable(Actor.operator(), studio.people.by_email(Actor.operator(), "dot@example.org").id)
    said = []
    for email in ("ada@example.org", "dot@example.org", "nobody@example.org", "no address"):
        words = []
        for _ in range(6):
            try:
                studio.access.sign_in(email, WRONG)
            except (BadInput, TooManyTries) as refused:
                words.append((refused.message, refused.hint))
        said.append(words)
    assert said[0] == said[1] == said[2] == said[3]
    assert said[0][2] == (NO_MATCH, "Two more tries before a five-minute pause.")
    assert said[0][4] == (NO_MATCH, "That was the last try before a five-minute pause.")


def test_known_and_unknown_accounts_cost_the_same_work(studio: Studio, monkeypatch: pytest.MonkeyPatch) -> None:
    import bcrypt

    checked: list[bytes] = []
    plain = bcrypt.checkpw
    monkeypatch.setattr(bcrypt, "checkpw", lambda *given: checked.append(given[1]) or plain(*given))
    member(studio)
    for email in ("ada@example.org", "nobody@example.org"):
        assert outcome(lambda email=email: studio.access.sign_in(email, WRONG)) == "wrong"
    assert len(checked) == 2
    assert checked[0][:7] == checked[1][:7]  # the same kind of hash at the same cost
    for _ in range(8):
        outcome(lambda: studio.access.sign_in("nobody@example.org", WRONG))
    assert len(checked) == 6  # a pause costs no bcrypt


def test_the_log_notes_one_pause_a_window_however_many_guesses(studio: Studio) -> None:
    member(studio)
    with ThreadPoolExecutor(8) as pool:
        list(pool.map(guess_from(studio, 1), range(100)))
    acts = studio.audit.page(Actor.operator(), AuditFilter(action="session.throttled"))
    assert [(act.target, act.address) for act in acts] == [("Ada", "203.0.113.0")]
    assert "example.org" not in repr(acts)


def test_counters_that_ran_out_are_swept(studio: Studio, clock: Clock) -> None:
    for number in range(30):
        outcome(lambda number=number: studio.access.sign_in(f"p{number}@example.org", WRONG))
    clock.forward(hours=2)
    outcome(lambda: studio.access.sign_in("later@example.org", WRONG))
    with studio.database.read() as unit:
        assert unit.throttles.count() == 3
