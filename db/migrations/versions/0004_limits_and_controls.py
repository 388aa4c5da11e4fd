"""Plans and overrides of people, budgets and their alerts, the switches that stop calls, sums by the hour."""

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None

INSTANT = sa.DateTime(timezone=True)


def upgrade() -> None:
    """Add the columns and the tables."""
    op.add_column("people", sa.Column("plan", sa.Text, nullable=False, server_default="standard"))
    op.add_column("user_settings", sa.Column("ai_enabled", sa.Boolean, nullable=False, server_default=sa.true()))
    op.add_column("user_settings", sa.Column("usage_limit", sa.Integer))
    op.add_column("user_settings", sa.Column("usage_period", sa.Text))
    op.create_table(
        "budgets",
        *(sa.Column(name, sa.Text, primary_key=True) for name in ("scope", "scope_id")),
        sa.Column("month_nano", sa.BigInteger, nullable=False),
    )
    op.create_table(
        "budget_alerts",
        *(sa.Column(name, sa.Text, primary_key=True) for name in ("scope", "scope_id", "period")),
        sa.Column("threshold", sa.Integer, primary_key=True, autoincrement=False),
        *(sa.Column(name, sa.BigInteger, nullable=False) for name in ("used_nano", "cap_nano")),
        sa.Column("at", INSTANT, nullable=False, index=True),
    )
    op.create_table(
        "switches",
        sa.Column("id", sa.Uuid, primary_key=True),
        *(sa.Column(name, sa.Text, nullable=False) for name in ("scope", "target", "reason")),
        sa.Column("cut", sa.Boolean, nullable=False),
        sa.Column("author_id", sa.Uuid, nullable=False),
        sa.Column("created_at", INSTANT, nullable=False),
        *(sa.Column(name, INSTANT) for name in ("expires_at", "lifted_at")),
        sa.Column("refused", sa.BigInteger, nullable=False),
    )
    _in_force()
    _hourly()


def _in_force() -> None:
    where = sa.text("lifted_at IS NULL")
    op.create_index("ix_switches_in_force", "switches", ["created_at"], sqlite_where=where, postgresql_where=where)


def _hourly() -> None:
    op.create_table(
        "ai_hourly_house",
        sa.Column("hour", INSTANT, primary_key=True),
        *(sa.Column(name, sa.Text, primary_key=True) for name in ("provider", "model", "status")),
        sa.Column("calls", sa.BigInteger, nullable=False),
        *(sa.Column(f"lat_{number:02}", sa.BigInteger, nullable=False) for number in range(16)),
    )
    # Sums of what the ledger has already, so that both agree from the first hour on.
    hour = (
        "date_trunc('hour', at, 'UTC')"
        if op.get_bind().dialect.name == "postgresql"
        else "strftime('%Y-%m-%d %H:00:00.000000', at)"
    )
    latency = ", ".join(f"SUM(CASE WHEN {_in_bucket(number)} THEN 1 ELSE 0 END)" for number in range(16))
    op.execute(
        f"INSERT INTO ai_hourly_house SELECT {hour}, provider, model, status, SUM(calls), {latency} "  # noqa: S608
        "FROM usage_events GROUP BY 1, 2, 3, 4"
    )


def _in_bucket(number: int) -> str:
    low = 125 << (number - 1) if number else 0
    return f"latency_ms >= {low}" if number == 15 else f"latency_ms >= {low} AND latency_ms < {125 << number}"
