"""Personas: columns to find them by, the department they are shared with, and who else may edit them. Indexes that
give threads in their order, and the use of one person and of one persona."""

import unicodedata
from typing import Any

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0011"
down_revision = "0010"
branch_labels = None
depends_on = None

JSON = sa.JSON(none_as_null=True).with_variant(postgresql.JSONB(none_as_null=True), "postgresql")
TEXTS = ("name", "name_key", "role", "avatar", "blurb", "sample", "search")
PERSONAS = sa.table(
    "personas",
    sa.column("id", sa.Uuid),
    sa.column("key", sa.Text),
    sa.column("content", JSON),
    sa.column("tags", JSON),
    *(sa.column(name, sa.Text) for name in (*TEXTS, "modality")),
)


def upgrade() -> None:
    """Add the columns, filled from what is there, and the tables."""
    _columns()
    op.execute(
        "UPDATE personas SET department_id = (SELECT departments.id FROM departments JOIN people "
        "ON people.department_id = departments.id WHERE people.id = personas.owner_id)"
    )
    _fill()
    op.drop_index("ix_personas_visibility", "personas")
    op.create_index("ix_personas_department_id", "personas", ["department_id"])
    _listed("ix_personas_owned", "deleted_at IS NULL", "owner_id", "name_key", "id", "modality", "department_id")
    shared, found_by = "deleted_at IS NULL AND owner_id IS NOT NULL", ("owner_id", "modality", "department_id")
    _listed("ix_personas_shared_by_name", shared, "visibility", "name_key", "id", *found_by)
    _listed("ix_personas_shared_by_age", shared, "visibility", "id", *found_by)
    for name in ("person_id", "persona_key"):
        op.create_index(f"ix_ai_daily_usage_{name}_day", "ai_daily_usage", [name, "day"])
    op.drop_index("ix_threads_person_id_updated_at", "threads")
    in_order = ("person_id", "updated_at", "id", "deleted_at")
    op.create_index(f"ix_threads_{'_'.join(in_order)}", "threads", list(in_order))
    op.create_table(
        "persona_editors",
        sa.Column("persona_id", sa.Uuid, sa.ForeignKey("personas.id", ondelete="CASCADE"), primary_key=True),
        sa.Column("person_id", sa.Uuid, sa.ForeignKey("people.id", ondelete="CASCADE"), primary_key=True, index=True),
        sa.Column("added_at", sa.DateTime(timezone=True), nullable=False),
    )


def _columns() -> None:
    """SQLite makes the table anew, so that they stand before the content: it reads a row from its start."""
    is_sqlite = op.get_bind().dialect.name == "sqlite"
    before = "content" if is_sqlite else None
    department = sa.ForeignKey("departments.id", name="fk_personas_department_id_departments", ondelete="SET NULL")
    with op.batch_alter_table("personas", recreate="always" if is_sqlite else "never") as personas:
        for column in (
            sa.Column("department_id", sa.Uuid, department),
            *(sa.Column(name, sa.Text, nullable=False, server_default="") for name in TEXTS),
            sa.Column("modality", sa.Text, nullable=False, server_default="character"),
            sa.Column("tags", JSON, nullable=False, server_default="[]"),
            sa.Column("prompt_open", sa.Boolean, nullable=False, server_default=sa.false()),
        ):
            personas.add_column(column, insert_before=before)


def _fill() -> None:
    connection = op.get_bind()
    change = sa.update(PERSONAS).where(PERSONAS.c.id == sa.bindparam("of"))
    for row in connection.execute(sa.select(PERSONAS.c.id, PERSONAS.c.key, PERSONAS.c.content)).all():
        connection.execute(change.values(**_found_in(row.key, row.content)), {"of": row.id})


def _listed(name: str, where: str, *columns: str) -> None:
    op.create_index(name, "personas", list(columns), sqlite_where=sa.text(where), postgresql_where=sa.text(where))


def _found_in(key: str, content: dict[str, Any]) -> dict[str, Any]:
    name, role, tags = content.get("name", ""), content.get("role", ""), content.get("tags", [])
    return {
        "name": name,
        "name_key": _folded(name)[:80],
        "role": role,
        "avatar": content.get("avatar", ""),
        "modality": content.get("modality", "character"),
        "tags": tags,
        "blurb": _start(content.get("system_prompt") or content.get("context", "")),
        "sample": _start(next(iter(content.get("sample_queries", [])), "")),
        "search": _folded(" ".join([name, role, key, *tags])),
    }


def _folded(text: str) -> str:
    parts = unicodedata.normalize("NFKD", text.casefold())
    kept = (sign for sign in parts if sign != "\0" and unicodedata.category(sign) not in ("Mn", "Cs"))
    return unicodedata.normalize("NFKC", "".join(kept)).casefold()


def _start(text: str) -> str:
    line = " ".join(text.split())
    return line if len(line) <= 80 else line[:79].rstrip() + "…"
