"""Queries for pictures of personas and the card data of other apps."""

import re
from collections.abc import Collection, Mapping, Sequence
from datetime import datetime
from functools import cache
from typing import Any
from uuid import UUID

from sqlalchemy import (
    ColumnElement,
    Connection,
    Row,
    Text,
    and_,
    cast,
    delete,
    event,
    exists,
    func,
    literal,
    or_,
    select,
)

from db.models.attachments import Attachment, AttachmentUse
from db.models.base import table_of
from db.models.personas import Persona, PersonaDraft, PersonaVersion
from db.repositories.base import Repository
from db.repositories.catalogue import Reader, usable_by
from db.repositories.dialects import insert_into

_KEPT, _USES = table_of(Attachment), table_of(AttachmentUse)
_NAME = re.compile(r"[a-z]+:([0-9a-f]{64})")
"""How the content of a persona names an attachment: its kind and its SHA-256."""
_FACTS: tuple[ColumnElement[Any], ...] = (
    _KEPT.c.sha256,
    _KEPT.c.kind,
    _KEPT.c.media_type,
    _KEPT.c.uploaded_by,
    _KEPT.c.saved_at,
)


class Attachments(Repository):
    """Bytes by their SHA-256, who brought them, and which personas name them."""

    def save(self, row: dict[str, Any]) -> None:
        """Keep bytes (the columns by name). What is there already is only noted as brought again."""
        dialect = self._session.connection().dialect.name
        self._session.execute(_save(dialect), row)

    def facts(self, sha256: str) -> Row[Any] | None:
        """What is known of an attachment, without its bytes."""
        return self._session.execute(select(*_FACTS).where(_KEPT.c.sha256 == sha256)).one_or_none()

    def data(self, sha256: str) -> bytes | None:
        """The bytes as they were brought."""
        return self._session.scalar(select(_KEPT.c.data).where(_KEPT.c.sha256 == sha256))

    def display(self, sha256: str) -> bytes | None:
        """The small copy of a picture."""
        return self._session.scalar(select(_KEPT.c.display).where(_KEPT.c.sha256 == sha256))

    def of(self, person_id: UUID) -> Sequence[Row[Any]]:
        """What a person brought, oldest first: facts, size and small copy."""
        shown: tuple[ColumnElement[Any], ...] = (func.length(_KEPT.c.data).label("size"), _KEPT.c.display)
        mine = select(*_FACTS, *shown)
        return self._session.execute(
            mine.where(_KEPT.c.uploaded_by == person_id).order_by(_KEPT.c.saved_at, _KEPT.c.sha256)
        ).all()

    def weight_of(self, person_id: UUID) -> tuple[int, int]:
        """How many attachments a person brought, and how many bytes they have together."""
        weight = select(func.count(), func.coalesce(func.sum(func.length(_KEPT.c.data)), 0))
        number, size = self._session.execute(weight.where(_KEPT.c.uploaded_by == person_id)).one()
        return int(number), int(size)

    def is_shown_to(self, reader: Reader, sha256: str) -> bool:
        """Whether a persona that somebody may use has this as its picture, or one of their own once had it."""
        naming = and_(AttachmentUse.sha256 == sha256, AttachmentUse.persona_id == Persona.id)
        shown = and_(
            usable_by(reader), or_(Persona.avatar == f"picture:{sha256}", Persona.owner_id == reader.person_id)
        )
        return bool(self._session.scalar(select(exists().where(naming, shown))))

    def named_in_drafts_of(self, person_id: UUID, sha256: str) -> bool:
        """Whether a draft of a person names an attachment."""
        named = cast(PersonaDraft.content, Text).contains(sha256, autoescape=True)
        return bool(self._session.scalar(select(exists().where(PersonaDraft.person_id == person_id, named))))

    def is_any_unused(self, before: datetime) -> bool:
        """Whether there is something that nothing names, brought before a moment."""
        return self._session.execute(select(_KEPT.c.sha256).where(_unused(before)).limit(1)).first() is not None

    def drop_unused(
        self, before: datetime | None, *, of: UUID | None = None, among: Collection[str] | None = None
    ) -> int:
        """Delete what no persona and no draft names, brought before a moment, by one person, or among these.

        Returns how much there was.
        """
        due = _unused(before)
        due = due if of is None else and_(due, _KEPT.c.uploaded_by == of)
        due = due if among is None else and_(due, _KEPT.c.sha256.in_(among))
        return len(self._session.execute(delete(_KEPT).where(due).returning(_KEPT.c.sha256)).all())


def _unused(before: datetime | None) -> ColumnElement[bool]:
    used = exists().where(_USES.c.sha256 == _KEPT.c.sha256)
    drafted = exists().where(cast(PersonaDraft.content, Text).contains(_KEPT.c.sha256))
    old = [] if before is None else [_KEPT.c.saved_at < before]
    return and_(*old, ~used, ~drafted)


@cache
def _save(dialect: str) -> Any:
    insert = insert_into(dialect, _KEPT)
    return insert.on_conflict_do_update(index_elements=["sha256"], set_={"saved_at": insert.excluded.saved_at})


def named_in(content: Mapping[str, Any]) -> list[str]:
    """The SHA-256 of each attachment that the content of a persona names."""
    found = (_NAME.fullmatch(value) for value in content.values() if isinstance(value, str))
    return [match[1] for match in found if match]


@event.listens_for(PersonaVersion, "after_insert")
def _note_uses(_: Any, connection: Connection, version: PersonaVersion) -> None:
    """With every version that is published, whoever does it, note what it names; what is not there is left out."""
    if named := named_in(version.content):
        insert = insert_into(connection.dialect.name, _USES)
        persona_id = literal(version.persona_id, _USES.c.persona_id.type)
        found = select(persona_id, _KEPT.c.sha256).where(_KEPT.c.sha256.in_(named))
        connection.execute(insert.from_select(["persona_id", "sha256"], found).on_conflict_do_nothing())
