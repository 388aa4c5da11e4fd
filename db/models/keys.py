"""The table of provider keys: sealed, one a provider for each person and for the house."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from db.models.base import Base, Identified


class ProviderKey(Identified, Base):
    """A key at rest. `owner_id` is the person who pays with it, or NOBODY for the house.

    `sealed` is the only place where the key is; `hint` is what may be shown of it.
    """

    __tablename__ = "provider_keys"
    __table_args__ = (UniqueConstraint("owner_id", "provider"),)

    owner_id: Mapped[UUID]
    provider: Mapped[str]
    sealed: Mapped[str]
    hint: Mapped[str]
    verdict: Mapped[str] = mapped_column(default="untested")
    verdict_said: Mapped[str] = mapped_column(default="")
    checked_at: Mapped[datetime | None]
    paused_at: Mapped[datetime | None]
    expires_at: Mapped[datetime | None]
    created_at: Mapped[datetime]
