"""Pictures of personas, and what their cards had for other apps."""

import sqlalchemy as sa
from alembic import op

revision = "0010"
down_revision = "0009"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Add the tables."""
    op.create_table(
        "attachments",
        sa.Column("sha256", sa.Text, primary_key=True),
        *(sa.Column(name, sa.Text, nullable=False) for name in ("kind", "media_type")),
        sa.Column("uploaded_by", sa.Uuid, sa.ForeignKey("people.id", ondelete="SET NULL")),
        sa.Column("saved_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("display", sa.LargeBinary),
        sa.Column("data", sa.LargeBinary, nullable=False),
        sa.Index(None, "uploaded_by", "kind"),
    )
    op.create_table(
        "attachment_uses",
        sa.Column("persona_id", sa.Uuid, sa.ForeignKey("personas.id", ondelete="CASCADE"), primary_key=True),
        sa.Column(
            "sha256", sa.Text, sa.ForeignKey("attachments.sha256", ondelete="CASCADE"), primary_key=True, index=True
        ),
    )
