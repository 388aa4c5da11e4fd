"""The table of what was done that matters to security: append-only, by trigger."""

from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy.orm import Mapped, mapped_column

from db.models.base import Base, Identified


class AuditEvent(Identified, Base):
    """One act. Names no person but by id: when their account is deleted, the id is a pseudonym.

    `before` and `after` hold the safe fields that changed, never a secret. `actor_id` is NOBODY for the operator.
    """

    __tablename__ = "audit_events"

    at: Mapped[datetime] = mapped_column(index=True)
    actor_id: Mapped[UUID] = mapped_column(index=True)
    action: Mapped[str]
    target_kind: Mapped[str]
    target_id: Mapped[str]
    before: Mapped[dict[str, Any]]
    after: Mapped[dict[str, Any]]
    address: Mapped[str]
