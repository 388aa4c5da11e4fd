"""The first tables: people, personas, the house's settings, metering."""

from collections.abc import Iterator
from typing import Any

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None

INSTANT = sa.DateTime(timezone=True)
JSON = sa.JSON(none_as_null=True).with_variant(postgresql.JSONB(none_as_null=True), "postgresql")
CASCADE = "CASCADE"


def upgrade() -> None:
    """Make the tables."""
    _people()
    _personas()
    _metering()
    _ledger()
    _make_append_only("usage_events")


def _people() -> None:
    op.create_table(
        "people",
        _id(),
        _must("email", sa.Text, unique=True),
        _must("handle", sa.Text, unique=True),
        _must("name", sa.Text),
        _must("password_hash", sa.Text),
        _must("role", sa.Text),
        _may("verified_at", INSTANT),
        _may("disabled_at", INSTANT),
        _must("token_version", sa.Integer),
        _may("department_id", sa.Uuid),
        _must("created_at", INSTANT),
    )
    op.create_table(
        "auth_sessions",
        _id(),
        _must("person_id", sa.Uuid, _of("people.id"), index=True),
        _may("token_hash", sa.LargeBinary, unique=True),
        _may("code_hash", sa.LargeBinary, unique=True),
        _may("code_expires_at", INSTANT),
        _must("token_version", sa.Integer),
        _must("created_at", INSTANT),
        _must("last_seen_at", INSTANT),
        _must("expires_at", INSTANT),
        _may("revoked_at", INSTANT),
    )
    op.create_table(
        "one_time_tokens",
        sa.Column("token_hash", sa.LargeBinary, primary_key=True),
        _must("purpose", sa.Text),
        _may("person_id", sa.Uuid, _of("people.id"), index=True),
        _must("expires_at", INSTANT),
        _may("used_at", INSTANT),
    )
    op.create_table(
        "user_settings",
        sa.Column("person_id", sa.Uuid, _of("people.id"), primary_key=True),
        _may("preferred_model", sa.Text),
    )
    op.create_table("house_settings", sa.Column("name", sa.Text, primary_key=True), _must("value", JSON))


def _personas() -> None:
    op.create_table(
        "personas",
        _id(),
        _may("owner_id", sa.Uuid, _of("people.id")),
        _must("key", sa.Text),
        _must("visibility", sa.Text, index=True),
        _must("version", sa.Integer),
        _must("content", JSON),
        _must("created_at", INSTANT),
        _must("updated_at", INSTANT),
        _may("deleted_at", INSTANT),
        sa.UniqueConstraint("owner_id", "key"),
    )
    _partial_index("uq_personas_builtin_key", "personas", "key", "owner_id IS NULL", unique=True)
    op.create_table(
        "persona_versions",
        _id(),
        _must("persona_id", sa.Uuid, _of("personas.id")),
        _must("number", sa.Integer),
        _must("content", JSON),
        _must("note", sa.Text),
        _may("author_id", sa.Uuid, _of("people.id", "SET NULL")),
        _must("created_at", INSTANT),
        sa.UniqueConstraint("persona_id", "number"),
    )
    op.create_table(
        "persona_drafts",
        _id(),
        _must("person_id", sa.Uuid, _of("people.id")),
        _may("persona_id", sa.Uuid, _of("personas.id")),
        _must("key", sa.Text),
        _must("content", JSON),
        _must("step", sa.Text),
        _must("base_version", sa.Integer),
        _must("created_at", INSTANT),
        _must("updated_at", INSTANT),
        sa.Index(None, "person_id", "persona_id"),
    )


def _metering() -> None:
    op.create_table(
        "admissions",
        _id(),
        *_call_facts(),
        _may("idempotency_key", sa.Text),
        _may("body_hash", sa.LargeBinary),
        _must("state", sa.Text),
        _must("takes", JSON),
        _may("hold_nano", sa.BigInteger),
        _must("lease_until", INSTANT),
        _must("created_at", INSTANT),
        _may("closed_at", INSTANT),
        sa.UniqueConstraint("person_id", "idempotency_key"),
        sa.CheckConstraint("state IN ('open', 'settled', 'released', 'expired', 'settled_late')", name="state"),
    )
    _partial_index("ix_admissions_open_lease", "admissions", "lease_until", "state = 'open'")
    op.create_table(
        "counters",
        *(sa.Column(name, sa.Text, primary_key=True) for name in ("scope", "scope_id", "meter", "period")),
        _must("used", sa.BigInteger),
        _must("held", sa.BigInteger),
        sa.CheckConstraint("used >= 0", name="used"),
        sa.CheckConstraint("held >= 0", name="held"),
    )


