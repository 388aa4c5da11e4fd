"""Drafts: work on a persona until it is published. Saved field by field, so nothing typed is ever lost."""

from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from pydantic import ValidationError
from pydantic_core import ErrorDetails
from slugify import slugify
from uuid_utils.compat import uuid7

from db.models.personas import Persona as PersonaRow
from db.models.personas import PersonaDraft as DraftRow
from db.session import Database, Unit
from engine.accounts.actor import Actor
from engine.accounts.rights import Right, needs
from engine.errors import BadInput, EditConflict, NotFound
from engine.personas.catalogue import find, spec_of, writer_of
from engine.personas.spec import SHORT, PersonaSpec, Visibility

COPY = " (copy)"


@dataclass(frozen=True, slots=True)
class Draft:
    """Unpublished work on a persona. `persona_key` is None until it has been published once."""

    id: UUID
    key: str
    persona_key: str | None
    spec: PersonaSpec
    step: str
    base_version: int
    saved_at: datetime


class Drafts:
    """The drafts of those who write."""

    def __init__(self, database: Database, *, clock: Callable[[], datetime]) -> None:
        self._database = database
        self._clock = clock

    @needs(Right.WRITE_PERSONAS)
    def open(self, actor: Actor, key: str | None = None) -> Draft:
        """The draft to go on with: of the own persona `key`, a copy of somebody else's, or a blank one.

        Raises NotFound when the key is not there, or not the actor's to use.
        """
        me = writer_of(actor)
        with self._database.write() as unit:
            if key is None:
                blank = next((row for row in unit.drafts.of(me) if row.persona_id is None and not row.content), None)
                return _draft(unit, blank or self._new_draft(unit, me))
            source, row = find(unit, actor, key)
            if source != "user":
                copy = PersonaSpec.model_validate({**row.content, "visibility": Visibility.PRIVATE})
                return _draft(unit, self._new_draft(unit, me, key=row.key, content=copy.model_dump(mode="json")))
            draft = unit.drafts.for_persona(me, row.id)
            return _draft(unit, draft or self._new_draft(unit, me, key=row.key, content=row.content, persona=row))

    @needs(Right.WRITE_PERSONAS)
    def duplicate(self, actor: Actor, key: str) -> Draft:
        """A new draft with everything of a persona but its place in the catalogue. Raises NotFound."""
        me = writer_of(actor)
        with self._database.write() as unit:
            _, row = find(unit, actor, key)
            name = f"{row.content.get('name', '')[: SHORT - len(COPY)]}{COPY}"
            changed = {**row.content, "name": name, "visibility": Visibility.PRIVATE}
            content = PersonaSpec.model_validate(changed).model_dump(mode="json", exclude_defaults=True)
            return _draft(unit, self._new_draft(unit, me, key=row.key, content=content))

    @needs(Right.WRITE_PERSONAS)
    def get(self, actor: Actor, draft_id: UUID) -> Draft:
        """One of the actor's drafts. Raises NotFound."""
        with self._database.read() as unit:
            return _draft(unit, _own_draft(unit, actor, draft_id))

    @needs(Right.WRITE_PERSONAS)
    def all(self, actor: Actor) -> list[Draft]:
        """The actor's drafts that have anything in them, the newest first."""
        with self._database.read() as unit:
            return [_draft(unit, row) for row in unit.drafts.of(writer_of(actor)) if row.content]

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
            _check_unchanged(spec_of(row.content), changes, known or {})
            spec = _checked({**row.content, **changes})
            row.content = spec.model_dump(mode="json", exclude_defaults=True)
            row.step = step or row.step
            row.updated_at = self._clock()
            unit.drafts.save(row.id, row.person_id, row.content, row.step, row.updated_at)
            return _draft(unit, row)

    @needs(Right.WRITE_PERSONAS)
    def discard(self, actor: Actor, draft_id: UUID) -> None:
        """Throw a draft away; what was published stays."""
        with self._database.write() as unit:
            row = _own_draft(unit, actor, draft_id)
            unit.drafts.delete(row.id, row.person_id)

    @needs(Right.WRITE_PERSONAS)
    def publish(self, actor: Actor, draft_id: UUID, *, note: str = "") -> str:
        """Make the draft the next version of its persona, or a new persona; returns its key.

        Raises BadInput when it has no name, nothing that tells the model who it is, or when the persona
        was published from elsewhere since the draft was begun. The draft is kept then.
        """
        me = writer_of(actor)
        with self._database.write() as unit:
            draft = _own_draft(unit, actor, draft_id)
            spec = _checked(draft.content)
            _check_complete(spec)
            content = spec.model_dump(mode="json")
            if draft.persona_id is None:
                key = self._add(unit, me, spec, content, note)
            else:
                key = self._add_version(unit, me, draft, spec, content, note)
            unit.drafts.delete(draft.id, me)
            return f"user:{key}"

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

    def _add(self, unit: Unit, me: UUID, spec: PersonaSpec, content: dict[str, Any], note: str) -> str:
        key, now = _free_key(spec.name, unit.personas.keys_of(me)), self._clock()
        row = PersonaRow(
            id=uuid7(),
            owner_id=me,
            key=key,
            visibility=spec.visibility,
            version=1,
            content=content,
            created_at=now,
            updated_at=now,
        )
        if not unit.personas.add(row, note=note, author_id=me):
            raise BadInput("Another tab published a persona of that name just now.", hint="Publish once more.")
        return key

    def _add_version(
        self, unit: Unit, me: UUID, draft: DraftRow, spec: PersonaSpec, content: dict[str, Any], note: str
    ) -> str:
        row = unit.personas.by_id(draft.persona_id) if draft.persona_id else None
        if row is None or row.deleted_at is not None:
            raise NotFound("The persona of this draft is gone.", hint="Your draft is kept.")
        number = unit.personas.publish(
            row.id, content, spec.visibility, note, me, self._clock(), expected_version=draft.base_version
        )
        if number is None:
            raise BadInput(
                f"{spec.name} was published from another tab since you began: version {row.version} is newer.",
                hint="Your draft is kept. Open the persona to see the newer version.",
            )
        return row.key


