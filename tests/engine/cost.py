"""What a question costs the database: counted, never timed."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from sqlalchemy import event
from sqlalchemy.engine import Engine

from engine.studio import Studio


@contextmanager
def statements() -> Iterator[list[tuple[str, Any]]]:
    """What is asked of any database meanwhile, with its parameters."""
    found: list[tuple[str, Any]] = []

    def note(_conn: Any, _cursor: Any, said: str, parameters: Any, *_: Any) -> None:
        if not said.startswith("BEGIN"):
            found.append((said, parameters))

    event.listen(Engine, "before_cursor_execute", note)
    try:
        yield found
    finally:
        event.remove(Engine, "before_cursor_execute", note)


def work(studio: Studio, asked: list[tuple[str, Any]], table: str) -> int:
    """What statements with a limit cost the database: rows read of a table, on SQLite the steps of its machine."""
    spent = 0
    with studio.database.read() as unit:
        for said, parameters in asked:
            if "LIMIT" in said and studio.database.dialect == "postgresql":
                (plan,) = unit.connection.exec_driver_sql(f"EXPLAIN (ANALYZE, FORMAT JSON) {said}", parameters).scalar()
                spent += _read(plan["Plan"], table)
            elif "LIMIT" in said:
                steps, raw = [0], unit.connection.connection.driver_connection
                raw.set_progress_handler(lambda steps=steps: steps.append(0), 1)
                unit.connection.exec_driver_sql(said, parameters).all()
                raw.set_progress_handler(None, 0)
                spent += len(steps)
    return spent


def _read(node: dict[str, Any], table: str) -> int:
    own = node["Actual Rows"] * node["Actual Loops"] if node.get("Relation Name") == table else 0
    return int(own) + sum(_read(part, table) for part in node.get("Plans", ()))