def _ledger() -> None:
    tokens = ("input", "cache_read", "cache_write", "output", "reasoning")
    op.create_table(
        "usage_events",
        _id(),
        *_call_facts(),
        _must("admission_id", sa.Uuid),
        _must("kind", sa.Text),
        _must("at", INSTANT),
        _must("calls", sa.Integer),
        _must("status", sa.Text),
        _may("error_code", sa.Text),
        _must("charged", sa.Boolean),
        _must("estimated", sa.Boolean),
        *(_must(name, sa.Integer) for name in tokens),
        _may("cost_nano", sa.BigInteger),
        _must("unit_prices", JSON),
        _must("attempts", sa.Integer),
        _may("latency_ms", sa.Integer),
        _may("first_token_ms", sa.Integer),
        sa.UniqueConstraint("admission_id", "kind"),
        sa.Index(None, "at", postgresql_using="brin"),
    )
    words = ("provider", "model", "persona_key", "surface", "mode")
    sums = ("calls", "errors", "unknown_price", *tokens, "cost_nano", *(f"lat_{number:02}" for number in range(16)))
    op.create_table(
        "ai_daily_usage",
        sa.Column("day", sa.Date, primary_key=True),
        *(sa.Column(name, sa.Uuid, primary_key=True) for name in ("person_id", "department_id")),
        *(sa.Column(name, sa.Text, primary_key=True) for name in words),
        sa.Column("tier", sa.Integer, primary_key=True, autoincrement=False),
        sa.Column("key_source", sa.Text, primary_key=True),
        *(_must(name, sa.BigInteger) for name in sums),
    )


def _call_facts() -> Iterator[sa.Column[Any]]:
    yield _must("day", sa.Date)
    yield from (_must(name, sa.Uuid) for name in ("person_id", "department_id"))
    yield from (_must(name, sa.Text) for name in ("provider", "model", "profile", "surface", "mode"))
    yield _must("tier", sa.Integer)
    yield from (_must(name, sa.Text) for name in ("key_source", "persona_key"))
    yield _may("persona_version", sa.Integer)


def _make_append_only(table: str) -> None:
    """Have the database itself refuse to change what was written."""
    if op.get_bind().dialect.name == "sqlite":
        for act in ("UPDATE", "DELETE"):
            op.execute(
                f"CREATE TRIGGER {table}_no_{act.lower()} BEFORE {act} ON {table} "
                f"BEGIN SELECT RAISE(ABORT, '{table} is append-only'); END"
            )
        return
    op.execute(
        "CREATE FUNCTION refuse_change() RETURNS trigger LANGUAGE plpgsql AS "
        "$$ BEGIN RAISE EXCEPTION '% is append-only', TG_TABLE_NAME; END $$"
    )
    op.execute(
        f"CREATE TRIGGER {table}_append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON {table} "
        "FOR EACH STATEMENT EXECUTE FUNCTION refuse_change()"
    )


def _id() -> sa.Column[Any]:
    return sa.Column("id", sa.Uuid, primary_key=True)


def _must(name: str, kind: Any, *rules: Any, **options: Any) -> sa.Column[Any]:
    return sa.Column(name, kind, *rules, nullable=False, **options)


def _may(name: str, kind: Any, *rules: Any, **options: Any) -> sa.Column[Any]:
    return sa.Column(name, kind, *rules, nullable=True, **options)


def _of(column: str, ondelete: str = CASCADE) -> sa.ForeignKey:
    return sa.ForeignKey(column, ondelete=ondelete)


def _partial_index(name: str, table: str, column: str, condition: str, *, unique: bool = False) -> None:
    where = sa.text(condition)
    op.create_index(name, table, [column], unique=unique, sqlite_where=where, postgresql_where=where)
