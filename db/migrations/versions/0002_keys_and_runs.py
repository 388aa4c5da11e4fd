"""Provider keys, sealed; and the newest answer on each subject."""

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None

INSTANT = sa.DateTime(timezone=True)


def upgrade() -> None:
    """Add the two tables."""
    op.create_table(
        "provider_keys",
        sa.Column("id", sa.Uuid, primary_key=True),
        sa.Column("owner_id", sa.Uuid, nullable=False),
        *(
            sa.Column(name, sa.Text, nullable=False)
            for name in ("provider", "sealed", "hint", "verdict", "verdict_said")
        ),
        *(sa.Column(name, INSTANT) for name in ("checked_at", "paused_at")),
        sa.Column("created_at", INSTANT, nullable=False),
        sa.UniqueConstraint("owner_id", "provider"),
    )
    op.create_table(
        "saved_runs",
        sa.Column("subject", sa.Text, primary_key=True),
        sa.Column("person_id", sa.Uuid, sa.ForeignKey("people.id", ondelete="CASCADE"), nullable=False, index=True),
        sa.Column("run_id", sa.Uuid, nullable=False),
        *(sa.Column(name, sa.Text, nullable=False) for name in ("question", "text", "state")),
        sa.Column("saved_at", INSTANT, nullable=False),
    )
