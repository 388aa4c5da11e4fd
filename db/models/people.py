"""Tables of people: who they are, how they prove it, what they prefer."""

from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import ForeignKey, true
from sqlalchemy.orm import Mapped, mapped_column

from db.models.base import Base, Big, Identified, Json


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
    plan: Mapped[str] = mapped_column(default="standard", server_default="standard")
    created_at: Mapped[datetime]


class AuthSession(Identified, Base):
    """A signed-in browser. Only hashes of its secrets are kept; the code is redeemed once for the token.

    `address` and `agent` are what the browser said of itself when it signed in, for its owner's list.
    """

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
    address: Mapped[str] = mapped_column(default="", server_default="")
    agent: Mapped[str] = mapped_column(default="", server_default="")


class OneTimeToken(Base):
    """A secret that opens one door once: set-up, verification, a new password.

    `payload` is what the door does, such as the hash of the password that came with the sign-up.
    """

    __tablename__ = "one_time_tokens"

    token_hash: Mapped[bytes] = mapped_column(primary_key=True)
    purpose: Mapped[str]
    person_id: Mapped[UUID | None] = mapped_column(ForeignKey("people.id", ondelete="CASCADE"), index=True)
    expires_at: Mapped[datetime]
    used_at: Mapped[datetime | None]
    payload: Mapped[dict[str, Any] | None]


class Identity(Base):
    """Who a person is at an OpenID provider. The subject is the provider's own, never an e-mail address."""

    __tablename__ = "identities"

    issuer: Mapped[str] = mapped_column(primary_key=True)
    subject: Mapped[str] = mapped_column(primary_key=True)
    person_id: Mapped[UUID] = mapped_column(ForeignKey("people.id", ondelete="CASCADE"), index=True)
    created_at: Mapped[datetime]


class SecondFactor(Base):
    """The sealed secret of a person's authenticator app. In force once it is confirmed.

    `last_step` is the newest time step that was used, so that a code works once; `recovery` holds the hashes of
    the codes for a lost device.
    """

    __tablename__ = "second_factors"

    person_id: Mapped[UUID] = mapped_column(ForeignKey("people.id", ondelete="CASCADE"), primary_key=True)
    sealed: Mapped[str]
    last_step: Mapped[Big] = mapped_column(default=0)
    recovery: Mapped[list[Any]] = mapped_column(Json)
    confirmed_at: Mapped[datetime | None]


class Throttle(Base):
    """How often something was tried in the present window of its bucket."""

    __tablename__ = "throttles"

    bucket: Mapped[str] = mapped_column(primary_key=True)
    used: Mapped[int]
    resets_at: Mapped[datetime] = mapped_column(index=True)


class Department(Identified, Base):
    """A group of people. Its leads are its members with that role; personas are named by their references.

    `guard_rate` is the share of its checks, in percent, that the default persona must have passed when rehearsed.
    """

    __tablename__ = "departments"

    name: Mapped[str] = mapped_column(unique=True)
    recommended: Mapped[list[Any]]
    default_persona: Mapped[str | None]
    guard_rate: Mapped[int | None]
    created_at: Mapped[datetime]


class UserSettings(Base):
    """A person's preferences, and what an administrator set for them alone; no row means the defaults.

    `usage_limit` replaces the number of requests that the plan gives in a `usage_period` ("day" or "month").
    """

    __tablename__ = "user_settings"

    person_id: Mapped[UUID] = mapped_column(ForeignKey("people.id", ondelete="CASCADE"), primary_key=True)
    preferred_model: Mapped[str | None]
    ai_enabled: Mapped[bool] = mapped_column(default=True, server_default=true())
    usage_limit: Mapped[int | None]
    usage_period: Mapped[str | None]
    favourite_models: Mapped[list[Any] | None] = mapped_column(Json)
    default_persona: Mapped[str | None]
