"""Personas: who may use which, under what key, and drafts until they are published.

Keys as people see them: a built-in is `maestro`, one's own `user:ada`, a colleague's `team:rosa/ada`.
"""

from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Literal
from uuid import UUID

from db.models.personas import Persona as PersonaRow
from db.session import Database, Unit
from engine.accounts.actor import Actor
from engine.accounts.rights import Right, needs
from engine.errors import BadInput, NotFound
from engine.personas.faces import accent_of
from engine.personas.spec import PersonaSpec

Source = Literal["user", "team", "system"]
BLURB = 80
_BLANK = PersonaSpec().model_dump(mode="json")


@dataclass(frozen=True, slots=True)
class Persona:
    """A persona as the engine uses it."""

    id: UUID
    key: str
    source: Source
    version: int
    spec: PersonaSpec


@dataclass(frozen=True, slots=True)
class PersonaCard:
    """A persona as the catalogue shows it: nothing of its prompt."""

    key: str
    source: Source
    version: int
    name: str
    role: str
    blurb: str
    modality: str
    tags: tuple[str, ...]
    avatar: str
    accent: str
    editable: bool
    draft: bool


@dataclass(frozen=True, slots=True)
class Catalogue:
    """Whom an actor may use, in the three groups of the pickers."""

    own: tuple[PersonaCard, ...]
    team: tuple[PersonaCard, ...]
    builtin: tuple[PersonaCard, ...]

    @property
    def count(self) -> int:
        """How many there are in all."""
        return len(self.own) + len(self.team) + len(self.builtin)


class Personas:
    """The catalogue, and the drafts of those who write."""

    def __init__(self, database: Database, *, clock: Callable[[], datetime]) -> None:
        self._database = database
        self._clock = clock

    @needs(Right.USE)
    def catalogue(self, actor: Actor, *, search: str = "", modalities: Collection[str] = ()) -> Catalogue:
        """Whom the actor may use; `search` looks at names, roles and tags, ignoring case."""
        me = actor.person_id
        with self._database.read() as unit:
            drafted = {row.persona_id for row in unit.drafts.of(me)} if me else set()
            mine = unit.personas.owned_by(me) if me else []
            own = [_card(row, f"user:{row.key}", "user", draft=row.id in drafted) for row in mine]
            shared = unit.personas.shared_with(me)
            team = [_card(row, f"team:{handle}/{row.key}", "team") for row, handle in shared]
            builtin = [_card(row, row.key, "system") for row in unit.personas.builtins()]
        return Catalogue(*(tuple(c for c in group if _found(c, search, modalities)) for group in (own, team, builtin)))

    @needs(Right.USE)
    def get(self, actor: Actor, key: str) -> Persona:
        """The persona under a key. Raises NotFound when it is not there, or not the actor's to use."""
        with self._database.read() as unit:
            source, row = find(unit, actor, key)
            return Persona(row.id, key, source, row.version, spec_of(row.content))

    @needs(Right.WRITE_PERSONAS)
    def delete(self, actor: Actor, key: str) -> None:
        """Take an own persona out of the catalogue; `restore` brings it back. Raises NotFound."""
        with self._database.write() as unit:
            row = self._own(unit, actor, key)
            unit.personas.set_deleted(row.id, self._clock())

    @needs(Right.WRITE_PERSONAS)
    def restore(self, actor: Actor, key: str) -> None:
        """Bring a deleted persona of one's own back as it was. Raises NotFound."""
        with self._database.write() as unit:
            row = unit.personas.deleted(writer_of(actor), key.removeprefix("user:"))
            if row is None:
                raise NotFound(f"There is no deleted persona {key!r} of yours.", hint="It may be back already.")
            unit.personas.set_deleted(row.id, None)

    def _own(self, unit: Unit, actor: Actor, key: str) -> PersonaRow:
        source, row = find(unit, actor, key)
        if source != "user":
            raise NotFound(f"There is no persona {key!r} of yours.", hint="Only your own can be deleted.")
        return row


def writer_of(actor: Actor) -> UUID:
    """The person who writes. Raises BadInput for the operator, who is nobody in particular."""
    if actor.person_id is None:
        raise BadInput("The operator has no personas of their own.", hint="Name a person with --as.")
    return actor.person_id


def find(unit: Unit, actor: Actor, key: str) -> tuple[Source, PersonaRow]:
    """The row of a persona that the actor may use, whoever owns it."""
    kind, colon, rest = key.partition(":")
    row: PersonaRow | None = None
    source: Source = "system"
    if not colon:
        row = unit.personas.by_key(None, key)
    elif kind == "user" and actor.person_id is not None:
        source, row = "user", unit.personas.by_key(actor.person_id, rest)
    elif kind == "team":
        shared = unit.personas.shared_with(actor.person_id)
        source, row = "team", next((row for row, handle in shared if f"{handle}/{row.key}" == rest), None)
    if row is None:
        raise NotFound(f"There is no persona {key!r} that you may use.", hint="The catalogue shows whom you may use.")
    return source, row


def spec_of(content: Mapping[str, Any]) -> PersonaSpec:
    """Stored content as a spec; fields that came later have their defaults."""
    return PersonaSpec.model_validate(content)


def _card(row: PersonaRow, key: str, source: Source, *, draft: bool = False) -> PersonaCard:
    """What the catalogue shows, read from the stored content as it is: it was checked when it was written."""
    content = _BLANK | row.content
    story = " ".join((content["system_prompt"] or content["context"]).split())
    return PersonaCard(
        key=key,
        source=source,
        version=row.version,
        name=content["name"],
        role=content["role"],
        blurb=story if len(story) <= BLURB else story[: BLURB - 1].rstrip() + "…",
        modality=content["modality"],
        tags=tuple(content["tags"]),
        avatar=content["avatar"],
        accent=accent_of(row.key),
        editable=source == "user",
        draft=draft,
    )


def _found(card: PersonaCard, search: str, modalities: Collection[str]) -> bool:
    if modalities and card.modality not in modalities:
        return False
    words = " ".join([card.name, card.role, card.key, *card.tags]).casefold()
    return all(word in words for word in search.casefold().split())
