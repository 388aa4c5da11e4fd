"""The table of answers being written, so that a closed tab or a killed process loses no word."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import ForeignKey
from sqlalchemy.orm import Mapped, mapped_column

from db.models.base import Base


class SavedRun(Base):
    """The newest answer on one subject, such as a draft's preview.

    While `state` is "writing", `saved_at` moves every second; when it stands still the process is gone.
    """

    __tablename__ = "saved_runs"

    subject: Mapped[str] = mapped_column(primary_key=True)
    person_id: Mapped[UUID] = mapped_column(ForeignKey("people.id", ondelete="CASCADE"), index=True)
    run_id: Mapped[UUID]
    question: Mapped[str]
    text: Mapped[str]
    state: Mapped[str]
    saved_at: Mapped[datetime]
