"""Who may do what with a persona. One place, so that every service answers alike.

| | use | read the prompt | edit | delete |
|---|---|---|---|---|
| its owner | yes | yes | yes | yes |
| editors whom the owner named | yes | yes | yes | no |
| `department`: leads of that department, and admins | yes | yes | yes | no |
| `department`: everybody else in it | yes | when it is open | no | no |
| `workspace`: everybody | yes | when it is open | no | no |
| built-in: admins | yes | yes | yes | yes |
| built-in: everybody else | yes | yes | no | no |

The department is the owner's at the last publishing. Whoever may not use a persona cannot tell it from one that is not
there. Who may use a persona and whether its prompt is open is decided by its owner alone. A copy takes the prompt
along, so it is for those who may read it.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal
from uuid import UUID

from db.models.personas import Persona as PersonaRow
from db.repositories.catalogue import Reader
from db.unit import Unit
from engine.accounts.actor import Actor, Role
from engine.errors import BadInput, Forbidden, NotFound
from engine.personas.spec import PersonaSpec, Visibility

Source = Literal["user", "team", "system"]


@dataclass(frozen=True, slots=True)
class Standing:
    """What an actor may do with one persona that they may use."""

    owner: bool
    edit: bool
    read: bool
    delete: bool


@dataclass(frozen=True, slots=True)
class Found:
    """A persona as its row, under the key by which the actor calls it, and what they may do with it."""

    key: str
    source: Source
    row: PersonaRow
    may: Standing


def writer_of(actor: Actor) -> UUID:
    """The person who writes. Raises BadInput for the operator, who is nobody in particular."""
    if actor.person_id is None:
        raise BadInput("The operator has no personas of their own.", hint="Name a person with --as.")
    return actor.person_id


def reader_of(actor: Actor) -> Reader:
    """The actor as queries know them."""
    return Reader(actor.person_id, actor.department_id, actor.role is Role.ADMIN)


def find(unit: Unit, actor: Actor, key: str) -> Found:
    """The persona under a key, if the actor may use it. Raises NotFound."""
    source, handle, slug = parted(key)
    row: PersonaRow | None = None
    if source == "system":
        row = unit.personas.by_key(None, slug)
    elif source == "user" and actor.person_id is not None:
        row = unit.personas.by_key(actor.person_id, slug)
    elif source == "team":
        row = unit.personas.of_handle(handle, slug)
    may = standing(unit, actor, row) if row is not None else None
    if row is None or may is None or (source == "team" and may.owner):
        raise no_persona(key)
    return Found(key, source, row, may)


def no_persona(key: str) -> NotFound:
    """What is said of a persona that is not there, or not for the actor."""
    return NotFound(f"There is no persona {key!r} that you may use.", hint="The catalogue shows whom you may use.")


def standing(unit: Unit, actor: Actor, row: PersonaRow) -> Standing | None:
    """What an actor may do with a persona; None when they may not even use it."""
    me = actor.person_id
    theirs = row.owner_id is not None and row.owner_id != me
    named = theirs and me is not None and unit.personas.is_editor(row.id, me)
    return judged(actor, row, named=named)


def judged(actor: Actor, row: Any, *, named: bool) -> Standing | None:
    """The same of a row of the table or of the catalogue, when it is known whether the owner has named the actor."""
    me, admin = actor.person_id, actor.role is Role.ADMIN
    if row.owner_id is None:
        return Standing(owner=False, edit=admin, read=True, delete=admin)
    owner = row.owner_id == me
    department = row.visibility == Visibility.DEPARTMENT
    here = actor.department_id is not None and actor.department_id == row.department_id
    edit = owner or named or (department and (admin or (here and actor.role is Role.LEAD)))
    if not (edit or row.visibility == Visibility.WORKSPACE or (department and here)):
        return None
    return Standing(owner=owner, edit=edit, read=edit or row.prompt_open, delete=owner)


def must_read(found: Found) -> None:
    """Raise Forbidden when the prompt is closed to the actor."""
    if not found.may.read:
        raise Forbidden(
            f"{found.row.name} can be used, but not copied or exported: only the owner and the editors see the prompt.",
            hint="Ask the owner to open it, or to name you as an editor.",
        )


def parted(key: str) -> tuple[Source, str, str]:
    """The parts of a key: whose it is, the owner's handle for a colleague's, and the key itself."""
    kind, colon, rest = key.partition(":")
    if not colon:
        return "system", "", key
    handle, _, slug = rest.partition("/")
    return ("team", handle, slug) if kind == "team" else ("user", "", rest) if kind == "user" else ("team", "", "")


def key_of(actor: Actor, owner_id: UUID | None, handle: str | None, key: str) -> str:
    """By which key an actor calls a persona."""
    if owner_id is None:
        return key
    return f"user:{key}" if owner_id == actor.person_id else f"team:{handle}/{key}"


def spec_of(content: Mapping[str, Any]) -> PersonaSpec:
    """Stored content as a spec; fields that came later have their defaults."""
    return PersonaSpec.model_validate(content)
