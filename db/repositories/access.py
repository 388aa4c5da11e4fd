"""Queries for ways in: sessions, one-time tokens, identities elsewhere, second factors, throttles."""

from datetime import datetime, timedelta
from functools import cache
from typing import Any
from uuid import UUID

from sqlalchemy import Connection, Executable, bindparam, case, delete, func, or_, select, update

from db.models.base import table_of
from db.models.people import AuthSession, Identity, OneTimeToken, Person, SecondFactor, Throttle
from db.repositories.base import Repository
from db.repositories.dialects import insert_into


class Sessions(Repository):
    """Signed-in browsers."""

    def add(self, session: AuthSession) -> None:
        """Add a session."""
        self._session.add(session)

    def has_code(self, code_hash: bytes) -> bool:
        """Whether a session waits to be fetched with this code."""
        return self._session.scalar(select(AuthSession.id).where(AuthSession.code_hash == code_hash)) is not None

    def by_code_hash_for_redeem(self, code_hash: bytes, now: datetime) -> UUID | None:
        """Use up a code: the session's id for the first caller in time, None for everybody else."""
        return self._session.scalar(
            update(AuthSession)
            .where(
                AuthSession.code_hash == code_hash,
                AuthSession.code_expires_at > now,
                AuthSession.revoked_at.is_(None),
            )
            .values(code_hash=None)
            .returning(AuthSession.id)
        )

    def set_token(self, session_id: UUID, token_hash: bytes) -> None:
        """Give a session the token that its browser will show."""
        self._session.execute(update(AuthSession).where(AuthSession.id == session_id).values(token_hash=token_hash))

    def by_token_hash(self, token_hash: bytes) -> AuthSession | None:
        """The session of a token, whether it still counts or not."""
        return self._session.scalar(select(AuthSession).where(AuthSession.token_hash == token_hash))

    def with_person(self, session_id: UUID) -> tuple[AuthSession, Person] | None:
        """A session and whose it is, in one query."""
        row = self._session.execute(
            select(AuthSession, Person)
            .join(Person, Person.id == AuthSession.person_id)
            .where(AuthSession.id == session_id)
        ).one_or_none()
        return (row[0], row[1]) if row else None

    def revoke(self, session_id: UUID, at: datetime) -> None:
        """End a session."""
        self._session.execute(update(AuthSession).where(AuthSession.id == session_id).values(revoked_at=at))

    def of(self, person_id: UUID) -> list[AuthSession]:
        """A person's sessions that nobody has ended, the last seen first."""
        mine = select(AuthSession).where(AuthSession.person_id == person_id, AuthSession.revoked_at.is_(None))
        return list(self._session.scalars(mine.order_by(AuthSession.last_seen_at.desc(), AuthSession.id.desc())))

    def revoke_of(self, person_id: UUID, at: datetime, *, only: UUID | None = None, but: UUID | None = None) -> bool:
        """End a person's sessions: all, only one, or all but one. False when there was none to end."""
        ended = update(AuthSession).where(AuthSession.person_id == person_id, AuthSession.revoked_at.is_(None))
        if only is not None:
            ended = ended.where(AuthSession.id == only)
        if but is not None:
            ended = ended.where(AuthSession.id != but)
        return bool(list(self._session.scalars(ended.values(revoked_at=at).returning(AuthSession.id))))

    def carry(self, session_id: UUID, person_id: UUID) -> None:
        """Let one session of a person live on after their older ones were made worthless."""
        version = select(Person.token_version).where(Person.id == person_id).scalar_subquery()
        mine = update(AuthSession).where(AuthSession.id == session_id, AuthSession.person_id == person_id)
        self._session.execute(mine.values(token_version=version))

    def came_from(self, email: str, address: str) -> bool:
        """Whether the person with this address (of mail) was ever signed in from that one (of the network)."""
        earlier = select(AuthSession.id).join(Person, Person.id == AuthSession.person_id)
        found = earlier.where(Person.email == email, AuthSession.address == address).limit(1)
        return self._session.scalar(found) is not None

    def used_browser(self, person_id: UUID, address: str, agent: str) -> bool:
        """Whether a person was ever signed in with this very browser at this network address."""
        mine = select(AuthSession.id).where(AuthSession.person_id == person_id)
        found = mine.where(AuthSession.address == address, AuthSession.agent == agent).limit(1)
        return self._session.scalar(found) is not None

    def touch(self, session_id: UUID, at: datetime) -> None:
        """Note that a session was seen."""
        self._session.execute(update(AuthSession).where(AuthSession.id == session_id).values(last_seen_at=at))


