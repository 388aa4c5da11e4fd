"""Tables of personas: the current content, every published version, drafts in the making."""

from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import ForeignKey, Index, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column

from db.models.base import Base, Identified


class Persona(Identified, Base):
    """A persona at its current version. No owner means that it is built in."""

    __tablename__ = "personas"
    __table_args__ = (
        UniqueConstraint("owner_id", "key"),
        Index(
            "uq_personas_builtin_key",
            "key",
            unique=True,
            sqlite_where=text("owner_id IS NULL"),
            postgresql_where=text("owner_id IS NULL"),
        ),
    )

    owner_id: Mapped[UUID | None] = mapped_column(ForeignKey("people.id", ondelete="CASCADE"))
    key: Mapped[str]
    visibility: Mapped[str] = mapped_column(index=True)
    version: Mapped[int] = mapped_column(default=1)
    content: Mapped[dict[str, Any]]
    created_at: Mapped[datetime]
    updated_at: Mapped[datetime]
    deleted_at: Mapped[datetime | None]


class PersonaVersion(Identified, Base):
    """What was published, when, by whom and why. Never changed."""

    __tablename__ = "persona_versions"
    __table_args__ = (UniqueConstraint("persona_id", "number"),)

    persona_id: Mapped[UUID] = mapped_column(ForeignKey("personas.id", ondelete="CASCADE"))
    number: Mapped[int]
    content: Mapped[dict[str, Any]]
    note: Mapped[str]
    author_id: Mapped[UUID | None] = mapped_column(ForeignKey("people.id", ondelete="SET NULL"))
    created_at: Mapped[datetime]


class PersonaDraft(Identified, Base):
    """Work in progress of one person. `base_version` is what it started from, 0 for a new persona."""

    __tablename__ = "persona_drafts"
    __table_args__ = (Index(None, "person_id", "persona_id"),)

    person_id: Mapped[UUID] = mapped_column(ForeignKey("people.id", ondelete="CASCADE"))
    persona_id: Mapped[UUID | None] = mapped_column(ForeignKey("personas.id", ondelete="CASCADE"))
    key: Mapped[str]
    content: Mapped[dict[str, Any]]
    step: Mapped[str]
    base_version: Mapped[int] = mapped_column(default=0)
    created_at: Mapped[datetime]
    updated_at: Mapped[datetime]
