"""Thirty calls, reckoned by hand: every provider, cached and reasoning tokens, unknown prices, both payers, the edge of
a month and of a day in a zone that is not UTC, names that a spreadsheet would run.

Prices are USD per million tokens, so a price of 2 is 2,000 nano-USD a token. The columns `cost` and `saved` are worked
out by hand in thousands of nano-USD; "?" is an unknown price. `day` is the one in Madrid.
"""

from dataclasses import dataclass, replace
from datetime import UTC, date, datetime
from decimal import Decimal
from pathlib import Path
from zoneinfo import ZoneInfo

from uuid_utils.compat import uuid7

from db.models.people import Department, Person
from db.session import Database
from engine.accounts.actor import Actor, Role, Standing
from engine.llm.usage import Usage
from engine.usage.call import Call, Outcome
from engine.usage.guard import Guard
from engine.usage.prices import PriceBook
from tests.engine.usage.cases import LEASE_S, OPERATOR, Clock, guard_of

ZONE = ZoneInfo("Europe/Madrid")
NOW = datetime(2026, 11, 22, 12, tzinfo=UTC)

PRICES = """
free: [local]
models:
  openai:
    gpt-5.5: {input: 2, cache_read: 0.5, output: 8}
    gpt-5.4-mini: {input: 0.4, cache_read: 0.1, output: 1.6}
  anthropic:
    claude-sonnet-5: {input: 3, cache_read: 0.3, cache_write: 3.75, output: 15}
    claude-haiku-5: {input: 1, cache_read: 0.1, cache_write: 1.25, output: 5}
  google:
    gemini-2.5-pro: {input: 1.25, cache_read: 0.31, output: 10}
    gemini-2.5-flash: {input: 0.3, output: 2.5}
  groq:
    llama-4-scout: {input: 0.11, output: 0.34}
"""

NAMES = {"ada": "Ada", "bo": "=cmd|' /C calc'!A0", "cy": "@Cy"}
DEPARTMENTS = {"ada": "Travel", "bo": "+Sales"}

# The columns: when (UTC), day, who, model, surface, persona, payer, what became of it; tokens in, read from the cache,
# written to it, out, reasoning; milliseconds in all and to the first word; cost, saved.
TABLE = """
10-31T22:59  10-31  ada  openai:gpt-5.5             assistant maestro  env    ok       1000 2000    0 100  50   900  400   4200   3000
10-31T23:00  11-01  ada  openai:gpt-5.5             assistant maestro  env    ok        500    0    0 100   0   100   60   1800      0
11-01T12:00  11-01  bo   anthropic:claude-sonnet-5  theatre   writer   env    ok       1000    0 2000 200   0  3000  700  13500  -1500
11-01T12:05  11-01  bo   anthropic:claude-sonnet-5  theatre   writer   env    ok        100 2000    0 200   0  2500  600   3900   5400
11-02T08:00  11-02  cy   anthropic:claude-haiku-5   assistant general  env    ok       2000    0    0 400   0   700  300   4000      0
11-02T09:00  11-02  cy   openai:gpt-5.4-mini        assistant general  user   ok      10000    0    0 1000  0   700  300   5600      0
11-03T09:00  11-03  ada  google:gemini-2.5-pro      trips     planner  env    ok       4000 1000    0 300 700  4500 3800  15310    940
11-03T10:00  11-03  ada  google:gemini-2.5-flash    trips     planner  env    ok       1000    0    0 100   0   400  200    550      0
11-04T09:00  11-04  ada  groq:llama-4-scout         compare   planner  env    ok       1000    0    0 1000  0   200   90    450      0
11-05T09:00  11-05  bo   groq:llama-4-scout         compare   writer   user   ok       2000    0    0 500   0   200   90    390      0
11-06T09:00  11-06  -    openai:gpt-5.5             cli       -        env    ok        100    0    0  10   0   300  150    280      0
11-06T10:00  11-06  -    openai:gpt-secret          cli       -        env    ok        500    0    0  50   0   300  150      ?      0
11-07T09:00  11-07  cy   openai:gpt-secret          assistant general  user   ok        300  100    0  30   0   300  150      ?      0
11-08T09:00  11-08  ada  local:smollm2              assistant maestro  env    ok        200    0    0  20   0  2000 1000      0      0
11-09T09:00  11-09  bo   groq:llama-4-scout         assistant writer   env    refused     0    0    0   0   0    90    -      0      0
11-10T09:00  11-10  ada  anthropic:claude-sonnet-5  assistant maestro  env    stopped   500    0    0  20   0   800  500   1800      0
11-11T09:00  11-11  cy   anthropic:claude-haiku-5   assistant general  env    cut      1000    0    0  10   0   900  300   1050      0
11-12T09:00  11-12  bo   openai:gpt-5.4-mini        assistant writer   system ok       1000 1000    0 100   0   600  250    660    300
11-13T09:00  11-13  ada  openai:gpt-5.4-mini        assistant maestro  env    ok          1    0    0   1   0   120   60      2      0
11-14T22:30  11-14  cy   openai:gpt-5.5             assistant general  env    ok        250    0    0  25  25   700  300    900      0
11-14T23:30  11-15  cy   openai:gpt-5.5             assistant general  env    ok        250    0    0  25   0   700  300    700      0
11-16T09:00  11-16  bo   anthropic:claude-haiku-5   assistant writer   env    late      700    0    0 100   0   900  300   1200      0
11-17T09:00  11-17  ada  anthropic:claude-sonnet-5  theatre   maestro  env    ok       1000    0    0 100   0  1500  600   4500      0
11-18T09:00  11-18  bo   google:gemini-2.5-pro      assistant writer   user   ok       1000    0    0 100   0  2200  900   2250      0
11-19T09:00  11-19  cy   google:gemini-2.5-flash    ideas     general  env    ok       3000    0    0 400   0   500  200   1900      0
11-20T09:00  11-20  ada  openai:gpt-5.5             assistant maestro  env    ok       1000    0    0 100   0   900  400   2800      0
11-21T09:00  11-21  bo   anthropic:claude-sonnet-5  assistant writer   user   ok       1000 1000    0 100   0  1400  500   4800   2700
11-22T08:00  11-22  ada  openai:gpt-5.4-mini        assistant maestro  env    ok       5000    0    0 500   0  1600  300   2800      0
11-22T09:00  11-22  bo   anthropic:claude-sonnet-5  assistant writer   env    refused     0    0    0   0   0    90    -      0      0
11-22T10:00  11-22  cy   openai:gpt-5.5             assistant =HYPER() env    ok        100    0    0  10   0   700  300    280      0
"""  # noqa: E501


