"""What tests of the ways in share: people with passwords, and reading what was mailed."""

import logging
import re
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime
from threading import Barrier

import bcrypt
import pyotp
import pytest

from engine.accounts.access import NO_MATCH
from engine.accounts.actor import Actor, Role
from engine.accounts.sessions import Ticket, Visitor
from engine.errors import BadInput, StudioError, TooManyTries
from engine.studio import Studio
from tests.engine.conftest import PASSWORD

HOME = Visitor("192.0.2.10", "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 Chrome/140.0.0.0 Safari/537.36")
ELSEWHERE = Visitor("198.51.100.7", "Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15) Gecko/20100101 Firefox/140.0")
WRONG = "not the password"
PATIENCE_S = 60


def member(studio: Studio, name: str = "Ada", *, role: Role = Role.USER, verified: bool = True) -> str:
    """Somebody with a password; returns their address."""
    email = f"{name.lower()}@example.org"
    operator = Actor.operator()
    studio.people.add(operator, email=email, name=name, password=PASSWORD, role=role, verified=verified)
    return email


def signed_in(studio: Studio, email: str = "ada@example.org", visitor: Visitor = HOME) -> tuple[Ticket, Actor]:
    """A session and who it stands for."""
    ticket = studio.access.sign_in(email, PASSWORD, visitor=visitor)
    return ticket, whose(studio, ticket)


def whose(studio: Studio, ticket: Ticket) -> Actor:
    actor = studio.access.actor(ticket.session_id)
    assert actor is not None
    return actor


def with_authenticator(studio: Studio, actor: Actor, at: datetime) -> tuple[pyotp.TOTP, list[str]]:
    """Put a second factor in force; its first code is used then."""
    studio.account.begin_second_factor(actor, PASSWORD)
    app = pyotp.TOTP(studio.account.pending_second_factor(actor).secret)
    return app, studio.account.confirm_second_factor(actor, app.at(at))


def outcome(act: Callable[[], object]) -> str:
    """How an act ended, in one word."""
    try:
        act()
    except TooManyTries:
        return "paused"
    except BadInput as refused:
        return "wrong" if refused.message == NO_MATCH else "refused"
    except StudioError as failed:
        return failed.code
    return "done"


def at_once(*acts: Callable[[], object]) -> list[str]:
    """How acts ended that were begun together."""
    with ThreadPoolExecutor(16) as pool:
        return list(pool.map(outcome, acts))


def meet_after(monkeypatch: pytest.MonkeyPatch, work: str, count: int) -> None:
    """Let so many threads wait for each other after their bcrypt, whose time would else bring them in one by one."""
    plain, barrier = getattr(bcrypt, work), Barrier(count)

    def slow(*given: bytes) -> object:
        done = plain(*given)
        barrier.wait(PATIENCE_S)
        return done

    monkeypatch.setattr(bcrypt, work, slow)


class Mailbox:
    """What the studio would have mailed: it has no mail server, so it stands in the log."""

    def __init__(self, caplog: pytest.LogCaptureFixture) -> None:
        self._caplog = caplog
        caplog.set_level(logging.WARNING, "studio.mail")

    @property
    def mails(self) -> list[str]:
        return [record.getMessage() for record in self._caplog.records if record.name == "studio.mail"]

    def codes(self) -> list[str]:
        return re.findall(r"code is (\d{6})", "\n".join(self.mails))

    def links(self) -> list[str]:
        return re.findall(r"/reset\?token=(\S+)", "\n".join(self.mails))