class Tokens(Repository):
    """One-time tokens."""

    def add(self, token: OneTimeToken) -> None:
        """Add a token."""
        self._session.add(token)

    def use(self, token_hash: bytes, purpose: str, now: datetime) -> OneTimeToken | None:
        """Use up a token of this purpose; None when it is unknown, spent or too old."""
        return self._session.scalar(
            update(OneTimeToken)
            .where(
                OneTimeToken.token_hash == token_hash,
                OneTimeToken.purpose == purpose,
                OneTimeToken.used_at.is_(None),
                OneTimeToken.expires_at > now,
            )
            .values(used_at=now)
            .returning(OneTimeToken)
        )

    def drop_unused(self, purpose: str) -> None:
        """Make all open tokens of a purpose worthless."""
        self._session.execute(
            delete(OneTimeToken).where(OneTimeToken.purpose == purpose, OneTimeToken.used_at.is_(None))
        )

    def is_open(self, token_hash: bytes, purpose: str, now: datetime) -> OneTimeToken | None:
        """The token, when it could be used now."""
        found = select(OneTimeToken).where(OneTimeToken.token_hash == token_hash, OneTimeToken.purpose == purpose)
        return self._session.scalar(found.where(OneTimeToken.used_at.is_(None), OneTimeToken.expires_at > now))

    def of(self, person_id: UUID, purpose: str) -> OneTimeToken | None:
        """A person's newest token of a purpose, whatever its state."""
        mine = select(OneTimeToken).where(OneTimeToken.person_id == person_id, OneTimeToken.purpose == purpose)
        return self._session.scalars(mine.order_by(OneTimeToken.expires_at.desc()).limit(1)).first()

    def count(self, person_id: UUID) -> int:
        """How many tokens a person has, whatever their state."""
        mine = select(func.count()).select_from(OneTimeToken).where(OneTimeToken.person_id == person_id)
        return self._session.scalar(mine) or 0

    def drop_of(self, person_id: UUID, *purposes: str) -> None:
        """Forget a person's tokens of these purposes."""
        self._session.execute(
            delete(OneTimeToken).where(OneTimeToken.person_id == person_id, OneTimeToken.purpose.in_(purposes))
        )

    def sweep(self, before: datetime) -> None:
        """Forget what ran out before a moment."""
        self._session.execute(delete(OneTimeToken).where(OneTimeToken.expires_at < before))


class Identities(Repository):
    """Who people are at OpenID providers."""

    def owner(self, issuer: str, subject: str) -> Person | None:
        """The person behind an identity."""
        return self._session.scalar(
            select(Person)
            .join(Identity, Identity.person_id == Person.id)
            .where(Identity.issuer == issuer, Identity.subject == subject)
        )

    def add(self, identity: Identity) -> bool:
        """Tie an identity to a person; False when it is somebody's already."""
        return self._added(identity)

    def of(self, person_id: UUID) -> list[Identity]:
        """A person's identities."""
        return list(self._session.scalars(select(Identity).where(Identity.person_id == person_id)))


class SecondFactors(Repository):
    """The sealed secrets of authenticator apps."""

    def of(self, person_id: UUID) -> SecondFactor | None:
        """A person's second factor, confirmed or not; nobody else uses it until the end of the transaction."""
        return self._session.get(SecondFactor, person_id, with_for_update=True, populate_existing=True)

    def in_force(self, person_id: UUID) -> bool:
        """Whether a person has confirmed a second factor."""
        confirmed = select(SecondFactor.person_id).where(SecondFactor.confirmed_at.is_not(None))
        return self._session.scalar(confirmed.where(SecondFactor.person_id == person_id)) is not None

    def change(self, person_id: UUID, **values: Any) -> None:
        """Change the named columns."""
        self._session.execute(update(SecondFactor).where(SecondFactor.person_id == person_id).values(**values))

    def put(self, factor: SecondFactor) -> None:
        """Store a factor in place of an earlier one."""
        self._session.merge(factor)

    def use_step(self, person_id: UUID, step: int) -> bool:
        """Note that the code of a time step was used; False when it or a later one was used before."""
        used = (
            update(SecondFactor)
            .where(SecondFactor.person_id == person_id, SecondFactor.last_step < step)
            .values(last_step=step)
            .returning(SecondFactor.person_id)
        )
        return self._session.scalar(used) is not None

    def remove(self, person_id: UUID) -> None:
        """Forget a person's factor."""
        self._session.execute(delete(SecondFactor).where(SecondFactor.person_id == person_id))


_THROTTLES = table_of(Throttle)


class Throttles:
    """How often something was tried. Counting and refusing are one statement, so no two tries share a place."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def take(self, bucket: str, *, most: int, window: timedelta, now: datetime) -> bool:
        """Count one try; False, and nothing counted, when the window has seen `most`."""
        values = {"in_bucket": bucket, "most": most, "until": now + window, "now": now}
        return self._connection.execute(_take(self._connection.dialect.name), values).first() is not None

    def reading(self, bucket: str, now: datetime) -> tuple[int, datetime] | None:
        """Tries in the present window and when it ends; None when nothing was tried in it."""
        query = select(_THROTTLES.c.used, _THROTTLES.c.resets_at).where(
            _THROTTLES.c.bucket == bucket, _THROTTLES.c.resets_at > now
        )
        row = self._connection.execute(query).one_or_none()
        return (row.used, row.resets_at) if row else None

    def count(self) -> int:
        """How many buckets there are."""
        return self._connection.scalar(select(func.count()).select_from(_THROTTLES)) or 0

    def forget(self, *buckets: str) -> None:
        """Begin anew."""
        self._connection.execute(delete(_THROTTLES).where(_THROTTLES.c.bucket.in_(buckets)))

    def sweep(self, now: datetime) -> None:
        """Drop what has run out, save what somebody counts in at this moment."""
        over = select(_THROTTLES.c.bucket).where(_THROTTLES.c.resets_at <= now).with_for_update(skip_locked=True)
        self._connection.execute(delete(_THROTTLES).where(_THROTTLES.c.bucket.in_(over)))


@cache
def _take(dialect: str) -> Executable:
    table = _THROTTLES
    insert = insert_into(dialect, table).values(bucket=bindparam("in_bucket"), used=1, resets_at=bindparam("until"))
    over = table.c.resets_at <= bindparam("now")
    return insert.on_conflict_do_update(
        index_elements=["bucket"],
        set_={
            "used": case((over, 1), else_=table.c.used + 1),
            "resets_at": case((over, insert.excluded.resets_at), else_=table.c.resets_at),
        },
        where=or_(over, table.c.used < bindparam("most")),
    ).returning(table.c.used)
