"""Drafts: work on a persona until it is published. Saved field by field, so nothing typed is ever lost.

Everybody has drafts of their own. Several people may work on one persona: whoever publishes second is told, keeps the
draft, and goes on with `rebase`.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from pydantic import ValidationError
from pydantic_core import ErrorDetails
from uuid_utils.compat import uuid7

from db.models.personas import Persona as PersonaRow
from db.models.personas import PersonaDraft as DraftRow
from db.session import Database
from db.unit import Unit
from engine.accounts.actor import Actor
from engine.accounts.rights import Right, needs
from engine.errors import BadInput, EditConflict, NotFound
from engine.personas import publishing
from engine.personas.merging import OWNERS, Conflict, title_of
from engine.personas.rights import find, key_of, must_read, spec_of, writer_of
from engine.personas.spec import SHORT, PersonaSpec, Visibility

COPY = " (copy)"
_PRIVATE = {"visibility": Visibility.PRIVATE, "prompt_open": False}


@dataclass(frozen=True, slots=True)
class Draft:
    """Unpublished work on a persona. `persona_key` is None until it has been published once.

    `yours` is False for somebody else's persona, or a built-in one: only its owner decides who uses it.
    """

    id: UUID
    key: str
    persona_key: str | None
    spec: PersonaSpec
    step: str
    base_version: int
    saved_at: datetime
    yours: bool = True


@dataclass(frozen=True, slots=True)
class Rebased:
    """A draft on the newest version. `taken` are fields that only others changed, now as they made them.

    `conflicts` are fields that both changed: the draft has mine.
    """

    draft: Draft
    taken: tuple[str, ...]
    conflicts: tuple[Conflict, ...]


class Drafts:
    """The drafts of those who write."""

    def __init__(self, database: Database, *, clock: Callable[[], datetime]) -> None:
        self._database = database
        self._clock = clock

    @needs(Right.WRITE_PERSONAS)
    def open(self, actor: Actor, key: str | None = None) -> Draft:
        """The draft to go on with: of a persona that the actor may edit, a copy of another one, or a blank one.

        Raises NotFound when the key is not there, or not the actor's to use, and Forbidden when its prompt is closed
        to them: a copy would show it.
        """
        me = writer_of(actor)
        with self._database.write() as unit:
            if key is None:
                blank = next((row for row in unit.drafts.of(me) if row.persona_id is None and not row.content), None)
                return _draft(unit, actor, blank or self._new_draft(unit, me))
            found = find(unit, actor, key)
            row = found.row
            if not found.may.edit:
                must_read(found)
                copy = spec_of({**row.content, **_PRIVATE})
                content = copy.model_dump(mode="json", exclude_defaults=True)
                return _draft(unit, actor, self._new_draft(unit, me, key=row.key, content=content))
            draft = unit.drafts.for_persona(me, row.id)
            draft = draft or self._new_draft(unit, me, key=row.key, content=row.content, persona=row)
            return _draft(unit, actor, draft)

    @needs(Right.WRITE_PERSONAS)
    def duplicate(self, actor: Actor, key: str) -> Draft:
        """A new draft with everything of a persona but its place in the catalogue. Raises NotFound, Forbidden."""
        me = writer_of(actor)
        with self._database.write() as unit:
            found = find(unit, actor, key)
            must_read(found)
            name = f"{found.row.name[: SHORT - len(COPY)]}{COPY}"
            content = spec_of({**found.row.content, "name": name, **_PRIVATE})
            dumped = content.model_dump(mode="json", exclude_defaults=True)
            return _draft(unit, actor, self._new_draft(unit, me, key=found.row.key, content=dumped))

    @needs(Right.WRITE_PERSONAS)
    def get(self, actor: Actor, draft_id: UUID) -> Draft:
        """One of the actor's drafts. Raises NotFound."""
        with self._database.read() as unit:
            return _draft(unit, actor, _own_draft(unit, actor, draft_id))

    @needs(Right.WRITE_PERSONAS)
    def all(self, actor: Actor) -> list[Draft]:
        """The actor's drafts that have anything in them, the newest first."""
        with self._database.read() as unit:
            return [_draft(unit, actor, row) for row in unit.drafts.of(writer_of(actor)) if row.content]

    @needs(Right.WRITE_PERSONAS)
    def save(
        self,
        actor: Actor,
        draft_id: UUID,
        changes: Mapping[str, Any],
        *,
        known: Mapping[str, Any] | None = None,
        step: str | None = None,
    ) -> Draft:
        """Write changed fields into a draft. `known` is what the writer last saw in them.

        Raises BadInput that names the field, and EditConflict when a field holds something else than is known, since
        another tab changed it; the draft then keeps what it had.
        """
        with self._database.write() as unit:
            row = _own_draft(unit, actor, draft_id)
            if changes.keys() & {*OWNERS}:
                _check_owner(unit, actor, row, changes)
            _check_unchanged(spec_of(row.content), changes, known or {})
            row.step = step or row.step
            self._write(unit, row, {**row.content, **changes})
            return _draft(unit, actor, row)

    @needs(Right.WRITE_PERSONAS)
    def discard(self, actor: Actor, draft_id: UUID) -> None:
        """Throw a draft away; what was published stays."""
        with self._database.write() as unit:
            row = _own_draft(unit, actor, draft_id)
            unit.drafts.delete(row.id, row.person_id)

    @needs(Right.WRITE_PERSONAS)
    def publish(self, actor: Actor, draft_id: UUID, *, note: str = "") -> str:
        """Make the draft the next version of its persona, or a new persona of the actor's; returns its key.

        Raises BadInput when it has no name, or nothing that tells the model who it is; NotFound when the persona is
        gone or no longer the actor's to edit; and EditConflict, whose `theirs` is the number of the newer version,
        when somebody published since the draft was begun: `rebase` is the way on. The draft is kept then.
        """
        with self._database.write() as unit:
            draft = _own_draft(unit, actor, draft_id)
            persona = publishing.publish(unit, actor, draft, _checked(draft.content), note, self._clock())
            unit.drafts.delete(draft.id, draft.person_id)
            return _called(unit, actor, persona)

    @needs(Right.WRITE_PERSONAS)
    def rebase(self, actor: Actor, draft_id: UUID) -> Rebased:
        """Bring a draft onto the newest version of its persona, field by field. Raises NotFound."""
        with self._database.write() as unit:
            draft = _own_draft(unit, actor, draft_id)
            merged, draft.base_version = publishing.on_newest(unit, actor, draft)
            self._write(unit, draft, merged.content, base_version=draft.base_version)
            return Rebased(_draft(unit, actor, draft), merged.taken, merged.conflicts)

    def _write(self, unit: Unit, row: DraftRow, content: Mapping[str, Any], *, base_version: int | None = None) -> None:
        row.content = _checked(content).model_dump(mode="json", exclude_defaults=True)
        row.updated_at = self._clock()
        unit.drafts.save(row.id, row.person_id, row.content, row.step, row.updated_at, base_version=base_version)

    def _new_draft(
        self,
        unit: Unit,
        me: UUID,
        *,
        key: str = "",
        content: Mapping[str, Any] | None = None,
        persona: PersonaRow | None = None,
    ) -> DraftRow:
        now, draft_id = self._clock(), uuid7()
        row = DraftRow(
            id=draft_id,
            person_id=me,
            persona_id=persona.id if persona else None,
            key=key or f"draft-{draft_id.hex[-6:]}",
            content=dict(content or {}),
            step="role",
            base_version=persona.version if persona else 0,
            created_at=now,
            updated_at=now,
        )
        unit.drafts.add(row)
        return row


