"""Tables of what personas carry besides their text: pictures, and what their cards had for other apps."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import ForeignKey, Index
from sqlalchemy.orm import Mapped, mapped_column

from db.models.base import Base


class Attachment(Base):
    """Bytes that are found by their content: the same bytes are kept once, whoever brought them.

    `kind` is "picture" or "card". `display` is a small copy of a picture. `saved_at` is when it was last brought;
    what no persona and no draft names any more is swept some time after that.
    """

    __tablename__ = "attachments"
    __table_args__ = (Index(None, "uploaded_by", "kind"),)

    sha256: Mapped[str] = mapped_column(primary_key=True)
    kind: Mapped[str]
    media_type: Mapped[str]
    uploaded_by: Mapped[UUID | None] = mapped_column(ForeignKey("people.id", ondelete="SET NULL"))
    saved_at: Mapped[datetime]
    display: Mapped[bytes | None]
    data: Mapped[bytes]


class AttachmentUse(Base):
    """A persona of which some version names an attachment."""

    __tablename__ = "attachment_uses"

    persona_id: Mapped[UUID] = mapped_column(ForeignKey("personas.id", ondelete="CASCADE"), primary_key=True)
    sha256: Mapped[str] = mapped_column(
        ForeignKey("attachments.sha256", ondelete="CASCADE"), primary_key=True, index=True
    )
