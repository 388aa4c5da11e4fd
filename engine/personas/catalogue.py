"""Personas: who may use which, under what key, and drafts until they are published.

Keys as people see them: a built-in is `maestro`, one's own `user:ada`, a colleague's `team:rosa/ada`.
"""

from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Literal
from uuid import UUID

from pydantic import ValidationError
from slugify import slugify
from uuid_utils.compat import uuid7

from db.models.personas import Persona as PersonaRow
from db.models.personas import PersonaDraft as DraftRow
from db.session import Database, Unit
from engine.accounts.actor import Actor
from engine.accounts.rights import Right, needs
from engine.errors import BadInput, NotFound
from engine.personas.faces import accent_of
from engine.personas.spec import PersonaSpec, Visibility

Source = Literal["user", "team", "system"]
BLURB = 80


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
            source, row = _find(unit, actor, key)
            return Persona(row.id, key, source, row.version, _spec(row.content))

    @needs(Right.WRITE_PERSONAS)
    def open_draft(self, actor: Actor, key: str | None = None) -> Draft:
        """The draft to go on with: of the own persona `key`, a copy of somebody else's, or a blank one.

        Raises NotFound when the key is not there, or not the actor's to use.
        """
        me = _writer(actor)
        with self._database.write() as unit:
            if key is None:
                blank = next((row for row in unit.drafts.of(me) if row.persona_id is None and not row.content), None)
                return _draft(unit, blank or self._new_draft(unit, me))
            source, row = _find(unit, actor, key)
            if source != "user":
                copy = PersonaSpec.model_validate({**row.content, "visibility": Visibility.PRIVATE})
                return _draft(unit, self._new_draft(unit, me, key=row.key, content=copy.model_dump(mode="json")))
            draft = unit.drafts.for_persona(me, row.id)
            return _draft(unit, draft or self._new_draft(unit, me, key=row.key, content=row.content, persona=row))

    @needs(Right.WRITE_PERSONAS)
    def draft(self, actor: Actor, draft_id: UUID) -> Draft:
        """One of the actor's drafts. Raises NotFound."""
        with self._database.read() as unit:
            return _draft(unit, _own_draft(unit, actor, draft_id))

    @needs(Right.WRITE_PERSONAS)
    def drafts(self, actor: Actor) -> list[Draft]:
        """The actor's drafts that have anything in them, the newest first."""
        with self._database.read() as unit:
            return [_draft(unit, row) for row in unit.drafts.of(_writer(actor)) if row.content]

    @needs(Right.WRITE_PERSONAS)
    def save_draft(self, actor: Actor, draft_id: UUID, changes: Mapping[str, Any], *, step: str | None = None) -> Draft:
        """Write changed fields into a draft.

        Raises BadInput that names the field; the draft then keeps what it had.
        """
        with self._database.write() as unit:
            row = _own_draft(unit, actor, draft_id)
            spec = _checked({**row.content, **changes})
            row.content = spec.model_dump(mode="json", exclude_defaults=True)
            row.step = step or row.step
            row.updated_at = self._clock()
            unit.drafts.save(row.id, row.person_id, row.content, row.step, row.updated_at)
            return _draft(unit, row)

    @needs(Right.WRITE_PERSONAS)
    def discard_draft(self, actor: Actor, draft_id: UUID) -> None:
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
        me = _writer(actor)
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


def _writer(actor: Actor) -> UUID:
    if actor.person_id is None:
        raise BadInput("The operator has no personas of their own.", hint="Name a person with --as.")
    return actor.person_id


def _find(unit: Unit, actor: Actor, key: str) -> tuple[Source, PersonaRow]:
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


def _own_draft(unit: Unit, actor: Actor, draft_id: UUID) -> DraftRow:
    row = unit.drafts.by_id(draft_id, _writer(actor))
    if row is None:
        raise NotFound("That draft is gone.", hint="It was published or discarded, perhaps in another tab.")
    return row


def _spec(content: Mapping[str, Any]) -> PersonaSpec:
    return PersonaSpec.model_validate(content)


def _draft(unit: Unit, row: DraftRow) -> Draft:
    persona = unit.personas.by_id(row.persona_id) if row.persona_id else None
    return Draft(
        id=row.id,
        key=row.key,
        persona_key=f"user:{persona.key}" if persona else None,
        spec=_spec(row.content),
        step=row.step,
        base_version=row.base_version,
        saved_at=row.updated_at,
    )


def _card(row: PersonaRow, key: str, source: Source, *, draft: bool = False) -> PersonaCard:
    spec = _spec(row.content)
    story = " ".join((spec.system_prompt or spec.context).split())
    return PersonaCard(
        key=key,
        source=source,
        version=row.version,
        name=spec.name,
        role=spec.role,
        blurb=story if len(story) <= BLURB else story[: BLURB - 1].rstrip() + "…",
        modality=spec.modality,
        tags=spec.tags,
        avatar=spec.avatar,
        accent=accent_of(row.key),
        editable=source == "user",
        draft=draft,
    )


def _found(card: PersonaCard, search: str, modalities: Collection[str]) -> bool:
    if modalities and card.modality not in modalities:
        return False
    words = " ".join([card.name, card.role, card.key, *card.tags]).casefold()
    return all(word in words for word in search.casefold().split())


def _checked(content: Mapping[str, Any]) -> PersonaSpec:
    """The content as a spec, or BadInput naming the first field that is refused, as people know it."""
    try:
        return _spec(content)
    except ValidationError as problem:
        first = problem.errors(include_input=False, include_url=False, include_context=False)[0]
        name = str(first["loc"][0])
        field = PersonaSpec.model_fields.get(name)
        title = str(field.title) if field else name
        what = first["msg"].removeprefix("Value error, ")
        raise BadInput(
            f"{title}: {what}.", field=title, hint="The draft keeps what it had; correct the field and go on."
        ) from None


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
