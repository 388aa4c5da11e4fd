"""Tables of personas: the current content, who may edit it, every published version, drafts in the making."""

from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import ForeignKey, Index, UniqueConstraint, false, text
from sqlalchemy.orm import Mapped, mapped_column

from db.models.base import Base, Identified, Json

_LISTED = text("deleted_at IS NULL")
_SHARED = text("deleted_at IS NULL AND owner_id IS NOT NULL")
_BUILT_IN = text("owner_id IS NULL")


class Persona(Identified, Base):
    """A persona at its current version. No owner means that it is built in.

    `department_id` is the department in which its owner was when it was last published. The columns from `name` to
    `search` follow from the content: the catalogue reads them alone, and they stand before it, because SQLite reads
    a row from its start.
    """

    __tablename__ = "personas"
    __table_args__ = (
        UniqueConstraint("owner_id", "key"),
        Index(
            "uq_personas_builtin_key", "key", unique=True, sqlite_where=_BUILT_IN, postgresql_where=_BUILT_IN
        ),
        Index(
            "ix_personas_owned", "owner_id", "name_key", "id", "modality", "department_id",
            sqlite_where=_LISTED, postgresql_where=_LISTED,
        ),
        Index(
            "ix_personas_shared_by_name", "visibility", "name_key", "id", "owner_id", "modality", "department_id",
            sqlite_where=_SHARED, postgresql_where=_SHARED,
        ),
        Index(
            "ix_personas_shared_by_age", "visibility", "id", "owner_id", "modality", "department_id",
            sqlite_where=_SHARED, postgresql_where=_SHARED,
        ),
    )  # fmt: skip

    owner_id: Mapped[UUID | None] = mapped_column(ForeignKey("people.id", ondelete="CASCADE"))
    key: Mapped[str]
    visibility: Mapped[str]
    department_id: Mapped[UUID | None] = mapped_column(ForeignKey("departments.id", ondelete="SET NULL"), index=True)
    version: Mapped[int] = mapped_column(default=1)
    name: Mapped[str] = mapped_column(default="", server_default="")
    name_key: Mapped[str] = mapped_column(default="", server_default="")
    role: Mapped[str] = mapped_column(default="", server_default="")
    avatar: Mapped[str] = mapped_column(default="", server_default="")
    modality: Mapped[str] = mapped_column(default="character", server_default="character")
    tags: Mapped[list[Any]] = mapped_column(Json, default=list, server_default="[]")
    blurb: Mapped[str] = mapped_column(default="", server_default="")
    sample: Mapped[str] = mapped_column(default="", server_default="")
    prompt_open: Mapped[bool] = mapped_column(default=False, server_default=false())
    search: Mapped[str] = mapped_column(default="", server_default="")
    content: Mapped[dict[str, Any]]
    created_at: Mapped[datetime]
    updated_at: Mapped[datetime]
    deleted_at: Mapped[datetime | None]


class PersonaEditor(Base):
    """Somebody whom the owner lets edit a persona."""

    __tablename__ = "persona_editors"

    persona_id: Mapped[UUID] = mapped_column(ForeignKey("personas.id", ondelete="CASCADE"), primary_key=True)
    person_id: Mapped[UUID] = mapped_column(ForeignKey("people.id", ondelete="CASCADE"), primary_key=True, index=True)
    added_at: Mapped[datetime]


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
