"""Queries for the audit log: append, and read by filters."""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlalchemy import ColumnElement, func, select

from db.models.audit import AuditEvent
from db.repositories.base import Repository


@dataclass(frozen=True, slots=True)
class AuditFilter:
    """Which acts are asked for; None or an empty text asks for all. `action` is a whole name or its first part."""

    action: str = ""
    actor_id: UUID | None = None
    target_id: str = ""
    since: datetime | None = None
    until: datetime | None = None


class Audit(Repository):
    """The audit log."""

    def add(self, event: AuditEvent) -> None:
        """Append one act."""
        self._session.add(event)

    def count(self, wanted: AuditFilter) -> int:
        """How many acts a filter finds."""
        return self._session.scalar(select(func.count()).select_from(AuditEvent).where(*_where(wanted))) or 0

    def page(self, wanted: AuditFilter, *, skip: int = 0, most: int | None) -> list[AuditEvent]:
        """Acts, newest first; `most` None means all of them."""
        newest_first = select(AuditEvent).where(*_where(wanted)).order_by(AuditEvent.id.desc())
        return list(self._session.scalars(newest_first.offset(skip).limit(most)))

    def actions(self) -> list[str]:
        """The names of all acts that have happened."""
        return list(self._session.scalars(select(AuditEvent.action).distinct().order_by(AuditEvent.action)))


def _where(wanted: AuditFilter) -> list[ColumnElement[bool]]:
    found: list[ColumnElement[bool]] = []
    if wanted.action:
        found.append(AuditEvent.action.in_((wanted.action,)) | AuditEvent.action.startswith(f"{wanted.action}."))
    if wanted.actor_id is not None:
        found.append(AuditEvent.actor_id == wanted.actor_id)
    if wanted.target_id:
        found.append(AuditEvent.target_id == wanted.target_id)
    if wanted.since is not None:
        found.append(AuditEvent.at >= wanted.since)
    if wanted.until is not None:
        found.append(AuditEvent.at < wanted.until)
    return found
