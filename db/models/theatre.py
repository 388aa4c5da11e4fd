"""Tables of the theatre: scenes, and the turns that were spoken in them."""

from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import ForeignKey, Index, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from db.models.base import Base, Big, Identified


class Scene(Identified, Base):
    """A scene of one person; one without a person is the operator's, on the command line.

    `spec` is what it is about: cast, premise, rules. `said` is why it paused or ended. `next_number` is the number that
    the next turn gets. `player` is the run that plays it now, in whichever process: it moves `beat_at` every second.
    `watched_at` is when somebody last looked, None for a play that nobody has to watch. `steps` is how many turns are
    still to be played, None: until something stops it. `forced` speaks next. From `since` on, turns count for what ends
    a scene by words. `thread_id` is the thread that the scene was made from or put into: its turns before
    `thread_number` and the thread's messages up to `thread_message` are in both.
    """

    __tablename__ = "scenes"
    __table_args__ = (Index(None, "person_id", "updated_at"),)

    person_id: Mapped[UUID | None] = mapped_column(ForeignKey("people.id", ondelete="CASCADE"))
    title: Mapped[str]
    spec: Mapped[dict[str, Any]]
    state: Mapped[str]
    said: Mapped[dict[str, Any] | None]
    next_number: Mapped[int]
    since: Mapped[int] = mapped_column(default=0)
    forced: Mapped[str] = mapped_column(default="")
    steps: Mapped[int | None]
    player: Mapped[UUID | None]
    beat_at: Mapped[datetime | None]
    watched_at: Mapped[datetime | None]
    shared_at: Mapped[datetime | None] = mapped_column(index=True)
    parent_id: Mapped[UUID | None]
    thread_id: Mapped[UUID | None] = mapped_column(index=True)
    thread_number: Mapped[int] = mapped_column(default=0)
    thread_message: Mapped[UUID | None]
    created_at: Mapped[datetime]
    updated_at: Mapped[datetime]
    deleted_at: Mapped[datetime | None]


class SceneTurn(Identified, Base):
    """What was said at one moment of a scene, by a member of the cast or, with an empty `speaker`, by the host.

    It is there before its call is made, and keeps who spoke (persona, its version, its name at the time), why, by which
    route, and what it cost; `pick_nano` is what the director's choice cost. `queue` is who speaks after it in the same
    round. `addressed` is whom the host tagged. While `state` is "writing", `saved_at` moves every second. Numbers grow;
    a turn that was refused before a word came leaves a gap.
    """

    __tablename__ = "scene_turns"
    __table_args__ = (UniqueConstraint("scene_id", "number"),)

    scene_id: Mapped[UUID] = mapped_column(ForeignKey("scenes.id", ondelete="CASCADE"))
    number: Mapped[int]
    speaker: Mapped[str] = mapped_column(default="")
    name: Mapped[str]
    accent: Mapped[str] = mapped_column(default="")
    avatar: Mapped[str] = mapped_column(default="")
    persona_key: Mapped[str] = mapped_column(default="")
    persona_version: Mapped[int | None]
    addressed: Mapped[str] = mapped_column(default="")
    text: Mapped[str] = mapped_column(default="")
    state: Mapped[str] = mapped_column(default="done")
    strategy: Mapped[str] = mapped_column(default="")
    reason: Mapped[str] = mapped_column(default="")
    queue: Mapped[list[Any]] = mapped_column(default=list)
    model: Mapped[str] = mapped_column(default="")
    route: Mapped[dict[str, Any] | None]
    usage: Mapped[dict[str, Any] | None]
    cost_nano: Mapped[Big | None]
    pick_nano: Mapped[Big | None]
    took_ms: Mapped[int] = mapped_column(default=0)
    first_token_ms: Mapped[int | None]
    error: Mapped[dict[str, Any] | None]
    created_at: Mapped[datetime]
    saved_at: Mapped[datetime]
