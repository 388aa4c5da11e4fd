"""Checks, rehearsals and comparisons; what a department asks of its default persona; answers by persona and version."""

from typing import Any

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None

INSTANT = sa.DateTime(timezone=True)
JSON = sa.JSON(none_as_null=True).with_variant(postgresql.JSONB(none_as_null=True), "postgresql")


def upgrade() -> None:
    """Add the tables, the column and the index."""
    op.add_column("departments", sa.Column("guard_rate", sa.Integer))
    op.create_index(
        "ix_thread_messages_persona_key_persona_version", "thread_messages", ["persona_key", "persona_version"]
    )
    _checks()
    _rehearsals()
    _comparisons()


def _checks() -> None:
    op.create_table(
        "persona_checks",
        _of("persona_id", "personas.id", primary_key=True),
        sa.Column("key", sa.Text, primary_key=True),
        *_must(sa.Text, "kind", "title", "question", "expected"),
        *_must(JSON, "must", "must_not"),
        *_must(sa.Boolean, "removed"),
        *_must(INSTANT, "updated_at"),
    )
    op.create_table(
        "rehearsal_rates",
        _of("persona_id", "personas.id", primary_key=True),
        sa.Column("version", sa.Integer, primary_key=True, autoincrement=False),
        sa.Column("model", sa.Text, primary_key=True),
        *_must(sa.Integer, "passed", "total"),
        *_must(INSTANT, "at"),
    )


def _rehearsals() -> None:
    op.create_table(
        "rehearsals",
        sa.Column("id", sa.Uuid, primary_key=True),
        _of("persona_id", "personas.id"),
        sa.Column("person_id", sa.Uuid, sa.ForeignKey("people.id", ondelete="SET NULL"), index=True),
        *_must(sa.Text, "state", "judge"),
        *_must(sa.Integer, "turn", "total", "calls", "unknown_price"),
        *_must(JSON, "versions", "models", "checks"),
        *_must(sa.BigInteger, "cost_nano"),
        sa.Column("error", JSON),
        *_must(INSTANT, "started_at", "saved_at"),
        sa.Index(None, "persona_id", "id"),
    )
    running = sa.text("state = 'writing'")
    op.create_index(
        "uq_rehearsals_running",
        "rehearsals",
        ["persona_id"],
        unique=True,
        sqlite_where=running,
        postgresql_where=running,
    )
    op.create_table(
        "rehearsal_cells",
        sa.Column("id", sa.Uuid, primary_key=True),
        _of("persona_id", "personas.id"),
        _of("rehearsal_id", "rehearsals.id", index=True),
        *_must(sa.Integer, "turn", "place", "version"),
        *_must(sa.Text, "prompt_digest", "model", "picked", "check_key", "check_digest", "state"),
        *_must(sa.Text, "question", "answer", "judged_by", "reason"),
        sa.Column("cost_nano", sa.BigInteger),
        *_must(INSTANT, "saved_at"),
        sa.UniqueConstraint("persona_id", "prompt_digest", "model", "check_key"),
    )


def _comparisons() -> None:
    op.create_table(
        "comparisons",
        sa.Column("id", sa.Uuid, primary_key=True),
        _of("person_id", "people.id"),
        *_must(sa.Uuid, "about"),
        *_must(sa.Text, "question"),
        *_must(INSTANT, "created_at"),
        sa.Index(None, "person_id", "about"),
    )
    op.create_table(
        "comparison_answers",
        sa.Column("id", sa.Uuid, primary_key=True),
        _of("comparison_id", "comparisons.id", index=True),
        *_must(sa.Integer, "place", "version"),
        *_must(sa.Text, "picked", "provider", "model", "profile", "state", "text"),
        *(sa.Column(name, JSON) for name in ("error", "usage")),
        sa.Column("cost_nano", sa.BigInteger),
        *(sa.Column(name, sa.Integer) for name in ("latency_ms", "first_token_ms", "rating")),
        sa.Column("held", sa.Boolean),
        *_must(INSTANT, "saved_at"),
    )


def _must(kind: Any, *names: str) -> list[sa.Column[Any]]:
    return [sa.Column(name, kind, nullable=False) for name in names]


def _of(name: str, target: str, *, primary_key: bool = False, index: bool = False) -> sa.Column[object]:
    key = sa.ForeignKey(target, ondelete="CASCADE")
    return sa.Column(name, sa.Uuid, key, nullable=False, primary_key=primary_key, index=index)