def _own_draft(unit: Unit, actor: Actor, draft_id: UUID) -> DraftRow:
    row = unit.drafts.by_id(draft_id, writer_of(actor))
    if row is None:
        raise NotFound("That draft is gone.", hint="It was published or discarded, perhaps in another tab.")
    return row


def _draft(unit: Unit, row: DraftRow) -> Draft:
    persona = unit.personas.by_id(row.persona_id) if row.persona_id else None
    return Draft(
        id=row.id,
        key=row.key,
        persona_key=f"user:{persona.key}" if persona else None,
        spec=spec_of(row.content),
        step=row.step,
        base_version=row.base_version,
        saved_at=row.updated_at,
    )


def _checked(content: Mapping[str, Any]) -> PersonaSpec:
    """The content as a spec, or BadInput naming the first field that is refused, as people know it."""
    try:
        return spec_of(content)
    except ValidationError as problem:
        first = problem.errors(include_input=False, include_url=False)[0]
        title = _title(str(first["loc"][0]))
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


def _title(name: str) -> str:
    field = PersonaSpec.model_fields.get(name)
    return str(field.title) if field else name


def _check_unchanged(stored: PersonaSpec, changes: Mapping[str, Any], known: Mapping[str, Any]) -> None:
    """Raise EditConflict for a field that is neither as the writer knows it nor as they want it."""
    now = stored.model_dump(mode="json")
    for name, before in known.items():
        if now.get(name) != before and now.get(name) != changes.get(name):
            title = _title(name)
            raise EditConflict(
                f"{title} was changed in another tab.",
                field=title,
                theirs=now.get(name),
                hint="Keep what you typed, or take the other version.",
            )


def _check_complete(spec: PersonaSpec) -> None:
    if not spec.name.strip():
        raise BadInput("A persona needs a name before it can be published.", field="Name", hint="Step 1 asks for it.")
    if not (spec.system_prompt.strip() or spec.context.strip() or spec.role.strip()):
        raise BadInput(
            "Nothing tells the model who this is yet.",
            field="System prompt",
            hint="Fill in the role, the system prompt or the setting in step 1.",
        )


def _free_key(name: str, taken: Collection[str]) -> str:
    wish = slugify(name, max_length=48) or "persona"
    key, number = wish, 2
    while key in taken:
        key, number = f"{wish}-{number}", number + 1
    return key
