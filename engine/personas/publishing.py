"""Publishing: a draft becomes a new persona, or the next version of its own, unless somebody published meanwhile.

Then the draft goes onto the newest version, field by field, before it can be published again.
"""

from collections.abc import Collection
from datetime import datetime
from uuid import UUID

from slugify import slugify
from uuid_utils.compat import uuid7

from db.models.personas import Persona as PersonaRow
from db.models.personas import PersonaDraft as DraftRow
from db.unit import Unit
from engine.accounts.actor import Actor
from engine.accounts.audit import record
from engine.errors import BadInput, EditConflict, NotFound
from engine.personas.merging import Merged, kept_by_owner, merge, title_of
from engine.personas.rights import spec_of, standing
from engine.personas.spec import PersonaSpec, Visibility


def publish(unit: Unit, actor: Actor, draft: DraftRow, spec: PersonaSpec, note: str, now: datetime) -> PersonaRow:
    """Make what a draft says the next version of its persona, or a new persona of its writer's.

    Raises BadInput, NotFound, and EditConflict, whose `theirs` is the number of the newer version.
    """
    _check_complete(spec)
    if draft.persona_id is None:
        return _new_persona(unit, draft.person_id, spec, note, now)
    return _next_version(unit, actor, draft, spec, note, now)


def on_newest(unit: Unit, actor: Actor, draft: DraftRow) -> tuple[Merged, int]:
    """A draft merged with the newest version of its persona, and the number of that version. Raises NotFound."""
    row = _edited(unit, actor, draft)
    base = unit.personas.version(row.id, draft.base_version)
    specs = (spec_of(each) for each in (base.content if base else {}, draft.content, row.content))
    return merge(*specs, owner=row.owner_id == actor.person_id), row.version


def _new_persona(unit: Unit, me: UUID, spec: PersonaSpec, note: str, now: datetime) -> PersonaRow:
    _check_department(unit, me, spec)
    row = PersonaRow(
        id=uuid7(),
        owner_id=me,
        key=_free_key(spec.name, unit.personas.keys_of(me)),
        visibility=spec.visibility,
        version=1,
        content=spec.model_dump(mode="json"),
        created_at=now,
        updated_at=now,
    )
    if not unit.personas.add(row, note=note, author_id=me):
        raise BadInput("Another tab published a persona of that name just now.", hint="Publish once more.")
    return row


def _next_version(unit: Unit, actor: Actor, draft: DraftRow, spec: PersonaSpec, note: str, now: datetime) -> PersonaRow:
    row, me = _edited(unit, actor, draft), draft.person_id
    content = spec.model_dump(mode="json")
    if row.owner_id != me:
        content = kept_by_owner(content, row.content)
    elif spec.visibility != row.visibility:
        _check_department(unit, me, spec)
    visibility = content["visibility"] if row.owner_id else Visibility.WORKSPACE
    number = unit.personas.publish(row.id, content, visibility, note, me, now, expected_version=draft.base_version)
    if number is None:
        raise EditConflict(
            f"{spec.name} was published elsewhere since you began: version {row.version} is newer.",
            theirs=row.version,
            hint="Your draft is kept. Bring it onto the newer version, then publish again.",
        )
    if row.owner_id is None:
        was, then = {"version": draft.base_version}, {"version": number}
        record(unit, me, "persona.publish", "persona", row.key, now, before=was, after=then)
    return row


def _edited(unit: Unit, actor: Actor, draft: DraftRow) -> PersonaRow:
    """The persona that a draft is of, if the actor may edit it now. Raises NotFound."""
    row = unit.personas.by_id(draft.persona_id) if draft.persona_id else None
    may = standing(unit, actor, row) if row is not None else None
    if row is None or may is None or not may.edit:
        raise NotFound(
            "The persona of this draft is gone, or no longer yours to edit.",
            hint="Your draft is kept. You can copy its words into a new persona.",
        )
    return row


def _check_department(unit: Unit, me: UUID, spec: PersonaSpec) -> None:
    person = unit.people.by_id(me)
    if spec.visibility is Visibility.DEPARTMENT and (person is None or person.department_id is None):
        raise BadInput(
            "You are in no department that could use them.",
            field=title_of("visibility"),
            hint="Choose only you, or the workspace. An administrator puts you into a department.",
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
