"""Versions of a persona: who published what and why, what changed between two of them, and going back to one."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from db.models.personas import Persona as PersonaRow
from db.models.personas import PersonaDraft as DraftRow
from db.repositories.versions import SpokenAs
from db.session import Database
from db.unit import Unit
from engine.accounts.actor import Actor
from engine.accounts.audit import record
from engine.accounts.rights import Right, needs
from engine.errors import BadInput, NotFound
from engine.llm.tokens import estimate_tokens
from engine.personas.diff import FieldChange, Part, changes, text_parts
from engine.personas.merging import kept_by_owner
from engine.personas.prompt import sections, system_text
from engine.personas.rights import find, spec_of
from engine.personas.spec import PersonaSpec

DRAFT = 0
"""The number under which one's own draft stands among the versions."""


@dataclass(frozen=True, slots=True)
class Version:
    """One published version, or one's own draft (`number` is DRAFT then).

    `author` is empty for nobody and for somebody who is gone; `mine` says whether the actor wrote it. `passed` and
    `checks` are of its best complete rehearsal, on `rehearsed_on`; 0 of 0 where there was none.
    """

    number: int
    note: str
    author: str
    mine: bool
    at: datetime
    current: bool
    tokens: int
    answers: int = 0
    liked: int = 0
    disliked: int = 0
    passed: int = 0
    checks: int = 0
    rehearsed_on: str = ""


@dataclass(frozen=True, slots=True)
class History:
    """All versions of a persona, the newest first; the actor's own draft stands before them where there is one."""

    key: str
    name: str
    slug: str
    avatar: str
    current: int
    draft_id: UUID | None
    versions: tuple[Version, ...]

    def version(self, number: int) -> Version:
        """The version with this number. Raises NotFound."""
        found = next((version for version in self.versions if version.number == number), None)
        if found is None:
            raise _no_version(number)
        return found


@dataclass(frozen=True, slots=True)
class VersionDiff:
    """What changed from one version to another; `unchanged` are the titles of fields that say something in both."""

    old: Version
    new: Version
    fields: tuple[FieldChange, ...]
    unchanged: tuple[str, ...]
    prompt: tuple[Part, ...]


class Versions:
    """The history of personas, for those who may change them."""

    def __init__(self, database: Database, *, clock: Callable[[], datetime]) -> None:
        self._database = database
        self._clock = clock

    @needs(Right.WRITE_PERSONAS)
    def all(self, actor: Actor, key: str) -> History:
        """The history of a persona. Raises NotFound when it is not the actor's to change."""
        with self._database.read() as unit:
            return _history(unit, actor, key, changeable(unit, actor, key))

    @needs(Right.WRITE_PERSONAS)
    def spec(self, actor: Actor, key: str, number: int) -> PersonaSpec:
        """A version as it was published; DRAFT is one's own draft. Raises NotFound."""
        with self._database.read() as unit:
            return version_spec(unit, actor, changeable(unit, actor, key), number)

    @needs(Right.WRITE_PERSONAS)
    def diff(self, actor: Actor, key: str, old: int, new: int) -> VersionDiff:
        """What changed from one version to another; DRAFT is one's own draft. Raises NotFound."""
        with self._database.read() as unit:
            row = changeable(unit, actor, key)
            history = _history(unit, actor, key, row)
            before, after = (version_spec(unit, actor, row, number) for number in (old, new))
        changed = changes(before, after)
        names, blank = {change.name for change in changed}, PersonaSpec()
        return VersionDiff(
            history.version(old),
            history.version(new),
            changed,
            tuple(
                str(field.title)
                for name, field in PersonaSpec.model_fields.items()
                if name not in names and getattr(after, name) != getattr(blank, name)
            ),
            text_parts(prompt_text(before), prompt_text(after)),
        )

    @needs(Right.WRITE_PERSONAS)
    def restore(self, actor: Actor, key: str, number: int) -> int:
        """Publish what an older version said as a new one, and return its number. Raises NotFound, BadInput.

        Who may use the persona, and read its prompt, stays as it is now.
        """
        with self._database.write() as unit:
            row = changeable(unit, actor, key)
            old = unit.versions.one(row.id, number)
            if old is None:
                raise _no_version(number)
            if number == row.version:
                raise BadInput(f"Version {number} is the current one.", field="Version", hint="Choose an older one.")
            spec, current, now = spec_of(kept_by_owner(old.content, row.content)), row.version, self._clock()
            published = unit.personas.publish(
                row.id,
                spec.model_dump(mode="json"),
                row.visibility,
                f"Version {number} restored",
                actor.person_id,
                now,
                expected_version=current,
            )
            if published is None:
                raise BadInput(
                    "Another version was published just now.", field="Version", hint="Nothing was changed. Look again."
                )
            unit.versions.carry_rates(row.id, old=number, new=published)
            if row.owner_id is None:
                was, then = {"version": current}, {"version": published}
                record(unit, actor.person_id, "persona.publish", "persona", row.key, now, before=was, after=then)
            return published


