"""Threads and what was said in them; favourite models and a persona of one's own choice."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None

INSTANT = sa.DateTime(timezone=True)
JSON = sa.JSON(none_as_null=True).with_variant(postgresql.JSONB(none_as_null=True), "postgresql")


def upgrade() -> None:
    """Add the tables."""
    op.add_column("user_settings", sa.Column("favourite_models", JSON))
    op.add_column("user_settings", sa.Column("default_persona", sa.Text))
    op.create_table(
        "threads",
        sa.Column("id", sa.Uuid, primary_key=True),
        sa.Column("person_id", sa.Uuid, sa.ForeignKey("people.id", ondelete="CASCADE"), nullable=False),
        sa.Column("title", sa.Text, nullable=False),
        *(sa.Column(name, INSTANT, nullable=False) for name in ("created_at", "updated_at")),
        sa.Column("deleted_at", INSTANT),
        sa.Index(None, "person_id", "updated_at"),
    )
    said = ("role", "text", "state", "persona_key", "persona_name", "mode", "surface", "model")
    op.create_table(
        "thread_messages",
        sa.Column("id", sa.Uuid, primary_key=True),
        sa.Column("thread_id", sa.Uuid, sa.ForeignKey("threads.id", ondelete="CASCADE"), nullable=False),
        *(sa.Column(name, sa.Text, nullable=False) for name in said),
        sa.Column("reply_to", sa.Uuid),
        *(sa.Column(name, JSON) for name in ("route", "usage", "error", "entity")),
        sa.Column("cost_nano", sa.BigInteger),
        *(sa.Column(name, sa.Integer) for name in ("persona_version", "latency_ms", "first_token_ms", "rating")),
        *(sa.Column(name, INSTANT, nullable=False) for name in ("created_at", "saved_at")),
        sa.Index(None, "thread_id", "id"),
    )
