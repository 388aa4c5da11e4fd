"""What calls show of a model: how long the first word takes, how prompts compare with our estimate. What a question
was about."""

import sqlalchemy as sa
from alembic import op

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None

FIRST_WORD = tuple(f"fst_{number:02}" for number in range(16))


def upgrade() -> None:
    """Add the columns, and the sums of what the ledger has already."""
    op.add_column("usage_events", sa.Column("guessed", sa.Integer))
    for name in ("guessed", "counted", *FIRST_WORD):
        column = sa.Column(name, sa.BigInteger, nullable=False, server_default="0")
        op.add_column("ai_hourly_house", column)
    op.add_column("thread_messages", sa.Column("about", sa.Text, nullable=False, server_default=""))
    hour = (
        "date_trunc('hour', at, 'UTC')"
        if op.get_bind().dialect.name == "postgresql"
        else "strftime('%Y-%m-%d %H:00:00.000000', at)"
    )
    for number, name in enumerate(FIRST_WORD):
        op.execute(
            f"UPDATE ai_hourly_house SET {name} = shown.calls FROM (SELECT {hour} AS hour, provider, model, status, "  # noqa: S608
            f"COUNT(*) AS calls FROM usage_events WHERE {_in_bucket(number)} GROUP BY 1, 2, 3, 4) AS shown WHERE "
            "ai_hourly_house.hour = shown.hour AND ai_hourly_house.provider = shown.provider AND "
            "ai_hourly_house.model = shown.model AND ai_hourly_house.status = shown.status"
        )


def _in_bucket(number: int) -> str:
    low = 125 << (number - 1) if number else 0
    above = f"first_token_ms >= {low}"
    return above if number == 15 else f"{above} AND first_token_ms < {125 << number}"