def changeable(unit: Unit, actor: Actor, key: str) -> PersonaRow:
    """The row of a persona that the actor may change. Raises NotFound for every other one."""
    found = find(unit, actor, key)
    if found.may.edit:
        return found.row
    raise NotFound(f"There is no persona {key!r} that you may change.", hint="Make a copy of your own to change it.")


def version_spec(unit: Unit, actor: Actor, row: PersonaRow, number: int) -> PersonaSpec:
    """What a version of a persona says; DRAFT is the actor's own draft. Raises NotFound."""
    if number == DRAFT:
        draft = draft_of(unit, actor, row)
        if draft is None:
            raise NotFound("You have no draft of this persona.", hint="It was published or discarded.")
        return spec_of(draft.content)
    found = unit.versions.one(row.id, number)
    if found is None:
        raise _no_version(number)
    return spec_of(found.content)


def draft_of(unit: Unit, actor: Actor, row: PersonaRow) -> DraftRow | None:
    """The actor's draft of a persona."""
    return unit.drafts.for_persona(actor.person_id, row.id) if actor.person_id else None


def prompt_text(spec: PersonaSpec) -> str:
    """All that a persona itself adds to a prompt: without the mode."""
    return system_text(sections(spec))


def _history(unit: Unit, actor: Actor, key: str, row: PersonaRow) -> History:
    owner = unit.people.by_id(row.owner_id) if row.owner_id else None
    given = unit.versions.answers(_spoken_as(row, owner.handle if owner else ""))
    votes, rates = unit.versions.votes(row.id), unit.versions.rates(row.id)
    found = []
    for version, author in unit.versions.of(row.id):
        answers, liked, disliked = given.get(version.number, (0, 0, 0))
        up, down = votes.get(version.number, (0, 0))
        rate = rates.get(version.number)
        found.append(
            Version(
                number=version.number,
                note=version.note,
                author=author,
                mine=version.author_id is not None and version.author_id == actor.person_id,
                at=version.created_at,
                current=version.number == row.version,
                tokens=estimate_tokens(prompt_text(spec_of(version.content))),
                answers=answers,
                liked=liked + up,
                disliked=disliked + down,
                passed=rate.passed if rate else 0,
                checks=rate.total if rate else 0,
                rehearsed_on=rate.model if rate else "",
            )
        )
    draft = draft_of(unit, actor, row)
    if draft is not None:
        tokens = estimate_tokens(prompt_text(spec_of(draft.content)))
        found.insert(0, Version(DRAFT, "", actor.name, True, draft.updated_at, False, tokens))
    name, avatar = row.content.get("name", ""), row.content.get("avatar", "")
    return History(key, name, row.key, avatar, row.version, draft.id if draft else None, tuple(found))


def _spoken_as(row: PersonaRow, handle: str) -> SpokenAs:
    """The keys under which people ask a persona: its own, and the one that colleagues see."""
    if row.owner_id is None:
        return [(row.key, None)]
    return [(f"user:{row.key}", row.owner_id), (f"team:{handle}/{row.key}", None)]


def _no_version(number: int) -> NotFound:
    return NotFound(f"There is no version {number} of this persona.", hint="The list shows which there are.")
