"""Counting tries to sign in, before any password is looked at.

Three counters, all in the database: one for an account at a network address, one for an account from all addresses
that it was never signed in from, one for an address. Whoever was signed in from an address before has only the first
there, so strangers who guess at an account cannot keep its owner out of it.
"""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta

from db.models.people import Person as PersonRow
from db.session import Database
from db.unit import Unit
from engine.accounts.audit import STRANGER, record
from engine.accounts.people import clean_email
from engine.accounts.sessions import Visitor
from engine.accounts.throttle import Pace, take
from engine.errors import BadInput, TooManyTries

HERE = Pace("sign-in", most=5, window=timedelta(minutes=5))
STRANGERS = Pace("sign-in-strangers", most=20, window=timedelta(minutes=15))
ADDRESS = Pace("sign-in-address", most=60, window=timedelta(minutes=10))
SWEEP_EVERY = timedelta(hours=1)
TOKENS_LIE = timedelta(days=1)
_NUMBERS = ("no", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten")


@dataclass(frozen=True, slots=True)
class Try:
    """A try that may go on: whose account it is at, if anybody's, and what to say when it fails."""

    person: PersonRow | None
    hint: str


class SignInTries:
    """Counts tries, and tells the audit log once a window that somebody was stopped."""

    def __init__(self, database: Database, *, clock: Callable[[], datetime]) -> None:
        self._database = database
        self._clock = clock
        self._swept = clock()

    def count(self, account: str, visitor: Visitor) -> Try:
        """Count one try at an account. Raises TooManyTries; then nothing is counted."""
        self._sweep()
        now = self._clock()
        refused_by, person = "", None
        try:
            with self._database.write() as unit:
                person = unit.people.by_email(account)
                lefts = []
                for pace, whose in _counters(unit, account, visitor):
                    refused_by = pace.bucket(*whose)
                    lefts.append((take(unit, pace, *whose, now=now), pace))
        except TooManyTries:
            self._note(refused_by, person, visitor, now)
            raise
        return Try(person, tries_left(*min(lefts, key=lambda found: found[0])))

    def _note(self, bucket: str, person: PersonRow | None, visitor: Visitor, now: datetime) -> None:
        """One line for each counter and window: a log that grows with each guess would be a gift to the guesser."""
        with self._database.write() as unit:
            if unit.throttles.take(f"noted:{bucket}", most=1, window=STRANGERS.window, now=now):
                kind, target = ("person", person.id) if person else ("account", "unknown")
                record(unit, STRANGER, "session.throttled", kind, target, now, address=visitor.address)

    def _sweep(self) -> None:
        now = self._clock()
        if now - self._swept >= SWEEP_EVERY:
            self._swept = now
            with self._database.write() as unit:
                unit.throttles.sweep(now)
                unit.tokens.sweep(now - TOKENS_LIE)


def forgive(unit: Unit, account: str, visitor: Visitor) -> None:
    """Begin anew for an account at an address: somebody proved that it is theirs."""
    unit.throttles.forget(HERE.bucket(account, visitor.address))


def account_text(email: str) -> str:
    """What tries at an account are counted under, whether there is such an account or not."""
    try:
        return clean_email(email)
    except BadInput:
        return email.strip().lower()


def _counters(unit: Unit, account: str, visitor: Visitor) -> list[tuple[Pace, tuple[str, ...]]]:
    """The counters of a try, always in the same order: two tries then wait for each other and never in a circle."""
    here: list[tuple[Pace, tuple[str, ...]]] = [(HERE, (account, visitor.address))]
    if unit.sessions.came_from(account, visitor.address):
        return here
    return [*here, (STRANGERS, (account,)), (ADDRESS, (visitor.address,))]


def tries_left(left: int, pace: Pace) -> str:
    """How many tries there are before which pause, in words."""
    minutes = round(pace.window.total_seconds() / 60)
    pause = f"{_NUMBERS[minutes] if minutes < len(_NUMBERS) else minutes}-minute pause"
    article = "an" if minutes in (8, 11, 18) else "a"
    if left == 0:
        return f"That was the last try before {article} {pause}."
    number = _NUMBERS[left].capitalize() if left < len(_NUMBERS) else str(left)
    return f"{number} more {'try' if left == 1 else 'tries'} before {article} {pause}."
