"""The usage page, its files, the command and the metrics over thirty calls that were reckoned by hand."""

import csv
import io
import json
from collections import defaultdict
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from db.repositories.usage import UsageFilter
from db.session import Database
from engine.accounts.actor import Actor
from engine.errors import BadInput
from engine.llm.refs import ModelRef
from engine.usage.allowances import Allowances
from engine.usage.calls import Calls
from engine.usage.dashboard import Dashboard
from engine.usage.invoice import Invoices, Reason
from engine.usage.ledger import Ledger
from engine.usage.metrics import Metrics
from engine.usage.my_usage import OwnUsage
from engine.usage.on_screen import OnScreen
from engine.usage.people_usage import PeopleUsage
from engine.usage.reports import Reports
from engine.usage.sums import Sums
from engine.usage.view import DIMENSIONS, View
from engine.usage.what_if import Move, WhatIf
from tests.engine.usage.cases import OPERATOR, Clock, set_budget
from tests.engine.usage.golden import CALLS, DEPARTMENTS, NAMES, NOVEMBER, NOW, ZONE, Golden, book_of, usd, write

FORMULA = tuple("=+-@\t\r\n")
HALF_A_YEAR = View(since=date(2026, 7, 1), until=date(2026, 12, 31))

KEYS: dict[str, Callable[[Golden], str]] = {
    "day": lambda call: call.day.isoformat(),
    "person": lambda call: NAMES.get(call.who, "Operator"),
    "department": lambda call: DEPARTMENTS.get(call.who, "No department"),
    "provider": lambda call: call.provider,
    "model": lambda call: call.model,
    "profile": lambda call: call.profile,
    "persona": lambda call: call.persona or "No persona",
    "surface": lambda call: call.surface,
    "mode": lambda call: call.mode,
    "tier": lambda call: {2: "Plans", 3: "Own keys"}[call.tier],
    "key_source": lambda call: {"env": "House (environment)", "system": "House", "user": "Own keys"}[call.payer],
}


@dataclass(frozen=True)
class House:
    """A database with the thirty calls in it, and what reads it."""

    database: Database
    people: dict[str, Actor]
    dashboard: Dashboard
    what_if: WhatIf
    day: dict[str, Any]

    def service(self, kind: type) -> Any:
        return kind(self.database, **self.day)

    @property
    def on_screen(self) -> OnScreen:
        return OnScreen(self.dashboard, self.service(PeopleUsage))


@pytest.fixture
def house(database: Database, tmp_path: Path) -> House:
    book = book_of(tmp_path)
    clock = Clock(NOW)
    day: dict[str, Any] = {"clock": clock, "billing_zone": ZONE}
    windows = {"gemini-2.5-flash": 1200, "claude-haiku-5": 10**6}
    people = write(database, book)
    what_if = WhatIf(database, book, lambda provider, model: windows.get(model), **day)
    return House(database, people, Dashboard(database, **day), what_if, day)


def expected(calls: Iterable[Golden]) -> Sums:
    """The sums of rows of the table, by their hand-made columns."""
    calls = list(calls)
    return Sums(
        calls=len(calls),
        errors=sum(call.failed for call in calls),
        unknown_price=sum(call.cost is None for call in calls),
        usage=sum((call.tokens for call in calls), start=type(calls[0].tokens)()),
        cost_usd=usd(sum(call.cost or 0 for call in calls)),
        own_usd=usd(sum(call.cost or 0 for call in calls if call.payer == "user")),
        saved_usd=usd(sum(call.saved for call in calls)),
    )


def plain(sums: Sums) -> Sums:
    """Without the histogram."""
    return Sums(sums.calls, sums.errors, sums.unknown_price, sums.usage, sums.cost_usd, sums.own_usd, sums.saved_usd)


def grouped(by: Iterable[str], calls: Iterable[Golden]) -> dict[tuple[str, ...], list[Golden]]:
    groups = defaultdict(list)
    for call in calls:
        groups[tuple(KEYS[name](call) for name in by)].append(call)
    return groups


def test_each_call_costs_what_the_hand_says_and_both_rollups_are_the_ledger(house: House) -> None:
    ledger = house.service(Ledger)
    costs: dict[Any, int | None] = {}
    for entry in ledger.events(OPERATOR):
        before = costs.get(entry.admission_id, 0)
        costs[entry.admission_id] = None if entry.cost_usd is None else (before or 0) + int(entry.cost_usd * 10**9)
    assert list(costs.values()) == [call.cost for call in CALLS]
    assert ledger.verify(OPERATOR) == []
    with house.database.read() as unit:
        for by in ((), ("day", "person"), ("model", "persona", "key_source")):
            both = [found(by, UsageFilter()) for found in (unit.usage.sums, unit.usage.raw_sums)]
            assert len({tuple(sorted(map(str, (tuple(map(_exact, row)) for row in rows)))) for rows in both}) == 1


