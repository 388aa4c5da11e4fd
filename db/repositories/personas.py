"""Queries for personas, their versions, editors and drafts."""

from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import CursorResult, delete, func, select, update

from db.models.people import Person
from db.models.personas import Persona, PersonaDraft, PersonaEditor, PersonaVersion
from db.repositories.base import Repository
from db.repositories.listing import listing


class Personas(Repository):
    """Personas, their versions and editors. What the catalogue shows of a persona is kept in step with its content."""

    def add(self, persona: Persona, note: str, author_id: UUID | None) -> bool:
        """Add a persona together with its version 1; False when its owner has the key already."""
        persona.version = 1
        owner = self._session.get(Person, persona.owner_id) if persona.owner_id else None
        persona.department_id = owner.department_id if owner else None
        for column, value in listing(persona.key, persona.content).items():
            setattr(persona, column, value)
        if not self._added(persona):
            return False
        self._session.add(_version_of(persona, note, author_id))
        return True

    def by_key(self, owner_id: UUID | None, key: str) -> Persona | None:
        """The persona of an owner under this key; no owner means a built-in one."""
        return self._session.scalar(
            select(Persona).where(_owned(owner_id), Persona.key == key, Persona.deleted_at.is_(None))
        )

    def by_id(self, persona_id: UUID) -> Persona | None:
        """The persona with this id, unless it was deleted."""
        return self._session.scalar(select(Persona).where(Persona.id == persona_id, Persona.deleted_at.is_(None)))

    def builtins(self, *, removed: bool = False) -> list[Persona]:
        """The personas that come with the house, by age; with `removed` also those that were taken away."""
        query = select(Persona).where(Persona.owner_id.is_(None))
        if not removed:
            query = query.where(Persona.deleted_at.is_(None))
        return list(self._session.scalars(query.order_by(Persona.created_at, Persona.id)))

    def of_handle(self, handle: str, key: str) -> Persona | None:
        """The persona under this key of the person with this handle."""
        theirs = select(Persona).join(Person, Person.id == Persona.owner_id)
        where = (Person.handle == handle, Persona.key == key, Persona.deleted_at.is_(None))
        return self._session.scalar(theirs.where(*where))

    def publish(
        self,
        persona_id: UUID,
        content: dict[str, Any],
        visibility: str,
        note: str,
        author_id: UUID | None,
        at: datetime,
        *,
        expected_version: int,
    ) -> int | None:
        """Make new content the current version and return its number. The department is the owner's of this moment.

        None, and nothing written, when the current version is no longer the expected one.
        """
        now: Persona | None = self.by_id(persona_id)
        if now is None:
            return None
        persona: Persona | None = self._session.scalar(
            update(Persona)
            .where(Persona.id == persona_id, Persona.version == expected_version, Persona.deleted_at.is_(None))
            .values(
                **listing(now.key, content),
                content=content,
                visibility=visibility,
                department_id=select(Person.department_id).where(Person.id == now.owner_id).scalar_subquery(),
                version=Persona.version + 1,
                updated_at=at,
            )
            .returning(Persona)
            .execution_options(populate_existing=True)
        )
        if persona is None:
            return None
        self._session.add(_version_of(persona, note, author_id))
        return persona.version

    def deleted(self, owner_id: UUID | None, key: str) -> Persona | None:
        """A deleted persona of an owner; no owner means a built-in one."""
        where = (_owned(owner_id), Persona.key == key, Persona.deleted_at.is_not(None))
        return self._session.scalar(select(Persona).where(*where))

    def set_deleted(self, persona_id: UUID, at: datetime | None) -> None:
        """Delete a persona, or bring it back."""
        self._session.execute(update(Persona).where(Persona.id == persona_id).values(deleted_at=at))

    def keys_of(self, owner_id: UUID | None) -> set[str]:
        """The keys that an owner can no longer give, those of deleted personas included."""
        return set(self._session.scalars(select(Persona.key).where(_owned(owner_id))))

    def version(self, persona_id: UUID, number: int) -> PersonaVersion | None:
        """One published version."""
        return self._session.scalar(
            select(PersonaVersion).where(PersonaVersion.persona_id == persona_id, PersonaVersion.number == number)
        )

    def count_owned(self, person_id: UUID) -> int:
        """How many personas a person has."""
        query = select(func.count()).where(Persona.owner_id == person_id, Persona.deleted_at.is_(None))
        return self._session.scalar(query) or 0

    def is_editor(self, persona_id: UUID, person_id: UUID) -> bool:
        """Whether the owner has named this person."""
        return self._session.get(PersonaEditor, (persona_id, person_id)) is not None

    def editors(self, persona_id: UUID) -> list[Person]:
        """Whom the owner has named, by name."""
        named = select(Person).join(PersonaEditor, PersonaEditor.person_id == Person.id)
        mine = named.where(PersonaEditor.persona_id == persona_id)
        return list(self._session.scalars(mine.order_by(func.lower(Person.name), Person.id)))

    def add_editor(self, persona_id: UUID, person_id: UUID, at: datetime) -> bool:
        """Name somebody; False when they are named already."""
        return self._added(PersonaEditor(persona_id=persona_id, person_id=person_id, added_at=at))

    def remove_editor(self, persona_id: UUID, person_id: UUID) -> bool:
        """Take that back; False when they were not named."""
        named = (PersonaEditor.persona_id == persona_id, PersonaEditor.person_id == person_id)
        return self._session.scalar(delete(PersonaEditor).where(*named).returning(PersonaEditor.person_id)) is not None


