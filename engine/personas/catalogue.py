"""Personas: whom one may use, under what key, and what is shown of them.

Keys as people see them: a built-in is `maestro`, one's own `user:ada`, a colleague's `team:rosa/ada`.
"""

from collections.abc import Callable, Collection, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from db.repositories.catalogue import Group, Sort, Wanted
from db.session import Database
from db.unit import Unit
from engine.accounts.actor import Actor
from engine.accounts.audit import record
from engine.accounts.rights import Right, needs
from engine.errors import BadInput, NotFound
from engine.personas.rights import Found, Source, find, judged, must_read, parted, reader_of, writer_of
from engine.personas.views import (
    GROUPS,
    Catalogue,
    Editor,
    Persona,
    PersonaCard,
    PersonaView,
    called,
    card_of,
    persona_of,
    view_of,
)

__all__ = ["GROUPS", "Catalogue", "Editor", "Group", "Persona", "PersonaCard", "PersonaView", "Personas", "Sort"]

MOST = 24
USED_WITHIN = timedelta(days=30)


class Personas:
    """The catalogue, and each persona in it."""

    def __init__(self, database: Database, *, clock: Callable[[], datetime]) -> None:
        self._database = database
        self._clock = clock

    @needs(Right.USE)
    def catalogue(
        self,
        actor: Actor,
        *,
        search: str = "",
        modalities: Collection[str] = (),
        department: UUID | None = None,
        sort: Sort = "name",
        pages: Mapping[Group, int] | None = None,
        most: int = MOST,
        groups: Sequence[Group] = GROUPS,
    ) -> Catalogue:
        """Whom the actor may use: of each group the page (from 1) that `pages` names, `most` on a page.

        Every word of `search` is looked for in name, role, key and tags, in the department's name and the owner's
        handle, ignoring case and accents. `department` leaves those that were published there, and the built-in ones
        that are recommended to it. "used" is by the actor's own calls of the last thirty days.
        """
        reader, at = reader_of(actor), pages or {}
        with self._database.read() as unit:
            wanted = Wanted(search, tuple(modalities), department, _recommended(unit, department))
            totals = unit.catalogue.counts(reader, wanted, groups)
            used = self._used(unit, actor) if sort == "used" else {}
            skips = {group: _skip(at.get(group, 1), totals[group], most) for group in groups}
            rows = {
                group: unit.catalogue.page(reader, wanted, group, sort=sort, used=used, skip=skips[group], most=most)
                for group in groups
                if totals[group]
            }
        cards = {group: tuple(card_of(actor, row) for row in found) for group, found in rows.items()}
        own, team, builtin = (cards.get(group, ()) for group in GROUPS)
        return Catalogue(own, team, builtin, totals)

    @needs(Right.USE)
    def cards(self, actor: Actor, keys: Collection[str]) -> dict[str, PersonaCard]:
        """The cards of a few personas by their keys; those that the actor may not use are left out."""
        with self._database.read() as unit:
            return {card.key: card for card in (card_of(actor, row) for row in _named(unit, actor, keys))}

    @needs(Right.USE)
    def names(self, actor: Actor, keys: Collection[str]) -> dict[str, str]:
        """What a few personas are called, by their keys; those that the actor may not use are left out."""
        return {key: card.name for key, card in self.cards(actor, keys).items()}

    @needs(Right.USE)
    def get(self, actor: Actor, key: str) -> Persona:
        """The persona under a key, for a call. Raises NotFound when it is not there, or not the actor's to use."""
        with self._database.read() as unit:
            return persona_of(find(unit, actor, key))

    @needs(Right.USE)
    def read(self, actor: Actor, key: str) -> Persona:
        """The persona with its prompt, for whoever may see and copy that. Raises NotFound, Forbidden."""
        with self._database.read() as unit:
            found = find(unit, actor, key)
            must_read(found)
            return persona_of(found)

    @needs(Right.USE)
    def view(self, actor: Actor, key: str) -> PersonaView:
        """What the actor may see of a persona. Raises NotFound."""
        with self._database.read() as unit:
            found = find(unit, actor, key)
            (row,) = _named(unit, actor, [key])
        return view_of(found, row)

    @needs(Right.WRITE_PERSONAS)
    def delete(self, actor: Actor, key: str) -> None:
        """Take an own persona out of the catalogue; `restore` brings it back. Raises NotFound."""
        with self._database.write() as unit:
            unit.personas.set_deleted(_own(unit, actor, key).row.id, self._clock())

    @needs(Right.WRITE_PERSONAS)
    def restore(self, actor: Actor, key: str) -> None:
        """Bring a deleted persona of one's own back as it was. Raises NotFound."""
        with self._database.write() as unit:
            row = unit.personas.deleted(writer_of(actor), key.removeprefix("user:"))
            if row is None:
                raise NotFound(f"There is no deleted persona {key!r} of yours.", hint="It may be back already.")
            unit.personas.set_deleted(row.id, None)

    @needs(Right.WRITE_PERSONAS)
    def editors(self, actor: Actor, key: str) -> list[Editor]:
        """Who else may edit an own persona, by name. Raises NotFound."""
        with self._database.read() as unit:
            return [Editor(row.handle, row.name) for row in unit.personas.editors(_own(unit, actor, key).row.id)]

    @needs(Right.WRITE_PERSONAS)
    def add_editor(self, actor: Actor, key: str, handle: str) -> None:
        """Let somebody edit an own persona, and use it and see its prompt. Raises NotFound, BadInput."""
        now, tidy = self._clock(), handle.strip().removeprefix("@").lower()
        with self._database.write() as unit:
            found = _own(unit, actor, key)
            person = unit.people.by_handle(tidy)
            if person is None or person.disabled_at is not None:
                raise BadInput(
                    f"Nobody here has the handle {tidy!r}.",
                    field="Handle",
                    hint="Colleagues see their handle on their Account page.",
                )
            if person.id == actor.person_id:
                raise BadInput("You are the owner: you may edit it anyway.", field="Handle")
            if unit.personas.add_editor(found.row.id, person.id, now):
                record(unit, actor.person_id, "persona.editor_add", "person", person.id, now)

    @needs(Right.WRITE_PERSONAS)
    def remove_editor(self, actor: Actor, key: str, handle: str) -> None:
        """Take that back; what they have in a draft stays theirs. Raises NotFound."""
        with self._database.write() as unit:
            found = _own(unit, actor, key)
            person = unit.people.by_handle(handle)
            if person is None or not unit.personas.remove_editor(found.row.id, person.id):
                raise NotFound(f"{handle} is not an editor of {found.row.name}.", hint="Nothing was changed.")
            record(unit, actor.person_id, "persona.editor_remove", "person", person.id, self._clock())

    def _used(self, unit: Unit, actor: Actor) -> dict[UUID, int]:
        """How often the actor has called which persona lately."""
        if actor.person_id is None:
            return {}
        since = (self._clock() - USED_WITHIN).date()
        calls = {key: number for key, number, _ in unit.catalogue.usage(since, by=actor.person_id)}
        return {row.id: calls[called(actor, row)] for row in _named(unit, actor, calls)}


