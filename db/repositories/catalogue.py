"""Finding personas: who may see which, in groups, by words, a page at a time, without reading their contents.

Each group is made of parts that exclude each other and that an index gives in order; so a page costs the same
whether there are ten personas or ten thousand, and their numbers add up.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any, Literal
from uuid import UUID

from sqlalchemy import (
    ColumnElement,
    Row,
    Select,
    and_,
    case,
    desc,
    exists,
    func,
    literal_column,
    or_,
    select,
    tuple_,
    union_all,
)

from db.models.metering import DailyUsage
from db.models.people import Department, Person
from db.models.personas import Persona, PersonaDraft, PersonaEditor
from db.repositories.base import Repository
from db.repositories.listing import folded

Group = Literal["own", "team", "builtin"]
Sort = Literal["name", "newest", "used"]
Conditions = list[ColumnElement[bool]]
MOST_WORDS = 8


@dataclass(frozen=True, slots=True)
class Reader:
    """Who looks. No person is the operator, who has nothing of their own and whom nobody names as an editor."""

    person_id: UUID | None
    department_id: UUID | None
    is_admin: bool


@dataclass(frozen=True, slots=True)
class Wanted:
    """Which personas are asked for; nothing said asks for all.

    Every word of `text` must be found in name, role, key or tags, or in the name of the department, or in the handle
    of the owner. `recommended` are the built-in ones that belong to the view of `department_id`.
    """

    text: str = ""
    modalities: tuple[str, ...] = ()
    department_id: UUID | None = None
    recommended: tuple[str, ...] = ()


class Catalogue(Repository):
    """Personas as the catalogue lists them."""

    def counts(self, reader: Reader, wanted: Wanted, groups: Sequence[Group]) -> dict[Group, int]:
        """How many there are in each group."""
        numbers = [
            select(func.count()).select_from(Persona).where(*part, *self._filters(wanted, group)).scalar_subquery()
            for group in groups
            for part in _parts(group, reader)
        ]
        found = iter(self._session.execute(select(*numbers)).one()) if numbers else iter(())
        return {group: sum(next(found) for _ in _parts(group, reader)) for group in groups}

    def page(
        self,
        reader: Reader,
        wanted: Wanted,
        group: Group,
        *,
        sort: Sort,
        used: Mapping[UUID, int],
        skip: int,
        most: int,
    ) -> Sequence[Row[Any]]:
        """The personas of a group from `skip` on, with what a card shows. `used` says how often, for that order."""
        parts, filters = _parts(group, reader), self._filters(wanted, group)
        if not parts:
            return []
        if sort == "used":
            often = Persona.id.in_(list(used))
            rank = case({key: -number for key, number in used.items()}, value=Persona.id) if used else None
            keys = [_keys(rank).where(often, *part, *filters) for part in parts] if rank is not None else []
            keys += [_keys(literal_column("0")).where(~often, *part, *filters) for part in parts]
        else:
            keys = [_keys().where(*part, *filters) for part in parts]
        by = ("rank", "name_key", "id") if sort == "used" else ("name_key", "id")
        order: tuple[Any, ...] = (desc("id"),) if sort == "newest" else by
        if len(keys) > 1:  # each part in its own order and cut: so that both databases read no more of it than that
            firsts = [each.order_by(*order).limit(skip + most).subquery() for each in keys]
            found = union_all(*map(select, firsts)).order_by(*order).offset(skip).limit(most).subquery()
        else:
            found = keys[0].order_by(*order).offset(skip).limit(most).subquery()
        outer = [found.c.id.desc()] if sort == "newest" else [found.c[name] for name in by]
        return self._session.execute(_cards(reader).join(found, found.c.id == Persona.id).order_by(*outer)).all()

    def named(
        self, reader: Reader, *, own: Sequence[str], team: Sequence[tuple[str, str]], builtin: Sequence[str]
    ) -> Sequence[Row[Any]]:
        """Personas by their keys, with what a card shows; those of others by handle and key, whoever may see them."""
        asked: Conditions = []
        if own and reader.person_id:
            asked.append(and_(Persona.owner_id == reader.person_id, Persona.key.in_(own)))
        if team:
            asked.append(tuple_(Person.handle, Persona.key).in_(team))
        if builtin:
            asked.append(and_(Persona.owner_id.is_(None), Persona.key.in_(builtin)))
        if not asked:
            return []
        return self._session.execute(_cards(reader).where(Persona.deleted_at.is_(None), or_(*asked))).all()

    def usage(
        self, since: date, *, by: UUID | None, keys: Sequence[str] = (), most: int = 200
    ) -> Sequence[tuple[str, int, int]]:
        """Calls and nano-USD of personas as they were asked, by one person or by all, the most used first."""
        calls = func.sum(DailyUsage.calls)
        query = select(DailyUsage.persona_key, calls, func.sum(DailyUsage.cost_nano))
        where: Conditions = [DailyUsage.day >= since, DailyUsage.persona_key != ""]
        if by is not None:
            where.append(DailyUsage.person_id == by)
        if keys:
            where.append(DailyUsage.persona_key.in_(keys))
        rows = self._session.execute(
            query.where(*where).group_by(DailyUsage.persona_key).order_by(calls.desc()).limit(most)
        )
        return [(key, int(number), int(cost)) for key, number, cost in rows]

    def _filters(self, wanted: Wanted, group: Group) -> Conditions:
        found: Conditions = []
        if wanted.modalities:
            found.append(Persona.modality.in_(wanted.modalities))
        if wanted.department_id is not None:
            recommended, shared = Persona.key.in_(wanted.recommended), Persona.department_id == wanted.department_id
            found.append(recommended if group == "builtin" else shared)
        words = folded(wanted.text).split()[:MOST_WORDS]
        departments = self._departments() if words else {}
        return found + [_said(word, group, departments) for word in words]

    def _departments(self) -> dict[UUID, str]:
        rows = self._session.execute(select(Department.id, Department.name))
        return {department_id: folded(name) for department_id, name in rows}


def usable_by(reader: Reader) -> ColumnElement[bool]:
    """Whether somebody may use a persona, in whichever group it is."""
    groups: tuple[Group, ...] = ("own", "team", "builtin")
    return or_(*(and_(*part) for group in groups for part in _parts(group, reader)))


def _parts(group: Group, reader: Reader) -> list[Conditions]:
    """The conditions of a group, part by part; no persona meets those of two."""
    me, live = reader.person_id, Persona.deleted_at.is_(None)
    if group == "builtin":
        return [[Persona.owner_id.is_(None), live]]
    if group == "own":
        return [[Persona.owner_id == me, live]] if me else []
    owned = Persona.owner_id.is_not(None)
    theirs: Conditions = [live, owned, Persona.owner_id != me] if me else [live, owned]
    workspace, department = Persona.visibility == "workspace", Persona.visibility == "department"
    here = Persona.department_id == reader.department_id
    parts: list[Conditions] = [[workspace, *theirs]]
    if reader.is_admin:
        parts.append([department, *theirs])
    elif reader.department_id:
        parts.append([department, here, *theirs])
    if me:
        named = select(PersonaEditor.persona_id).where(PersonaEditor.person_id == me)
        elsewhere = or_(Persona.department_id.is_(None), ~here) if reader.department_id else None
        closed = department if elsewhere is None else and_(department, elsewhere)
        hidden = Persona.visibility == "private"
        parts.append([Persona.id.in_(named), hidden if reader.is_admin else or_(hidden, closed), *theirs])
    return parts


def _keys(rank: ColumnElement[Any] | None = None) -> Select[Any]:
    return select(Persona.id, Persona.name_key, *([] if rank is None else [rank.label("rank")]))


def _said(word: str, group: Group, departments: Mapping[UUID, str]) -> ColumnElement[bool]:
    """Whether a persona is found by a word."""
    found = [Persona.search.contains(word, autoescape=True)]
    if named := [department_id for department_id, name in departments.items() if word in name]:
        found.append(Persona.department_id.in_(named))
    if group == "team":
        owners = select(Person.id).where(Person.handle.contains(word, autoescape=True))
        found.append(Persona.owner_id.in_(owners))
    return or_(*found)


def _cards(reader: Reader) -> Select[Any]:
    me = reader.person_id
    drafted = exists().where(PersonaDraft.persona_id == Persona.id, PersonaDraft.person_id == me)
    named = exists().where(PersonaEditor.persona_id == Persona.id, PersonaEditor.person_id == me)
    return (
        select(
            *(getattr(Persona, name) for name in CARD),
            Person.handle,
            Person.name.label("owner"),
            Department.name.label("department"),
            (drafted if me else literal_column("0")).label("drafted"),
            (named if me else literal_column("0")).label("named"),
        )
        .outerjoin(Person, Person.id == Persona.owner_id)
        .outerjoin(Department, Department.id == Persona.department_id)
    )


CARD = (
    *("id", "owner_id", "key", "visibility", "department_id", "version", "name", "role", "avatar", "modality"),
    *("tags", "blurb", "sample", "prompt_open", "updated_at"),
)