def _exact(value: Any) -> Any:
    return int(value) if isinstance(value, int | Decimal) else value


def test_every_report_has_the_sums_of_the_table(house: House) -> None:
    for by in (*((name,) for name in DIMENSIONS), ("person", "model"), ("day", "provider")):
        report = Reports(house.database).report(OPERATOR, by)
        found = {tuple(line.of.values()): plain(line.sums) for line in report.rows}
        assert found == {key: expected(calls) for key, calls in grouped(by, CALLS).items()}
        assert plain(report.total.sums) == expected(CALLS)
        assert report.rows == sorted(report.rows, key=lambda line: -line.sums.cost_usd)


def test_the_month_at_the_top_is_the_sum_reckoned_by_hand(house: House) -> None:
    """Written out, so that the table's own columns are checked too."""
    headline = house.dashboard.headline(OPERATOR, View())
    now = headline.now
    assert (now.calls, now.errors, now.unknown_price) == (29, 3, 2)
    assert (now.house_usd, now.own_usd) == (Decimal("0.058382"), Decimal("0.01304"))
    assert (now.cost_usd, now.saved_usd) == (Decimal("0.071422"), Decimal("0.00784"))
    assert (now.usage.tokens_in, now.usage.tokens_out) == (45_601, 6_226)
    assert list(headline.days) == [date(2026, 11, 1) + timedelta(days=number) for number in range(22)]
    assert headline.days[date(2026, 11, 14)].cost_usd == Decimal("0.0009")
    assert headline.days[date(2026, 11, 15)].cost_usd == Decimal("0.0007")
    assert sum(headline.first_word or ()) == 27
    assert headline.before is None


def test_the_edge_of_the_month_is_where_madrid_has_it(house: House) -> None:
    first = View(since=date(2026, 11, 1), until=date(2026, 11, 1), against=True)
    headline = house.dashboard.headline(OPERATOR, first)
    assert headline.now.cost_usd == Decimal("0.0192") and headline.now.calls == 3
    assert headline.before is not None
    assert (headline.before.cost_usd, headline.before.calls) == (Decimal("0.0042"), 1)
    assert sum(headline.first_word_before or ()) == 1
    assert house.dashboard.headline(OPERATOR, View(period="last-month")).now.cost_usd == Decimal("0.0042")


FILTERS: list[dict[str, list[str]]] = [
    {"provider": ["anthropic", "groq"]},
    {"surface": ["theatre"], "persona": ["writer"]},
    {"persona": ["none"]},
    {"person": ["none"]},
    {"department": ["none"], "key_source": ["user"]},
    {"tier": ["3"]},
    {"mode": ["coaching"], "profile": ["frontier"]},
    {"model": ["nothing"]},
]


def test_filters_hold_in_every_part_of_the_page_and_come_back_by_the_address(house: House) -> None:
    for only in FILTERS:
        view = View()
        for name, values in only.items():
            view = view.with_only(name, values)
        assert View.of(view.to_query()) == view
        _holds(house, view, [call for call in NOVEMBER if all(_is(call, *each) for each in only.items())])


def _holds(house: House, view: View, wanted: list[Golden]) -> None:
    """Every part of the page has these calls and no others."""
    sums = expected(wanted) if wanted else Sums()
    assert plain(house.dashboard.headline(OPERATOR, view).now) == sums
    days = house.dashboard.by_day(OPERATOR, view)
    assert {tuple(line.of.values()): plain(line.sums) for line in days} == {
        key: expected(calls) for key, calls in grouped(("day", "provider"), wanted).items()
    }
    for by in DIMENSIONS[1:]:
        found = house.dashboard.breakdown(OPERATOR, view, by)
        assert {line.name: plain(line.sums) for line in found} == {
            key: expected(calls) for (key,), calls in grouped((by,), wanted).items()
        }
    late = sum(call.state == "late" for call in wanted)
    assert house.service(Calls).count(OPERATOR, view) == len(wanted) + late
    assert sum(pace.calls for pace in house.dashboard.pace(OPERATOR, view)) == sums.calls


def _is(call: Golden, name: str, values: list[str]) -> bool:
    found = {"person": call.who if call.who != "-" else "none", "tier": str(call.tier), "key_source": call.payer}
    found |= {"department": DEPARTMENTS.get(call.who, "none"), "persona": call.persona or "none"}
    return (found.get(name) or KEYS[name](call)) in values


