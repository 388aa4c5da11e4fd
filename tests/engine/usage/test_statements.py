"""What a paid call asks of the database: so many statements in so many transactions, and not one more unseen."""

import re
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from decimal import Decimal
from typing import Any

from sqlalchemy import event
from sqlalchemy.engine import Engine

from engine.generation import CallContext
from engine.llm import LLMRequest, Message
from engine.providers.scripted import Scripted
from engine.studio import Studio
from tests.engine.conftest import person
from tests.engine.usage.cases import OPERATOR

QUESTION = LLMRequest((Message("user", "How far is it?"),))
PLACE = CallContext("assistant", persona_key="maestro")


LINES = [
    *["SELECT house_settings", "SELECT provider_keys", "SELECT people"],
    *["SELECT people", "INSERT admissions", "INSERT counters"],
    *["UPDATE admissions", "UPDATE counters", "INSERT usage_events", "INSERT ai_daily_usage", "INSERT ai_hourly_house"],
    "SELECT counters",
]
"""Who answers; may they; what came of it, with the thresholds of budgets. Each line of the list is a transaction."""


@dataclass(slots=True)
class Asked:
    """Statements and transactions of one thread."""

    statements: list[str] = field(default_factory=list)
    transactions: int = 0


@contextmanager
def asked() -> Iterator[Asked]:
    """What this thread asks of any database: the verb and the first table of each statement."""
    found, here = Asked(), threading.get_ident()

    def statement(_conn: Any, _cursor: Any, text: str, *_: Any) -> None:
        if threading.get_ident() == here and not text.startswith("BEGIN"):
            table = re.search(r"(?:INTO|UPDATE|SELECT) (\w+)", text)
            found.statements.append(f"{text.split()[0]} {table[1] if table else text}")

    def begin(_: Any) -> None:
        found.transactions += threading.get_ident() == here

    event.listen(Engine, "before_cursor_execute", statement)
    event.listen(Engine, "begin", begin)
    try:
        yield found
    finally:
        event.remove(Engine, "before_cursor_execute", statement)
        event.remove(Engine, "begin", begin)


def test_a_paid_call_is_twelve_statements_in_three_transactions(
    open_with: Callable[..., Studio], openai: Scripted
) -> None:
    studio = open_with(OPENAI_API_KEY="sk-test-000000000000")
    department = studio.departments.add(OPERATOR, "Research").id
    ada = replace(person(studio), department_id=department)
    studio.allowances.set_budget(OPERATOR, "department", str(department), Decimal(9))
    studio.generation.generate(ada, QUESTION, PLACE)  # the first call of a process also looks for overdue ones
    with asked() as found:
        studio.generation.generate(ada, QUESTION, PLACE)
    assert found.statements == LINES and found.transactions == 3
    studio.controls.stop(OPERATOR, "provider", "groq", reason="Invoice under review.")
    with asked() as found:
        studio.generation.generate(ada, QUESTION, PLACE)
    assert sorted(found.statements) == sorted([*LINES, "SELECT switches"]) and found.transactions == 3
    assert len(openai.calls) == 3