@dataclass(frozen=True)
class Golden:
    """One row of the table; `cost` and `saved` in nano-USD, None where the price is unknown."""

    at: datetime
    day: date
    who: str
    provider: str
    model: str
    surface: str
    persona: str
    payer: str
    state: str
    tokens: Usage
    latency_ms: int
    first_ms: int | None
    cost: int | None
    saved: int

    @property
    def failed(self) -> bool:
        return self.state in ("refused", "cut")

    @property
    def mode(self) -> str:
        return "coaching" if self.surface in ("trips", "ideas") else "general"

    @property
    def tier(self) -> int:
        return 3 if self.payer == "user" else 2

    @property
    def profile(self) -> str:
        return "cheap" if self.model in ("gpt-5.4-mini", "claude-haiku-5", "llama-4-scout") else "frontier"


def _row(line: str) -> Golden:
    when, day, who, ref, surface, persona, payer, state, *figures = line.split()
    tokens, (latency, first, cost, saved) = [int(each) for each in figures[:5]], figures[5:]
    provider, model = ref.split(":")
    return Golden(
        at=datetime.fromisoformat(f"2026-{when}").replace(tzinfo=UTC),
        day=date.fromisoformat(f"2026-{day}"),
        who=who,
        provider=provider,
        model=model,
        surface=surface,
        persona="" if persona == "-" else persona,
        payer=payer,
        state=state,
        tokens=Usage(*tokens),
        latency_ms=int(latency),
        first_ms=None if first == "-" else int(first),
        cost=None if cost == "?" else int(cost) * 1000,
        saved=int(saved) * 1000,
    )


CALLS = [_row(line) for line in TABLE.strip().splitlines()]
NOVEMBER = [call for call in CALLS if call.day.month == 11]


def usd(nano: int) -> Decimal:
    return Decimal(nano) / 10**9


def book_of(folder: Path) -> PriceBook:
    """The prices of the table."""
    file = folder / "prices.yaml"
    file.write_text(PRICES)
    return PriceBook(file)


def people_of(database: Database) -> dict[str, Actor]:
    """The people of the table, who are there, and the operator."""
    found = {"-": OPERATOR}
    with database.write() as unit:
        for who, name in NAMES.items():
            department = DEPARTMENTS.get(who)
            department_id = uuid7() if department else None
            if department:
                unit.departments.add(Department(id=department_id, name=department, recommended=[], created_at=NOW))
            row = Person(
                id=uuid7(), email=f"{who}@example.org", handle=who, name=name, password_hash="", role="user",
                verified_at=NOW, created_at=NOW, department_id=department_id,
            )  # fmt: skip
            unit.people.add(row)
            found[who] = Actor(row.id, Role.USER, Standing.VERIFIED, name, who, row.email, department_id)
    return found


def write(database: Database, book: PriceBook) -> dict[str, Actor]:
    """Make the thirty calls through the guard, each at its moment; who made them."""
    people, clock = people_of(database), Clock()
    guard = guard_of(database, clock, str(ZONE))
    for row in CALLS:
        clock.now = row.at
        _make(guard, clock, book, people[row.who], row)
    return people


def _make(guard: Guard, clock: Clock, book: PriceBook, actor: Actor, row: Golden) -> None:
    known = book.unit_prices(row.provider, row.model) is not None
    call = Call(
        surface=row.surface,
        mode=row.mode,
        provider=row.provider,
        model=row.model,
        profile=row.profile,
        key_source=row.payer,
        tier=row.tier,
        persona_key=row.persona or None,
        persona_version=1 if row.persona else None,
        hold_nano=(2_500_000 if row.provider != "local" else 0) if known else None,
    )
    charged = row.state != "refused"
    outcome = Outcome(
        status="failed" if row.failed else "stopped" if row.state == "stopped" else "ok",
        charged=charged,
        usage=row.tokens,
        cost=book.cost(row.provider, row.model, row.tokens) if charged else None,
        latency_ms=row.latency_ms,
        first_token_ms=row.first_ms,
        error_code={"refused": "rate_limited", "cut": "stream_cut"}.get(row.state),
    )
    admission = guard.admit(actor, call)
    if row.state == "late":
        clock.move(seconds=LEASE_S + 1)
        assert guard.reclaim() == 1
    guard.settle(admission, replace(outcome))