def test_the_calls_behind_a_row_are_those_of_the_table_newest_first(house: House) -> None:
    ada = str(house.people["ada"].person_id)
    view = View(by="person", picked=ada)
    calls = house.service(Calls)
    hers = [call for call in NOVEMBER if call.who == "ada"][::-1]
    assert calls.count(OPERATOR, view) == len(hers)
    pages = [calls.page(OPERATOR, view, skip=skip, most=4) for skip in (0, 4, 8)]
    found = [line for page in pages for line in page]
    assert [(line.at, line.model, line.tokens, line.cost_usd) for line in found] == [
        (call.at, call.model, call.tokens, None if call.cost is None else usd(call.cost)) for call in hers
    ]
    assert {(line.person, line.department) for line in found} == {("Ada", "Travel")}
    failed = calls.page(OPERATOR, View(failed=True))
    assert [line.error_code for line in failed] == ["rate_limited", "stream_cut", "rate_limited"]


def test_no_file_has_a_formula_and_every_file_has_the_figures(house: House) -> None:
    calls, view = house.service(Calls), HALF_A_YEAR
    by_person = Reports(house.database).report(OPERATOR, ("person", "persona"))
    files = {
        "page": house.on_screen.export(OPERATOR, view, "csv"),
        "calls": calls.export(OPERATOR, view, "csv"),
        "report": Reports(house.database).export(OPERATOR, by_person, "csv"),
    }
    tables = {name: list(csv.reader(io.StringIO(file.decode()))) for name, file in files.items()}
    for rows in tables.values():
        cells = [cell for row in rows for cell in row]
        assert [cell for cell in cells if cell.startswith(FORMULA) and not _is_number(cell)] == []
        assert any("cmd|" in cell for cell in cells)
    head, *lines = tables["calls"]
    assert len(lines) == len(CALLS) + 1
    costs = [Decimal(row[head.index("cost_usd")]) for row in lines if row[head.index("cost_usd")]]
    assert sum(costs) == expected(CALLS).cost_usd
    head, *lines = tables["page"]
    assert json.loads(house.on_screen.export(OPERATOR, view, "json"))["rows"][0]["calls"] == len(CALLS)
    for part in ("total", "by day and provider", "by persona", "by model", "table by person"):
        parts = [dict(zip(head, row, strict=True)) for row in lines if row[0] == part]
        both = [Decimal(row["house_usd"]) + Decimal(row["own_keys_usd"]) for row in parts]
        assert sum(both) == expected(CALLS).cost_usd, part
        assert sum(int(row["calls"]) for row in parts) == len(CALLS)
        assert sum(int(row["reasoning"]) for row in parts) == 775


def _is_number(cell: str) -> bool:
    try:
        return Decimal(cell).is_finite()
    except ArithmeticError:
        return False


def test_people_have_their_month_and_their_weeks(house: House) -> None:
    table = house.service(PeopleUsage).people(OPERATOR, View())
    assert table.count == 4
    found = {line.name: line for line in table.lines}
    ada = found["Ada"]
    assert plain(ada.sums) == expected(call for call in NOVEMBER if call.who == "ada")
    assert ada.month_share == pytest.approx(float(ada.sums.house_usd) / 10)
    assert ada.last_day == date(2026, 11, 22) and ada.department == "Travel"
    assert sum(ada.weeks) == pytest.approx(float(ada.sums.cost_usd) + 0.0042)
    assert found["Operator"].month_share is None
    set_budget(house.database, 10**8, "person", ada.value)
    (capped,) = house.service(PeopleUsage).people(OPERATOR, View(), find="Ada").lines
    assert capped.month_share == pytest.approx(float(ada.sums.house_usd) / 0.1)
    assert house.service(PeopleUsage).people(OPERATOR, View(), find="ADA").count == 1


def test_one_sees_what_one_used_oneself(house: House) -> None:
    mine = house.service(OwnUsage).mine(house.people["bo"])
    hers = [call for call in NOVEMBER if call.who == "bo"]
    assert plain(mine.month) == expected(hers)
    assert (sum(day.house_calls for day in mine.days), sum(day.own_calls for day in mine.days)) == (6, 3)
    assert mine.calendar[date(2026, 11, 1)] == 2 and sum(mine.calendar.values()) == len(hers)
    assert min(mine.calendar).weekday() == 0 and max(mine.calendar) == NOW.date()
    assert [(line.name, line.sums.calls) for line in mine.personas] == [("writer", 9)]


