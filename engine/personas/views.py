"""What is shown of a persona: a card in the catalogue, a view of one, and the persona as the engine uses it."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any
from uuid import UUID

from db.repositories.catalogue import Group
from engine.accounts.actor import Actor
from engine.personas.faces import accent_of
from engine.personas.rights import Found, Source, judged, key_of, parted, spec_of
from engine.personas.spec import PersonaSpec, SampleInteraction

GROUPS: tuple[Group, ...] = ("own", "team", "builtin")


@dataclass(frozen=True, slots=True)
class Persona:
    """A persona as the engine uses it. For pages there is `PersonaView`, which knows what may be shown."""

    id: UUID
    key: str
    source: Source
    version: int
    spec: PersonaSpec


@dataclass(frozen=True, slots=True)
class PersonaCard:
    """A persona as the catalogue shows it. `blurb` is of its prompt when the reader may see that, else a sample."""

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
    department: str = ""
    owner: str = ""
    visibility: str = ""
    readable: bool = True


@dataclass(frozen=True, slots=True)
class Catalogue:
    """Whom an actor may use, in the three groups of the pickers: a page of each, and how many there are in all."""

    own: tuple[PersonaCard, ...]
    team: tuple[PersonaCard, ...]
    builtin: tuple[PersonaCard, ...]
    totals: Mapping[Group, int] = field(default_factory=dict)

    @property
    def count(self) -> int:
        """How many there are in all groups."""
        return sum(self.totals.values())


@dataclass(frozen=True, slots=True)
class PersonaView:
    """What an actor may see of a persona. `spec` is None while its prompt is closed to them."""

    key: str
    source: Source
    version: int
    name: str
    role: str
    avatar: str
    accent: str
    modality: str
    tags: tuple[str, ...]
    visibility: str
    department: str
    owner: str
    updated_at: datetime
    sample_queries: tuple[str, ...]
    sample_interactions: tuple[SampleInteraction, ...]
    spec: PersonaSpec | None
    yours: bool
    may_edit: bool
    may_delete: bool


@dataclass(frozen=True, slots=True)
class Editor:
    """Somebody whom the owner lets edit a persona."""

    handle: str
    name: str


def persona_of(found: Found) -> Persona:
    """A persona as the engine uses it."""
    return Persona(found.row.id, found.key, found.source, found.row.version, spec_of(found.row.content))


def view_of(found: Found, row: Any) -> PersonaView:
    """What may be seen of a persona; `row` is the same as the catalogue lists it."""
    spec = spec_of(found.row.content)
    return PersonaView(
        key=found.key,
        source=found.source,
        version=found.row.version,
        name=spec.name,
        role=spec.role,
        avatar=spec.avatar,
        accent=accent_of(found.row.key),
        modality=spec.modality,
        tags=spec.tags,
        visibility=found.row.visibility,
        department=row.department or "",
        owner=row.owner or "",
        updated_at=found.row.updated_at,
        sample_queries=spec.sample_queries,
        sample_interactions=spec.sample_interactions,
        spec=spec if found.may.read else None,
        yours=found.may.owner,
        may_edit=found.may.edit,
        may_delete=found.may.delete,
    )


def called(actor: Actor, row: Any) -> str:
    """By which key the actor calls a persona that the catalogue lists."""
    return key_of(actor, row.owner_id, row.handle, row.key)


def card_of(actor: Actor, row: Any) -> PersonaCard:
    """The card of a persona that the catalogue lists: nothing but columns, its content is not read."""
    may, key = judged(actor, row, named=bool(row.named)), called(actor, row)
    readable = may is not None and may.read
    return PersonaCard(
        key=key,
        source=parted(key)[0],
        version=row.version,
        name=row.name,
        role=row.role,
        blurb=row.blurb if readable else f"“{row.sample}”" if row.sample else "",
        modality=row.modality,
        tags=tuple(row.tags),
        avatar=row.avatar,
        accent=accent_of(row.key),
        editable=may is not None and may.edit,
        draft=bool(row.drafted),
        department=row.department or "",
        owner=row.owner or "",
        visibility=row.visibility,
        readable=readable,
    )
