"""Prices that administrators set; the profile in the daily sums; what prompt caching saved."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0009"
down_revision = "0008"
branch_labels = None
depends_on = None

JSON = sa.JSON(none_as_null=True).with_variant(postgresql.JSONB(none_as_null=True), "postgresql")
IDS = ("person_id", "department_id")
WORDS = ("provider", "model", "profile", "persona_key", "surface", "mode")
TOKENS = ("input", "cache_read", "cache_write", "output", "reasoning")
SUMS = ("calls", "errors", "unknown_price", *TOKENS, "cost_nano", "saved_nano")
LATENCY = tuple(f"lat_{number:02}" for number in range(16))


def upgrade() -> None:
    """Add the column and the table; make the daily sums anew from the ledger, which has all that they need."""
    op.add_column("usage_events", sa.Column("saved_nano", sa.BigInteger, nullable=False, server_default="0"))
    op.create_table(
        "model_prices",
        sa.Column("id", sa.Uuid, primary_key=True),
        *(sa.Column(name, sa.Text, nullable=False) for name in ("provider", "model")),
        sa.Column("prices", JSON),
        sa.Column("author_id", sa.Uuid, nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Index(None, "provider", "model"),
    )
    op.drop_table("ai_daily_usage")
    op.create_table(
        "ai_daily_usage",
        sa.Column("day", sa.Date, primary_key=True),
        *(sa.Column(name, sa.Uuid, primary_key=True) for name in IDS),
        *(sa.Column(name, sa.Text, primary_key=True) for name in WORDS),
        sa.Column("tier", sa.Integer, primary_key=True, autoincrement=False),
        sa.Column("key_source", sa.Text, primary_key=True),
        *(sa.Column(name, sa.BigInteger, nullable=False) for name in (*SUMS, *LATENCY)),
    )
    key = ", ".join(("day", *IDS, *WORDS, "tier", "key_source"))
    sums = {name: f"SUM({name})" for name in SUMS} | {name: _bucket(number) for number, name in enumerate(LATENCY)}
    sums["errors"] = "SUM(CASE WHEN status = 'failed' THEN 1 ELSE 0 END)"
    sums["unknown_price"] = "SUM(CASE WHEN cost_nano IS NULL THEN calls ELSE 0 END)"
    sums["cost_nano"] = "SUM(COALESCE(cost_nano, 0))"
    op.execute(
        f"INSERT INTO ai_daily_usage ({key}, {', '.join(sums)}) "  # noqa: S608
        f"SELECT {key}, {', '.join(sums.values())} FROM usage_events GROUP BY {key}"
    )


def _bucket(number: int) -> str:
    low = 125 << (number - 1) if number else 0
    within = f"latency_ms >= {low}" if number == 15 else f"latency_ms >= {low} AND latency_ms < {125 << number}"
    return f"SUM(CASE WHEN {within} THEN 1 ELSE 0 END)"
