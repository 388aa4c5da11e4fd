"""The usage page as a file: the same parts, asked for in the same way, as formula-safe CSV or as JSON."""

import json
from collections.abc import Iterable
from typing import Any

from engine.accounts.actor import Actor
from engine.accounts.rights import Right, needs
from engine.exports import Form, as_csv
from engine.usage.dashboard import Dashboard, Headline, p95
from engine.usage.forecast import Outlook
from engine.usage.people_usage import PeopleTable, PeopleUsage
from engine.usage.reports import Line
from engine.usage.sums import Sums
from engine.usage.view import View

BARS = ("persona", "model")
COLUMNS = (
    "part", "name", "id", "calls", "failed", "input", "cache_read", "cache_write", "output", "reasoning", "house_usd",
    "own_keys_usd", "cache_saved_usd", "unknown_price_calls", "p50_ms", "p95_ms",
)  # fmt: skip


class OnScreen:
    """Makes the files."""

    def __init__(self, dashboard: Dashboard, people: PeopleUsage) -> None:
        self._dashboard = dashboard
        self._people = people

    @needs(Right.SEE_HOUSE_USAGE)
    def export(self, actor: Actor, view: View, form: Form, *, find: str = "") -> bytes:
        """What the page shows of a view; `find` is what is looked for among the people."""
        period = self._dashboard.period(actor, view)
        headline = self._dashboard.headline(actor, view)
        parts = {
            f"by day and {view.split}": self._dashboard.by_day(actor, view),
            **{f"by {name}": self._dashboard.top(actor, view, name) for name in BARS},
            f"table by {view.by}": self._table(actor, view, find),
        }
        rows = list(_rows(headline, parts))
        if form == "csv":
            return as_csv(COLUMNS, rows)
        told = {
            "since": period.now.since,
            "last": period.now.last,
            "time_zone": period.zone,
            "compared_with": {"since": period.before.since, "last": period.before.last} if view.against else None,
            "filters": dict(view.only),
            "first_word_p95_ms": p95(headline.first_word),
            "month_end": _outlook(self._dashboard.outlook(actor)),
            "rows": [dict(zip(COLUMNS, row, strict=True)) for row in rows],
        }
        return json.dumps(told, ensure_ascii=False, indent=2, default=_text).encode() + b"\n"

    def _table(self, actor: Actor, view: View, find: str) -> list[Line]:
        if view.by != "person":
            return self._dashboard.breakdown(actor, view, view.by)
        found: PeopleTable = self._people.people(actor, view, find=find)
        return [Line({"person": each.name}, {"person": each.value}, each.sums) for each in found.lines]


def _rows(headline: Headline, parts: dict[str, list[Line]]) -> Iterable[list[Any]]:
    yield _row("total", "", "", headline.now)
    if headline.before is not None:
        yield _row("total of the period before", "", "", headline.before)
    for part, found in parts.items():
        for line in found:
            yield _row(part, line.name, " · ".join(line.values.values()), line.sums)


def _row(part: str, name: str, value: str, sums: Sums) -> list[Any]:
    money = [sums.house_usd, sums.own_usd, sums.saved_usd]
    counts = [sums.calls, sums.errors, *sums.usage.as_dict().values()]
    return [part, name, value, *counts, *money, sums.unknown_price, sums.waited_ms(0.5), sums.waited_ms(0.95)]


def _outlook(found: Outlook | None) -> dict[str, Any] | None:
    if found is None:
        return None
    return {"usd": found.usd, "low_usd": found.low, "high_usd": found.high, "spent_usd": found.spent}


def _text(value: Any) -> str:
    return value.isoformat() if hasattr(value, "isoformat") else str(value)