class Drafts(Repository):
    """Drafts; every query names whose they are."""

    def add(self, draft: PersonaDraft) -> None:
        """Add a draft."""
        self._session.add(draft)

    def by_id(self, draft_id: UUID, person_id: UUID) -> PersonaDraft | None:
        """A person's own draft."""
        return self._session.scalar(select(PersonaDraft).where(*_mine(draft_id, person_id)))

    def for_persona(self, person_id: UUID, persona_id: UUID) -> PersonaDraft | None:
        """The newest draft of a person for an existing persona."""
        return self._session.scalar(
            select(PersonaDraft)
            .where(PersonaDraft.person_id == person_id, PersonaDraft.persona_id == persona_id)
            .order_by(PersonaDraft.updated_at.desc(), PersonaDraft.id.desc())
            .limit(1)
        )

    def of(self, person_id: UUID) -> list[PersonaDraft]:
        """A person's drafts, newest first."""
        return list(
            self._session.scalars(
                select(PersonaDraft)
                .where(PersonaDraft.person_id == person_id)
                .order_by(PersonaDraft.updated_at.desc(), PersonaDraft.id.desc())
            )
        )

    def save(
        self,
        draft_id: UUID,
        person_id: UUID,
        content: dict[str, Any],
        step: str,
        at: datetime,
        *,
        base_version: int | None = None,
    ) -> bool:
        """Replace a draft's content, and what it started from; False when it is gone or somebody else's."""
        values = {"content": content, "step": step, "updated_at": at}
        if base_version is not None:
            values["base_version"] = base_version
        result = self._session.execute(update(PersonaDraft).where(*_mine(draft_id, person_id)).values(**values))
        return isinstance(result, CursorResult) and result.rowcount == 1

    def delete(self, draft_id: UUID, person_id: UUID) -> None:
        """Throw a draft away."""
        self._session.execute(delete(PersonaDraft).where(*_mine(draft_id, person_id)))


def _owned(owner_id: UUID | None) -> Any:
    return Persona.owner_id.is_(None) if owner_id is None else Persona.owner_id == owner_id


def _mine(draft_id: UUID, person_id: UUID) -> tuple[Any, Any]:
    return PersonaDraft.id == draft_id, PersonaDraft.person_id == person_id


def _version_of(persona: Persona, note: str, author_id: UUID | None) -> PersonaVersion:
    return PersonaVersion(
        persona_id=persona.id,
        number=persona.version,
        content=persona.content,
        note=note,
        author_id=author_id,
        created_at=persona.updated_at,
    )
