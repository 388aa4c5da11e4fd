"""Departments, identities elsewhere, second factors, throttles, the audit log."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None

INSTANT = sa.DateTime(timezone=True)
JSON = sa.JSON(none_as_null=True).with_variant(postgresql.JSONB(none_as_null=True), "postgresql")


def upgrade() -> None:
    """Add the tables, and what sessions, tokens and keys know besides."""
    for name in ("address", "agent"):
        op.add_column("auth_sessions", sa.Column(name, sa.Text, nullable=False, server_default=""))
    op.add_column("one_time_tokens", sa.Column("payload", JSON))
    op.add_column("provider_keys", sa.Column("expires_at", INSTANT))
    op.create_table(
        "departments",
        sa.Column("id", sa.Uuid, primary_key=True),
        sa.Column("name", sa.Text, nullable=False, unique=True),
        sa.Column("recommended", JSON, nullable=False),
        sa.Column("default_persona", sa.Text),
        sa.Column("created_at", INSTANT, nullable=False),
    )
    op.create_table(
        "identities",
        sa.Column("issuer", sa.Text, primary_key=True),
        sa.Column("subject", sa.Text, primary_key=True),
        _person(index=True),
        sa.Column("created_at", INSTANT, nullable=False),
    )
    op.create_table(
        "second_factors",
        _person(primary_key=True),
        sa.Column("sealed", sa.Text, nullable=False),
        sa.Column("last_step", sa.BigInteger, nullable=False),
        sa.Column("recovery", JSON, nullable=False),
        sa.Column("confirmed_at", INSTANT),
    )
    op.create_table(
        "throttles",
        sa.Column("bucket", sa.Text, primary_key=True),
        sa.Column("used", sa.Integer, nullable=False),
        sa.Column("resets_at", INSTANT, nullable=False, index=True),
    )
    _audit()


def _audit() -> None:
    op.create_table(
        "audit_events",
        sa.Column("id", sa.Uuid, primary_key=True),
        sa.Column("at", INSTANT, nullable=False, index=True),
        sa.Column("actor_id", sa.Uuid, nullable=False, index=True),
        *(sa.Column(name, sa.Text, nullable=False) for name in ("action", "target_kind", "target_id")),
        *(sa.Column(name, JSON, nullable=False) for name in ("before", "after")),
        sa.Column("address", sa.Text, nullable=False),
    )
    if op.get_bind().dialect.name == "postgresql":
        op.execute(
            "CREATE TRIGGER audit_events_append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON audit_events "
            "FOR EACH STATEMENT EXECUTE FUNCTION refuse_change()"
        )
        return
    for act in ("UPDATE", "DELETE"):
        op.execute(
            f"CREATE TRIGGER audit_events_no_{act.lower()} BEFORE {act} ON audit_events "
            f"BEGIN SELECT RAISE(ABORT, 'audit_events is append-only'); END"
        )


def _person(*, index: bool = False, primary_key: bool = False) -> sa.Column[object]:
    person = sa.ForeignKey("people.id", ondelete="CASCADE")
    return sa.Column("person_id", sa.Uuid, person, nullable=False, index=index, primary_key=primary_key)
