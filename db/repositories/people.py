"""Queries for people, their sessions and their one-time tokens."""

from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import delete, func, select, update

from db.models.house import HouseSetting
from db.models.people import AuthSession, OneTimeToken, Person, UserSettings
from db.repositories.base import Repository


class People(Repository):
    """Persons and their settings."""

    def add(self, person: Person) -> bool:
        """Add a person; False when the e-mail address or the handle is taken."""
        return self._added(person)

    def by_email(self, email: str) -> Person | None:
        """The person with this normalised address."""
        return self._session.scalar(select(Person).where(Person.email == email))

    def by_id(self, person_id: UUID) -> Person | None:
        """The person with this id."""
        return self._session.get(Person, person_id)

    def all(self) -> list[Person]:
        """Everybody, in the order of joining."""
        return list(self._session.scalars(select(Person).order_by(Person.created_at, Person.id)))

    def count_admins(self) -> int:
        """How many people administer the house."""
        return self._session.scalar(select(func.count()).where(Person.role == "admin")) or 0

    def lock_first_admin(self) -> bool:
        """Claim the right to be the first admin; True for exactly one caller, ever."""
        return self._added(HouseSetting(name="first_admin", value=True))

    def handle_taken(self, handle: str) -> bool:
        """Whether somebody goes by this handle."""
        return self._session.scalar(select(Person.id).where(Person.handle == handle)) is not None

    def set_verified(self, person_id: UUID, at: datetime) -> None:
        """Note that the address was proved."""
        self._session.execute(update(Person).where(Person.id == person_id).values(verified_at=at))

    def set_password(self, person_id: UUID, password_hash: str) -> None:
        """Change the password and end every session that was opened with the old one."""
        self._session.execute(
            update(Person)
            .where(Person.id == person_id)
            .values(password_hash=password_hash, token_version=Person.token_version + 1)
        )

    def settings(self, person_id: UUID) -> UserSettings | None:
        """A person's preferences; None means the defaults."""
        return self._session.get(UserSettings, person_id)

    def save_settings(self, person_id: UUID, **fields: Any) -> None:
        """Change the named preferences and leave the others."""
        self._session.merge(UserSettings(person_id=person_id, **fields))


class Sessions(Repository):
    """Signed-in browsers."""

    def add(self, session: AuthSession) -> None:
        """Add a session."""
        self._session.add(session)

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
