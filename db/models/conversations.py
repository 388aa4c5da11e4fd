"""Tables of conversations: threads, and what was said in them."""

from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import ForeignKey, Index
from sqlalchemy.orm import Mapped, mapped_column

from db.models.base import Base, Big, Identified


class Thread(Identified, Base):
    """One conversation of one person. `updated_at` is when something was last said."""

    __tablename__ = "threads"
    __table_args__ = (Index(None, "person_id", "updated_at", "id", "deleted_at"),)

    person_id: Mapped[UUID] = mapped_column(ForeignKey("people.id", ondelete="CASCADE"))
    title: Mapped[str]
    created_at: Mapped[datetime]
    updated_at: Mapped[datetime]
    deleted_at: Mapped[datetime | None]


class ThreadMessage(Identified, Base):
    """A question, or an answer to one: `reply_to` names the question.

    An answer keeps who gave it (persona, its version and its name at the time), in which mode and place, by which
    route, and what it cost. While `state` is "writing", `saved_at` moves every second; when it stands still, the
    process is gone. `entity` is what coaching made: its kind and its fields. `about` is the page that a question was
    asked from, as its asker saw it.
    """

    __tablename__ = "thread_messages"
    __table_args__ = (Index(None, "thread_id", "id"), Index(None, "persona_key", "persona_version"))

    thread_id: Mapped[UUID] = mapped_column(ForeignKey("threads.id", ondelete="CASCADE"))
    role: Mapped[str]
    text: Mapped[str]
    state: Mapped[str]
    reply_to: Mapped[UUID | None]
    persona_key: Mapped[str]
    persona_version: Mapped[int | None]
    persona_name: Mapped[str]
    mode: Mapped[str]
    surface: Mapped[str]
    model: Mapped[str]
    route: Mapped[dict[str, Any] | None]
    usage: Mapped[dict[str, Any] | None]
    cost_nano: Mapped[Big | None]
    latency_ms: Mapped[int | None]
    first_token_ms: Mapped[int | None]
    error: Mapped[dict[str, Any] | None]
    entity: Mapped[dict[str, Any] | None]
    rating: Mapped[int | None]
    about: Mapped[str] = mapped_column(server_default="")
    created_at: Mapped[datetime]
    saved_at: Mapped[datetime]
