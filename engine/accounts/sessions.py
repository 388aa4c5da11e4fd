"""Sessions on our side: rows whose cookie holds 256 random bits, of which the database knows only the SHA-256.

The token is made when the browser redeems a one-time code, so that no page ever holds it.
"""

import hashlib
import secrets
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from uuid_utils.compat import uuid7

from db.models.people import AuthSession
from db.models.people import Person as PersonRow
from db.unit import Unit

COOKIE = "studio_session"
SESSION_DAYS = 14
IDLE = timedelta(hours=12)
CODE_LASTS = timedelta(seconds=60)
LONGEST_AGENT = 400


@dataclass(frozen=True, slots=True)
class Visitor:
    """Where a request comes from: the network address and what the browser calls itself."""

    address: str = "local"
    agent: str = ""


@dataclass(frozen=True, slots=True)
class Ticket:
    """A fresh session, and the one-time code that the browser trades for its cookie within a minute."""

    session_id: UUID
    code: str
    name: str


def digest(secret: str) -> bytes:
    """What the database keeps of a secret with 256 random bits."""
    return hashlib.sha256(secret.encode()).digest()


def open_session(unit: Unit, person: PersonRow, visitor: Visitor, now: datetime) -> Ticket:
    """Sign a person in. Whoever calls this has made sure that it is them."""
    code = secrets.token_urlsafe(32)
    row = AuthSession(
        id=uuid7(),
        person_id=person.id,
        code_hash=digest(code),
        code_expires_at=now + CODE_LASTS,
        token_version=person.token_version,
        created_at=now,
        last_seen_at=now,
        expires_at=now + timedelta(days=SESSION_DAYS),
        address=visitor.address,
        agent=visitor.agent[:LONGEST_AGENT],
    )
    unit.sessions.add(row)
    return Ticket(row.id, code, person.name)


def alive(session: AuthSession, person: PersonRow, now: datetime) -> bool:
    """Whether a session still stands for its person."""
    return (
        session.revoked_at is None
        and session.token_version == person.token_version
        and now < session.expires_at
        and now - session.last_seen_at < IDLE
    )
