"""Tables of people: who they are, how they prove it, what they prefer."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import ForeignKey
from sqlalchemy.orm import Mapped, mapped_column

from db.models.base import Base, Identified


class Person(Identified, Base):
    """Somebody with an account. `email` is stored normalised; `handle` is what others see."""

    __tablename__ = "people"

    email: Mapped[str] = mapped_column(unique=True)
    handle: Mapped[str] = mapped_column(unique=True)
    name: Mapped[str]
    password_hash: Mapped[str]
    role: Mapped[str]
    verified_at: Mapped[datetime | None]
    disabled_at: Mapped[datetime | None]
    token_version: Mapped[int] = mapped_column(default=0)
    department_id: Mapped[UUID | None]
    created_at: Mapped[datetime]


class AuthSession(Identified, Base):
    """A signed-in browser. Only hashes of its secrets are kept; the code is redeemed once for the token."""

    __tablename__ = "auth_sessions"

    person_id: Mapped[UUID] = mapped_column(ForeignKey("people.id", ondelete="CASCADE"), index=True)
    token_hash: Mapped[bytes | None] = mapped_column(unique=True)
    code_hash: Mapped[bytes | None] = mapped_column(unique=True)
    code_expires_at: Mapped[datetime | None]
    token_version: Mapped[int]
    created_at: Mapped[datetime]
    last_seen_at: Mapped[datetime]
    expires_at: Mapped[datetime]
    revoked_at: Mapped[datetime | None]


class OneTimeToken(Base):
    """A secret that opens one door once: set-up, verification, a new password."""

    __tablename__ = "one_time_tokens"

    token_hash: Mapped[bytes] = mapped_column(primary_key=True)
    purpose: Mapped[str]
    person_id: Mapped[UUID | None] = mapped_column(ForeignKey("people.id", ondelete="CASCADE"), index=True)
    expires_at: Mapped[datetime]
    used_at: Mapped[datetime | None]


class UserSettings(Base):
    """A person's preferences; no row means the defaults."""

    __tablename__ = "user_settings"

    person_id: Mapped[UUID] = mapped_column(ForeignKey("people.id", ondelete="CASCADE"), primary_key=True)
    preferred_model: Mapped[str | None]
