"""Queries for people and their settings."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Literal
from uuid import UUID

from sqlalchemy import ColumnElement, func, or_, select, update
from sqlalchemy.exc import IntegrityError

from db.failures import is_taken
from db.models.house import HouseSetting
from db.models.people import AuthSession, Person, UserSettings
from db.repositories.base import Repository

State = Literal["", "verified", "unverified", "disabled"]


@dataclass(frozen=True, slots=True)
class PeopleFilter:
    """Which people are asked for; None or an empty text asks for all.

    Each word of `text` is looked for in name, address and handle, whatever its case. Whoever is disabled is neither
    "verified" nor "unverified".
    """

    text: str = ""
    role: str | None = None
    department_id: UUID | None = None
    state: State = ""


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

    def for_change(self, person_id: UUID) -> Person | None:
        """The person with this id as they are now, held still until the end of the transaction."""
        row = select(Person).where(Person.id == person_id).with_for_update(key_share=True)
        return self._session.scalar(row.execution_options(populate_existing=True))

    def for_change_by_email(self, email: str) -> Person | None:
        """The same by the normalised address."""
        row = select(Person).where(Person.email == email).with_for_update(key_share=True)
        return self._session.scalar(row.execution_options(populate_existing=True))

    def take_handle(self, person_id: UUID, handle: str) -> bool:
        """Give a person a handle; False when it is somebody else's."""
        try:
            with self._session.begin_nested():
                self.change(person_id, handle=handle)
        except IntegrityError as problem:
            if is_taken(problem):
                return False
            raise
        return True

    def all(self) -> list[Person]:
        """Everybody, in the order of joining."""
        return list(self._session.scalars(select(Person).order_by(Person.created_at, Person.id)))

    def count(self, wanted: PeopleFilter) -> int:
        """How many people a filter finds."""
        return self._session.scalar(select(func.count()).select_from(Person).where(*_where(wanted))) or 0

    def page(self, wanted: PeopleFilter, *, skip: int, most: int) -> list[Person]:
        """People by name."""
        by_name = select(Person).where(*_where(wanted)).order_by(func.lower(Person.name), Person.id)
        return list(self._session.scalars(by_name.offset(skip).limit(most)))

    def last_seen(self, ids: Iterable[UUID]) -> dict[UUID, datetime]:
        """When these people were last here; whoever never was is left out."""
        newest = select(AuthSession.person_id, func.max(AuthSession.last_seen_at))
        rows = self._session.execute(newest.where(AuthSession.person_id.in_(list(ids))).group_by(AuthSession.person_id))
        return {person_id: at for person_id, at in rows}

    def names(self, ids: Iterable[UUID]) -> dict[UUID, str]:
        """What these people are called; whoever is gone is left out."""
        rows = self._session.execute(select(Person.id, Person.name).where(Person.id.in_(list(ids))))
        return {person_id: name for person_id, name in rows}

    def count_admins(self) -> int:
        """How many people administer the house."""
        return self._session.scalar(select(func.count()).where(Person.role == "admin")) or 0

    def count_enabled(self) -> int:
        """How many people may sign in."""
        return self._session.scalar(select(func.count()).where(Person.disabled_at.is_(None))) or 0

    def count_by_plan(self) -> dict[tuple[str, bool], int]:
        """How many people there are by plan and by whether their address is confirmed."""
        verified = Person.verified_at.is_not(None)
        rows = self._session.execute(select(Person.plan, verified, func.count()).group_by(Person.plan, verified))
        return {(plan, bool(confirmed)): count for plan, confirmed, count in rows}

    def lock_admins(self) -> list[UUID]:
        """Who administers the house and may come in; they stay as they are until the end of the transaction.

        Locked in one order, so that two who change each other wait instead of blocking each other.
        """
        admins = select(Person.id).where(Person.role == "admin", Person.disabled_at.is_(None)).order_by(Person.id)
        return list(self._session.scalars(admins.with_for_update(key_share=True)))

    def lock_first_admin(self) -> bool:
        """Claim the right to be the first admin; True for exactly one caller, ever."""
        return self._added(HouseSetting(name="first_admin", value=True))

    def by_handle(self, handle: str) -> Person | None:
        """The person who goes by this handle."""
        return self._session.scalar(select(Person).where(Person.handle == handle))

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

    def change(self, person_id: UUID, **values: Any) -> None:
        """Change the named columns."""
        self._session.execute(update(Person).where(Person.id == person_id).values(**values))

    def end_sessions(self, person_id: UUID) -> None:
        """Make every session of a person worthless, for good."""
        self.change(person_id, token_version=Person.token_version + 1)

    def settings(self, person_id: UUID) -> UserSettings | None:
        """A person's preferences; None means the defaults."""
        return self._session.get(UserSettings, person_id)

    def save_settings(self, person_id: UUID, **fields: Any) -> None:
        """Change the named preferences and leave the others."""
        self._session.merge(UserSettings(person_id=person_id, **fields))


def _where(wanted: PeopleFilter) -> list[ColumnElement[bool]]:
    found: list[ColumnElement[bool]] = [
        or_(*(column.icontains(word, autoescape=True) for column in (Person.name, Person.email, Person.handle)))
        for word in wanted.text.split()
    ]
    if wanted.role is not None:
        found.append(Person.role == wanted.role)
    if wanted.department_id is not None:
        found.append(Person.department_id == wanted.department_id)
    if wanted.state:
        disabled = wanted.state == "disabled"
        found.append(Person.disabled_at.is_not(None) if disabled else Person.disabled_at.is_(None))
    if wanted.state in ("verified", "unverified"):
        verified = wanted.state == "verified"
        found.append(Person.verified_at.is_not(None) if verified else Person.verified_at.is_(None))
    return found
