"""The built-in personas, for those who keep them. They are edited in place, through drafts; all else is here."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

from uuid_utils.compat import uuid7

from db.models.personas import Persona as PersonaRow
from db.session import Database
from db.unit import Unit
from engine.accounts.actor import Actor
from engine.accounts.audit import record
from engine.accounts.rights import Right, needs
from engine.errors import BadInput, EditConflict, NotFound
from engine.personas.rights import find, must_read, spec_of
from engine.personas.seed import DEFAULT_PERSONA, shipped
from engine.personas.spec import PersonaSpec, Visibility

AS_SHIPPED = "As shipped"


@dataclass(frozen=True, slots=True)
class BuiltIn:
    """A built-in persona. `changed` says that it is otherwise than shipped, None that it never was shipped.

    `removed` ones are in no catalogue and can come back. `recommended_by` and `default_of` name departments.
    """

    key: str
    name: str
    role: str
    avatar: str
    modality: str
    version: int
    updated_at: datetime
    changed: bool | None
    removed: bool
    recommended_by: tuple[str, ...]
    default_of: tuple[str, ...]


class Builtins:
    """Keeps the built-in personas. Every change is written to the audit log."""

    def __init__(self, database: Database, *, clock: Callable[[], datetime]) -> None:
        self._database = database
        self._clock = clock

    @needs(Right.KEEP_BUILT_INS)
    def all(self, actor: Actor) -> list[BuiltIn]:
        """All of them by name, those that were removed last."""
        originals = dict(shipped())
        with self._database.read() as unit:
            rows = unit.personas.builtins(removed=True)
            departments = [(row.name, row.recommended, row.default_persona) for row in unit.departments.all()]
        found = [
            BuiltIn(
                key=row.key,
                name=row.name,
                role=row.role,
                avatar=row.avatar,
                modality=row.modality,
                version=row.version,
                updated_at=row.updated_at,
                changed=spec_of(row.content) != originals[row.key] if row.key in originals else None,
                removed=row.deleted_at is not None,
                recommended_by=tuple(name for name, chosen, _ in departments if row.key in chosen),
                default_of=tuple(name for name, _, first in departments if row.key == first),
            )
            for row in rows
        ]
        return sorted(found, key=lambda each: (each.removed, each.name.casefold()))

    @needs(Right.KEEP_BUILT_INS)
    def adopt(self, actor: Actor, key: str) -> str:
        """Make a persona whose prompt the actor may read a built-in one, as it is now; returns the key it has there.

        The persona itself stays with its owner. Raises NotFound, Forbidden, and BadInput when the key is taken.
        """
        now = self._clock()
        with self._database.write() as unit:
            found = find(unit, actor, key)
            must_read(found)
            spec = spec_of({**found.row.content, "visibility": Visibility.WORKSPACE})
            row = PersonaRow(
                id=uuid7(),
                owner_id=None,
                key=found.row.key,
                visibility=Visibility.WORKSPACE,
                version=1,
                content=spec.model_dump(mode="json"),
                created_at=now,
                updated_at=now,
            )
            if not unit.personas.add(row, note="Made built-in", author_id=actor.person_id):
                raise BadInput(
                    f"There is a built-in persona with the key {row.key!r} already.",
                    field="Persona",
                    hint="Duplicate yours under another name first, or edit the one that is there.",
                )
            record(unit, actor.person_id, "persona.adopt", "persona", row.key, now)
            return row.key

    @needs(Right.KEEP_BUILT_INS)
    def reset(self, actor: Actor, key: str) -> int:
        """Publish what the house shipped as the next version; returns its number. Raises NotFound, EditConflict."""
        original, now = dict(shipped()).get(key), self._clock()
        with self._database.write() as unit:
            row = _there(unit, key)
            if original is None:
                raise NotFound(f"{row.name} did not come with the house.", hint="Its versions show how it was.")
            number = unit.personas.publish(
                row.id, _content(original), row.visibility, AS_SHIPPED, actor.person_id, now,
                expected_version=row.version,
            )  # fmt: skip
            if number is None:
                raise EditConflict("Somebody published a new version just now.", hint="Look at it, then try again.")
            was, then = {"version": row.version}, {"version": number}
            record(unit, actor.person_id, "persona.reset", "persona", key, now, before=was, after=then)
            return number

    @needs(Right.KEEP_BUILT_INS)
    def remove(self, actor: Actor, key: str) -> None:
        """Take one out of everybody's catalogue; `restore` brings it back. Raises NotFound, BadInput."""
        now = self._clock()
        with self._database.write() as unit:
            row = _there(unit, key)
            if key == DEFAULT_PERSONA:
                raise BadInput(f"{row.name} answers when nobody is chosen, and stays.", hint="You can edit it.")
            unit.personas.set_deleted(row.id, now)
            record(unit, actor.person_id, "persona.remove", "persona", key, now)

    @needs(Right.KEEP_BUILT_INS)
    def restore(self, actor: Actor, key: str) -> None:
        """Bring one back as it was. Raises NotFound."""
        with self._database.write() as unit:
            row = unit.personas.deleted(None, key)
            if row is None:
                raise NotFound(f"There is no removed built-in persona {key!r}.", hint="It may be back already.")
            unit.personas.set_deleted(row.id, None)
            record(unit, actor.person_id, "persona.restore", "persona", key, self._clock())


def _there(unit: Unit, key: str) -> PersonaRow:
    row = unit.personas.by_key(None, key)
    if row is None:
        raise NotFound(f"There is no built-in persona {key!r}.", hint="It was removed, perhaps in another tab.")
    return row


def _content(spec: PersonaSpec) -> dict[str, object]:
    return spec.model_dump(mode="json")
