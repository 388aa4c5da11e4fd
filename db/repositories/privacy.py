"""Queries over everything that hangs on one person: to hand it out, and to delete it."""

from collections.abc import Iterator, Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, Row, Table, and_, delete, func, or_, select, update

from db.models.audit import AuditEvent
from db.models.authoring import Comparison, PersonaCheck, Rehearsal, RehearsalCell
from db.models.base import NOBODY, Base, table_of
from db.models.conversations import Thread
from db.models.keys import ProviderKey
from db.models.metering import Admission, UsageEvent
from db.models.people import AuthSession, Person, UserSettings
from db.models.personas import Persona, PersonaEditor, PersonaVersion
from db.models.runs import SavedRun
from db.models.theatre import Scene
from db.repositories.base import Repository

_RUNS, _EVENTS, _KEYS, _SETTINGS, _THREADS = map(table_of, (SavedRun, UsageEvent, ProviderKey, UserSettings, Thread))


class PersonalData(Repository):
    """What is one person's, whichever table it is in."""

    def settings(self, person_id: UUID) -> dict[str, Any]:
        """Their preferences by name; empty when they never set one."""
        mine = select(_SETTINGS).where(_SETTINGS.c.person_id == person_id)
        row = self._session.execute(mine).one_or_none()
        return {} if row is None else _without(row, "person_id")

    def limits(self, person_id: UUID) -> dict[str, list[dict[str, Any]]]:
        """What is counted, capped and stopped for them, by table; whoever decided it is left out."""
        found = {}
        for table, scope_id in _scoped():
            mine = select(table).where(table.c.scope == "person", scope_id == str(person_id))
            rows = self._session.execute(mine.order_by(*table.primary_key)).all()
            found[table.name] = [_without(row, "id", "scope", scope_id.name, "author_id") for row in rows]
        return found

    def sessions(self, person_id: UUID) -> Sequence[AuthSession]:
        """Where they signed in, oldest first."""
        return self._session.scalars(
            select(AuthSession).where(AuthSession.person_id == person_id).order_by(AuthSession.created_at)
        ).all()

    def personas(self, person_id: UUID) -> Sequence[Persona]:
        """Their personas, those that they deleted too."""
        mine = select(Persona).where(Persona.owner_id == person_id)
        return self._session.scalars(mine.order_by(Persona.created_at, Persona.id)).all()

    def versions(self, persona_id: UUID) -> Sequence[PersonaVersion]:
        """What was published of a persona, in order."""
        published = select(PersonaVersion).where(PersonaVersion.persona_id == persona_id)
        return self._session.scalars(published.order_by(PersonaVersion.number)).all()

    def editors(self, persona_id: UUID) -> int:
        """How many people may edit a persona beside its owner."""
        named = select(func.count()).select_from(PersonaEditor).where(PersonaEditor.persona_id == persona_id)
        return self._session.scalar(named) or 0

    def editing(self, person_id: UUID) -> Sequence[Row[Any]]:
        """The personas of others that they may edit: name and since when."""
        columns: list[Any] = [Persona.name, PersonaEditor.added_at]
        named = select(*columns).join(PersonaEditor, PersonaEditor.persona_id == Persona.id)
        return self._session.execute(
            named.where(PersonaEditor.person_id == person_id).order_by(PersonaEditor.added_at, Persona.id)
        ).all()

    def edits(self, person_id: UUID) -> Sequence[Row[Any]]:
        """That they published versions of personas that are not theirs; the words are the owner's."""
        version = PersonaVersion
        columns: list[Any] = [Persona.name, version.number, version.note, version.created_at]
        theirs = or_(Persona.owner_id != person_id, Persona.owner_id.is_(None))
        published = select(*columns).join(Persona, Persona.id == version.persona_id)
        return self._session.execute(
            published.where(version.author_id == person_id, theirs).order_by(version.created_at, version.id)
        ).all()

    def runs(self, person_id: UUID) -> Sequence[Row[Any]]:
        """The answers that were kept for them."""
        mine = select(_RUNS).where(_RUNS.c.person_id == person_id)
        return self._session.execute(mine.order_by(_RUNS.c.saved_at)).all()

    def checks(self, person_id: UUID) -> Sequence[PersonaCheck]:
        """The checks of their personas that were changed, dropped or added."""
        theirs = select(PersonaCheck).join(Persona, Persona.id == PersonaCheck.persona_id)
        return self._session.scalars(
            theirs.where(Persona.owner_id == person_id).order_by(PersonaCheck.updated_at)
        ).all()

    def rehearsed(self, person_id: UUID) -> Sequence[RehearsalCell]:
        """What was said in rehearsals of their personas, and in those that they began."""
        cells = select(RehearsalCell).join(Persona, Persona.id == RehearsalCell.persona_id)
        begun = cells.join(Rehearsal, Rehearsal.id == RehearsalCell.rehearsal_id)
        theirs = begun.where(or_(Persona.owner_id == person_id, Rehearsal.person_id == person_id))
        return self._session.scalars(theirs.order_by(RehearsalCell.saved_at, RehearsalCell.id)).all()

    def usage(self, person_id: UUID) -> Sequence[Row[Any]]:
        """Their lines of the ledger, oldest first."""
        mine = select(_EVENTS).where(_EVENTS.c.person_id == person_id)
        return self._session.execute(mine.order_by(_EVENTS.c.at, _EVENTS.c.id)).all()

    def acts(self, person_id: UUID) -> Sequence[AuditEvent]:
        """What they did and what was done to them, oldest first."""
        done_to = and_(AuditEvent.target_kind == "person", AuditEvent.target_id == str(person_id))
        about = select(AuditEvent).where(or_(AuditEvent.actor_id == person_id, done_to))
        return self._session.scalars(about.order_by(AuditEvent.at, AuditEvent.id)).all()

    def erase(self, person_id: UUID, handle: str) -> None:
        """Delete a person and all that is theirs; what foreign keys do not reach first.

        Admissions, which the ledger was written from, stay without the names of their personas.
        """
        shared = f"team:{handle}/"
        self._session.execute(delete(ProviderKey).where(ProviderKey.owner_id == person_id))
        for table, scope_id in _scoped():
            theirs = and_(table.c.scope == "person", scope_id == str(person_id))
            personas = and_(table.c.scope == "persona", func.substr(scope_id, 1, len(shared)) == shared)
            self._session.execute(delete(table).where(or_(theirs, personas)))
        asked = func.substr(Admission.persona_key, 1, len(shared)) == shared
        named = update(Admission).where(or_(Admission.person_id == person_id, asked))
        self._session.execute(named.values(persona_key=""), execution_options={"synchronize_session": False})
        self._session.execute(delete(Person).where(Person.id == person_id))

    def is_anything_due(self, before: datetime | None) -> bool:
        """Whether there is an answer, thread, scene or comparison older than that, or a key without an owner."""
        due = [select(_KEYS.c.id).where(_ownerless())]
        if before is not None:
            due.append(select(_RUNS.c.run_id).where(_RUNS.c.saved_at < before))
            due.append(select(_THREADS.c.id).where(_THREADS.c.updated_at < before))
            due.append(select(Scene.id).where(Scene.updated_at < before))
            due.append(select(Comparison.id).where(Comparison.created_at < before))
            due.append(select(RehearsalCell.id).where(RehearsalCell.answer != "", RehearsalCell.saved_at < before))
        return any(self._session.execute(query.limit(1)).first() is not None for query in due)

    def drop_runs(self, before: datetime) -> int:
        """Delete answers that were last written before this moment; how many there were."""
        return len(
            self._session.execute(delete(_RUNS).where(_RUNS.c.saved_at < before).returning(_RUNS.c.run_id)).all()
        )

    def drop_ownerless_keys(self) -> int:
        """Delete provider keys of people who are gone: one may be saved in the moment in which its owner is deleted."""
        return len(self._session.execute(delete(_KEYS).where(_ownerless()).returning(_KEYS.c.id)).all())


def _ownerless() -> ColumnElement[bool]:
    return and_(_KEYS.c.owner_id != NOBODY, _KEYS.c.owner_id.not_in(select(Person.id)))


def _without(row: Row[Any], *names: str) -> dict[str, Any]:
    return {name: value for name, value in row._mapping.items() if name not in names}


def _scoped() -> Iterator[tuple[Table, Any]]:
    """The tables whose rows are about a scope, which may be a person, with the column that says which one."""
    for table in Base.metadata.sorted_tables:
        which = table.c.get("scope_id", table.c.get("target"))
        if "scope" in table.c and which is not None:
            yield table, which