def _own(unit: Unit, actor: Actor, key: str) -> Found:
    """A persona of the actor's own. Raises NotFound."""
    found = find(unit, actor, key)
    if not found.may.owner:
        raise NotFound(f"There is no persona {key!r} of yours.", hint="Only its owner may do that.")
    return found


def _named(unit: Unit, actor: Actor, keys: Collection[str]) -> list[Any]:
    """The rows of a few personas that the actor may use, as the catalogue lists them."""
    asked: dict[Source, list[Any]] = {"user": [], "team": [], "system": []}
    for source, handle, slug in map(parted, keys):
        asked[source].append((handle, slug) if source == "team" else slug)
    rows = unit.catalogue.named(reader_of(actor), own=asked["user"], team=asked["team"], builtin=asked["system"])
    wanted = set(keys)
    return [row for row in rows if called(actor, row) in wanted and judged(actor, row, named=bool(row.named))]


def _skip(page: int, total: int, most: int) -> int:
    """How many come before a page; one behind the last is the last: somebody may have deleted meanwhile."""
    return (min(max(page, 1), max(1, -(-total // most))) - 1) * most


def _recommended(unit: Unit, department: UUID | None) -> tuple[str, ...]:
    row = unit.departments.by_id(department) if department else None
    return tuple(row.recommended) if row else ()
