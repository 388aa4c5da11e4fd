"""Queries for people and their settings."""

from collections.abc import Iterable
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import func, select, update

from db.models.house import HouseSetting
from db.models.people import Person, UserSettings
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

    def names(self, ids: Iterable[UUID]) -> dict[UUID, str]:
        """What these people are called; whoever is gone is left out."""
        rows = self._session.execute(select(Person.id, Person.name).where(Person.id.in_(list(ids))))
        return {person_id: name for person_id, name in rows}

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