def _own_draft(unit: Unit, actor: Actor, draft_id: UUID) -> DraftRow:
    row = unit.drafts.by_id(draft_id, writer_of(actor))
    if row is None:
        raise NotFound("That draft is gone.", hint="It was published or discarded, perhaps in another tab.")
    return row


def _called(unit: Unit, actor: Actor, row: PersonaRow) -> str:
    """By which key the actor calls a persona."""
    theirs = row.owner_id is not None and row.owner_id != actor.person_id
    owner = unit.people.by_id(row.owner_id) if theirs and row.owner_id else None
    return key_of(actor, row.owner_id, owner.handle if owner else None, row.key)


def _draft(unit: Unit, actor: Actor, row: DraftRow) -> Draft:
    persona = unit.personas.by_id(row.persona_id) if row.persona_id else None
    return Draft(
        id=row.id,
        key=row.key,
        persona_key=_called(unit, actor, persona) if persona else None,
        spec=spec_of(row.content),
        step=row.step,
        base_version=row.base_version,
        saved_at=row.updated_at,
        yours=persona is None or persona.owner_id == actor.person_id,
    )


def _checked(content: Mapping[str, Any]) -> PersonaSpec:
    """The content as a spec, or BadInput naming the first field that is refused, as people know it."""
    try:
        return spec_of(content)
    except ValidationError as problem:
        first = problem.errors(include_input=False, include_url=False)[0]
        title = title_of(str(first["loc"][0]))
        raise BadInput(
            f"{title}: {_in_words(first)}.",
            field=title,
            hint="The draft keeps what it had; correct the field and go on.",
        ) from None


def _in_words(error: ErrorDetails) -> str:
    """What Pydantic found, as one would say it."""
    most = error.get("ctx", {}).get("max_length")
    if error["type"] == "string_too_long":
        return f"at most {most:,} characters fit"
    if error["type"] == "too_long":
        return f"at most {most} of them fit"
    return error["msg"].removeprefix("Value error, ")


def _check_unchanged(stored: PersonaSpec, changes: Mapping[str, Any], known: Mapping[str, Any]) -> None:
    """Raise EditConflict for a field that is neither as the writer knows it nor as they want it."""
    now = stored.model_dump(mode="json")
    for name, before in known.items():
        if now.get(name) != before and now.get(name) != changes.get(name):
            title = title_of(name)
            raise EditConflict(
                f"{title} was changed in another tab.",
                field=title,
                theirs=now.get(name),
                hint="Keep what you typed, or take the other version.",
            )


def _check_owner(unit: Unit, actor: Actor, row: DraftRow, changes: Mapping[str, Any]) -> None:
    """Raise BadInput when somebody else than the owner changes what only the owner decides."""
    persona = unit.personas.by_id(row.persona_id) if row.persona_id else None
    now = spec_of(row.content).model_dump(mode="json")
    wrong = next((name for name in OWNERS if name in changes and changes[name] != now[name]), None)
    if persona is not None and persona.owner_id != actor.person_id and wrong:
        raise BadInput(
            f"Who may use {persona.name}, and who reads the prompt, is for the owner to decide.",
            field=title_of(wrong),
            hint="Everything else is yours to change.",
        )
