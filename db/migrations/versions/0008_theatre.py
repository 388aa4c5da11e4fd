"""Scenes and their turns."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0008"
down_revision = "0007"
branch_labels = None
depends_on = None

INSTANT = sa.DateTime(timezone=True)
JSON = sa.JSON(none_as_null=True).with_variant(postgresql.JSONB(none_as_null=True), "postgresql")


def upgrade() -> None:
    """Add the tables."""
    op.create_table(
        "scenes",
        sa.Column("id", sa.Uuid, primary_key=True),
        sa.Column("person_id", sa.Uuid, sa.ForeignKey("people.id", ondelete="CASCADE")),
        *(sa.Column(name, sa.Text, nullable=False) for name in ("title", "state", "forced")),
        sa.Column("spec", JSON, nullable=False),
        sa.Column("said", JSON),
        *(sa.Column(name, sa.Integer, nullable=False) for name in ("next_number", "since", "thread_number")),
        sa.Column("steps", sa.Integer),
        *(sa.Column(name, sa.Uuid) for name in ("player", "parent_id", "thread_id", "thread_message")),
        *(sa.Column(name, INSTANT) for name in ("beat_at", "watched_at", "shared_at", "deleted_at")),
        *(sa.Column(name, INSTANT, nullable=False) for name in ("created_at", "updated_at")),
        sa.Index(None, "person_id", "updated_at"),
        sa.Index(None, "shared_at"),
        sa.Index(None, "thread_id"),
    )
    said = ("speaker", "name", "accent", "avatar", "persona_key", "addressed", "text", "state", "strategy", "reason")
    op.create_table(
        "scene_turns",
        sa.Column("id", sa.Uuid, primary_key=True),
        sa.Column("scene_id", sa.Uuid, sa.ForeignKey("scenes.id", ondelete="CASCADE"), nullable=False),
        *(sa.Column(name, sa.Integer, nullable=False) for name in ("number", "took_ms")),
        *(sa.Column(name, sa.Text, nullable=False) for name in (*said, "model")),
        sa.Column("queue", JSON, nullable=False),
        *(sa.Column(name, JSON) for name in ("route", "usage", "error")),
        *(sa.Column(name, sa.BigInteger) for name in ("cost_nano", "pick_nano")),
        *(sa.Column(name, sa.Integer) for name in ("persona_version", "first_token_ms")),
        *(sa.Column(name, INSTANT, nullable=False) for name in ("created_at", "saved_at")),
        sa.UniqueConstraint("scene_id", "number"),
    )