def test_moves_reprice_tokens_and_leave_the_rest(house: House) -> None:
    gpt, sonnet = ModelRef("openai", "gpt-5.5"), ModelRef("anthropic", "claude-sonnet-5")
    haiku, flash = ModelRef("anthropic", "claude-haiku-5"), ModelRef("google", "gemini-2.5-flash")
    answer = house.what_if.reprice(OPERATOR, View(), [Move("theatre", sonnet, haiku), Move("", gpt, flash, 50)])
    theatre, half = answer.moved
    # Theatre: 2,100 in, 2,000 read, 2,000 written and 500 out, at 1, 0.10, 1.25 and 5 dollars a million.
    assert (theatre.calls, theatre.was_usd, theatre.would_be_usd) == (3, Decimal("0.0219"), Decimal("0.0073"))
    assert theatre.too_long == 0
    # gpt-5.5: 2,200 in and 295 out in six calls cost 6.76; half of them at 0.30 and 2.50 is 0.69875.
    assert (half.calls, half.was_usd, half.would_be_usd) == (3, Decimal("0.00338"), Decimal("0.00069875"))
    assert half.too_long == 0
    assert answer.was_usd == Decimal("0.058382")
    assert answer.saved_usd == Decimal("0.0219") - Decimal("0.0073") + Decimal("0.00338") - Decimal("0.00069875")
    assert answer.year_usd == answer.would_be_usd * 365 / 22
    assert sum((was for _, was, _ in answer.by_persona), start=Decimal()) == answer.was_usd
    assert sum((then for _, _, then in answer.by_persona), start=Decimal()) == answer.would_be_usd


def test_what_does_not_fit_is_counted_and_nothing_is_moved_twice(house: House) -> None:
    mini, flash = ModelRef("openai", "gpt-5.4-mini"), ModelRef("google", "gemini-2.5-flash")
    twice = house.what_if.reprice(OPERATOR, View(), [Move("", mini, flash), Move("assistant", mini, flash)])
    assert [(each.calls, each.too_long) for each in twice.moved] == [(3, 2), (0, 0)]
    assert twice.too_long == 2
    secret = house.what_if.reprice(OPERATOR, View(), [Move("", ModelRef("openai", "gpt-secret"), mini)])
    assert (secret.unknown_price, secret.saved_usd, secret.too_long) == (1, Decimal("-0.00028"), None)
    assert house.what_if.models(OPERATOR, View())["trips"] == [flash, ModelRef("google", "gemini-2.5-pro")]
    for wrong in (Move("", mini, ModelRef("openai", "gpt-secret")), Move("", mini, flash, 0)):
        with pytest.raises(BadInput):
            house.what_if.reprice(OPERATOR, View(), [wrong])


def test_a_bill_is_held_against_the_ledger(house: House) -> None:
    invoices: Invoices = house.service(Invoices)
    november = (date(2026, 11, 1), date(2026, 11, 30))
    check = invoices.check(OPERATOR, "anthropic", *november, Decimal("0.04"), {"claude-haiku-5": Decimal("0.006")})
    assert (check.ledger_usd, check.gap_usd) == (Decimal("0.02995"), Decimal("0.01005"))
    haiku = next(row for row in check.models if row.model == "claude-haiku-5")
    assert (haiku.calls, haiku.ledger_usd, haiku.gap_usd) == (3, Decimal("0.00625"), Decimal("-0.00025"))
    assert check.reasons == (
        Reason("expired", 2, Decimal("0.0012")),
        Reason("failed", 1, None),
        Reason("time_zone", 2, Decimal("0.0174")),
        Reason("own_keys", 1, Decimal("0.0048")),
    )
    assert invoices.check(OPERATOR, "openai", *november, Decimal(1)).reasons[0] == Reason("unknown_price", 1, None)
    assert list(invoices.providers(OPERATOR, *november)) == ["anthropic", "google", "openai", "groq", "local"]
    for billed, days in ((Decimal(-1), november), (None, november), (Decimal(1), november[::-1])):
        with pytest.raises(BadInput):
            invoices.check(OPERATOR, "openai", *days, billed)


def test_metrics_have_the_figures_and_no_names(house: House) -> None:
    allowances = Allowances(house.database, **house.day)
    text = Metrics(house.database, allowances, clock=house.day["clock"]).text(OPERATOR)
    samples = dict(line.rsplit(" ", 1) for line in text.splitlines() if not line.startswith("#"))
    assert samples['studio_calls_total{provider="groq",status="failed"}'] == "1"
    assert samples['studio_cost_usd_total{provider="google",model="gemini-2.5-pro",key_source="env"}'] == "0.01531"
    calls = sum(int(value) for name, value in samples.items() if name.startswith("studio_calls_total"))
    assert calls == len(CALLS)
    reasoning = [int(value) for name, value in samples.items() if 'kind="reasoning"' in name]
    assert sum(reasoning) == 775
    openai = {name: int(value) for name, value in samples.items() if "answer_seconds" in name and "openai" in name}
    assert openai['studio_answer_seconds_bucket{provider="openai",le="0.125"}'] == 2
    assert openai['studio_answer_seconds_bucket{provider="openai",le="+Inf"}'] == 13
    assert openai['studio_answer_seconds_count{provider="openai"}'] == 13
    assert not any(word in text for word in [*NAMES.values(), *DEPARTMENTS.values(), "maestro", "example.org"])
