"""A8: whatever is done in whatever order, metering is what a small model says, after every step."""

import shutil
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import UTC, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any, ClassVar
from uuid import UUID

import pytest
from hypothesis import HealthCheck, Phase, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    Bundle,
    RuleBasedStateMachine,
    consumes,
    invariant,
    precondition,
    rule,
    run_state_machine_as_test,
)
from uuid_utils.compat import uuid7

import db.repositories.metering as statements
from db.models import Counter, UsageEvent
from db.session import Database
from engine.accounts.actor import Standing
from engine.errors import BadInput, StudioError
from engine.usage.call import Admission, Call, Outcome
from engine.usage.controls import Controls
from engine.usage.corrections import Corrections
from engine.usage.guard import Guard
from engine.usage.ledger import Ledger
from tests.databases import empty, opened
from tests.engine.usage.cases import (
    CALL,
    COST,
    LEASE_S,
    OK,
    OPERATOR,
    Clock,
    every_counter,
    plans,
    rows,
    set_budget,
    set_plans,
)
from tests.reliability.acts import asked, closes_whatever_it_was, person
from tests.reliability.figures import Figure, Size
from tests.reliability.model import Ask, Model, Who

PEOPLE = [Who(str(uuid7()), department=str(uuid7())), Who(str(uuid7())), Who(str(uuid7()), verified=False)]
ASKS = [
    Ask(hold=1_000_000),
    Ask(hold=2_500_000, persona="other"),
    Ask(hold=0, provider="local"),
    Ask(hold=1_000_000, own_key=True),
]
OUTCOMES = {
    "ok": OK,
    "no word": replace(OK, first_token_ms=None),
    "failed": replace(OK, status="failed", charged=False, cost=None, first_token_ms=None),
    "price unknown": replace(OK, cost=None, estimated=True),
}
MILLIONS = st.sampled_from((0, 3, 8, 12, 30, 100)).map(lambda number: number * 1_000_000)
BACK = st.sampled_from((1, 1, 1, 2, 2, 3, 4))
STOPS = (("everything", ""), ("house_keys", ""), ("provider", "openai"))


def call_of(who: Who, ask: Ask) -> Call:
    source, tier = ("user", 3) if ask.own_key else ("env", 2 if who.verified else 1)
    return replace(
        CALL, provider=ask.provider, persona_key=ask.persona, hold_nano=ask.hold, key_source=source, tier=tier
    )


class Metering(RuleBasedStateMachine):
    """Does the same to the product and to the model."""

    fresh: ClassVar[Callable[[], Any]]
    steps: ClassVar[int] = 0

    stops = Bundle("stops")

    def __init__(self) -> None:
        super().__init__()
        self.context = self.fresh()
        self.database: Database = self.context.__enter__()
        self.clock = Clock()
        self.model = Model(timedelta(seconds=LEASE_S))
        self.admissions: dict[str, Admission] = {}
        self.forgotten: set[str] = set()
        self.verified = 0
        self.plan()
        self.budget("house", 20_000_000)
        self.start()

    def teardown(self) -> None:
        assert self.disagreements() == []
        self.context.__exit__(None, None, None)

    def start(self) -> None:
        """A process begins; at its first call it looks for those of processes that are gone."""
        self.guard = Guard(self.database, clock=self.clock, billing_zone=UTC, lease_s=LEASE_S)
        self.first = True

    def plan(self) -> None:
        model = self.model
        limits = {"requests_day": model.requests_day, "requests_month": model.requests_month}
        usd = str(Decimal(model.person_month) / 10**9)
        set_plans(self.database, plans(**limits, usd_month=usd, concurrent=model.concurrent))

    @rule(who=st.sampled_from(PEOPLE), ask=st.sampled_from(ASKS))
    def admit(self, who: Who, ask: Ask) -> None:
        if self.first:
            self.model.reclaim(self.clock.now)
            self.first = False
        actor = person(
            UUID(who.id),
            Standing.VERIFIED if who.verified else Standing.UNVERIFIED,
            UUID(who.department) if who.department else None,
        )
        refusal = self.model.refusal(who, ask, self.clock.now)
        if refusal:
            assert asked(self.guard, actor, call_of(who, ask)) == refusal
            return
        admission = self.guard.admit(actor, call_of(who, ask))
        name = str(admission.id)
        self.model.admit(name, who, ask, self.clock.now)
        self.admissions[name] = admission

    @precondition(lambda self: self.admissions)
    @rule(
        back=BACK,
        outcome=st.sampled_from(sorted(OUTCOMES)),
        nano=st.sampled_from((0, 28_100, 900_000)),
        times=st.sampled_from((1, 1, 2)),
    )
    def settle(self, back: int, outcome: str, nano: int, times: int) -> None:
        call = self.recent(back)
        if call in self.forgotten:
            return
        found: Outcome = OUTCOMES[outcome]
        if found.cost is not None:
            found = replace(found, cost=replace(COST, nano=nano))
        for _ in range(times):
            self.guard.settle(self.admissions[call], found)
        cost = found.cost.nano if found.cost else None
        self.model.settle(call, charged=found.charged, cost=cost, words=found.first_token_ms is not None)

    @rule()
    def reclaim(self) -> None:
        assert self.guard.reclaim() == self.model.reclaim(self.clock.now)

    @rule()
    def abandon(self) -> None:
        """Nobody renews for longer than a lease, and somebody looks."""
        self.tick(LEASE_S + 1)
        self.reclaim()

    @precondition(lambda self: self.admissions)
    @rule(back=BACK)
    def renew(self, back: int) -> None:
        call = self.recent(back)
        if call in self.forgotten:
            return
        found = self.model.calls[call]
        assert self.guard.renew([UUID(call)]) == ({UUID(call)} if found.state == "open" else set())
        if found.state == "open":
            found.lease_until = self.clock.now + self.model.lease

    @rule(seconds=st.sampled_from((1, 50, LEASE_S, LEASE_S + 1, 3_600, 43_200, 20 * 86_400)))
    def tick(self, seconds: int) -> None:
        self.clock.move(seconds=seconds)

    @rule()
    def crash(self) -> None:
        self.forgotten |= set(self.admissions)
        self.start()

    @rule(day=st.one_of(st.none(), st.integers(0, 8)), month=st.integers(0, 20), person_month=MILLIONS)
    def change_plan(self, day: int | None, month: int, person_month: int) -> None:
        self.model.requests_day, self.model.requests_month, self.model.person_month = day, month, person_month
        self.plan()

    @rule(place=st.sampled_from(("house", "persona", "department")), nano=MILLIONS)
    def budget(self, place: str, nano: int) -> None:
        scope_id = {"house": "house", "persona": "maestro", "department": PEOPLE[0].department}[place]
        self.model.budgets[place, scope_id] = nano
        set_budget(self.database, nano, place, scope_id)

    @rule(target=stops, what=st.sampled_from(STOPS))
    def stop(self, what: tuple[str, str]) -> UUID:
        stop_id = self.controls.stop(OPERATOR, *what, reason="A rehearsal.")
        self.model.stops[str(stop_id)] = what
        return stop_id

    @rule(stop=consumes(stops))
    def lift(self, stop: UUID) -> None:
        self.controls.lift(OPERATOR, stop)
        del self.model.stops[str(stop)]

    @precondition(lambda self: self.admissions)
    @rule(back=BACK, cost=st.one_of(st.none(), MILLIONS), give_back=st.booleans())
    def correct(self, back: int, cost: int | None, give_back: bool) -> None:
        call = self.recent(back)
        usd = None if cost is None else Decimal(cost) / 10**9
        corrections = Corrections(self.database, clock=self.clock)
        was_open = self.model.calls[call].state == "open"
        if was_open or not self.model.correct(call, cost, give_back=give_back):
            with pytest.raises(BadInput):
                corrections.correct(OPERATOR, UUID(call), cost_usd=usd, give_back=give_back, reason="A mistake.")
            return
        corrections.correct(OPERATOR, UUID(call), cost_usd=usd, give_back=give_back, reason="A mistake.")

    def recent(self, back: int) -> str:
        """One of the latest calls; the very latest most often, so that much happens to the same one."""
        return list(self.admissions)[-min(back, len(self.admissions))]

    def disagreements(self) -> list[str]:
        return Ledger(self.database, clock=self.clock, billing_zone=UTC).verify(OPERATOR)

    @property
    def controls(self) -> Controls:
        return Controls(self.database, clock=self.clock, ai_enabled=True, on_cut=lambda: None)

    @invariant()
    def the_counters_are_the_models(self) -> None:
        type(self).steps += 1
        due = {key: (used, 0) for key, used in self.model.used.items()}
        for call in self.model.calls.values():
            if call.state == "open":
                for key, amount in call.takes:
                    used, held = due.get(key, (self.model.used[key], 0))
                    due[key] = (used, held + amount)
        found = {
            (row.scope, row.scope_id, row.meter, row.period): (row.used, row.held)
            for row in rows(self.database, Counter)
            if row.used or row.held
        }
        assert found == {key: value for key, value in due.items() if any(value)}
        assert all(used >= 0 and held >= 0 for used, held in found.values())

    @invariant()
    def the_sums_are_the_ledgers(self) -> None:
        lines = rows(self.database, UsageEvent)
        if len(lines) == self.verified:
            return
        self.verified = len(lines)
        assert self.disagreements() == []
        told: dict[str, int] = {}
        for line in lines:
            name = str(line.admission_id)
            hold = self.model.calls[name].ask.hold
            counted = hold * line.calls if line.cost_nano is None else line.cost_nano
            told[name] = told.get(name, 0) + counted
        assert told == {name: call.cost for name, call in self.model.calls.items() if call.state != "open"}
        assert sum(line.calls for line in lines) == len(told)


def run(
    fresh: Callable[[], Any], dialect: str, runs: int, steps: int, *, random: bool = False, shrinks: bool = True
) -> Figure:
    """Let Hypothesis try; a short form tries the same every time, so that a test run says what the one before said."""
    machine = type("Metering", (Metering,), {"fresh": staticmethod(fresh), "steps": 0})
    phases = (Phase.explicit, Phase.generate, *((Phase.shrink,) if shrinks else ()))
    how = settings(
        max_examples=runs,
        stateful_step_count=steps,
        deadline=None,
        database=None,
        derandomize=not random,
        phases=phases,
        suppress_health_check=list(HealthCheck),
    )
    diverged = ""
    try:
        run_state_machine_as_test(machine, settings=how)
    except (AssertionError, StudioError) as problem:
        diverged = f": {problem!r:.120}"
        if shrinks:
            raise
    return Figure(
        f"A8 state machine [{dialect}]",
        f"{int(bool(diverged))} divergences from the model in {machine.steps} steps of {runs} runs{diverged}",
        "0",
        not diverged,
    )


@pytest.fixture
def fresh_sqlite(sqlite_template: Path, memory: Path) -> Callable[[], Any]:
    """Opens an empty SQLite database as often as it is called."""

    @contextmanager
    def fresh() -> Iterator[Database]:
        file = shutil.copy(sqlite_template, memory / f"{uuid7()}.db")
        database = opened(f"sqlite:///{file}")
        yield database
        database.close()
        for left in memory.glob(f"{Path(file).name}*"):
            left.unlink()

    return fresh


@pytest.fixture
def fresh_postgres(postgres: Database, postgres_url: str) -> Callable[[], Any]:
    """The same PostgreSQL database, emptied."""

    @contextmanager
    def fresh() -> Iterator[Database]:
        empty(postgres)
        yield postgres

    return fresh


def test_a8_on_sqlite(fresh_sqlite: Callable[[], Any], size: Size) -> None:
    run(fresh_sqlite, "sqlite", *size.of((30, 20), (2_000, 50)), random=size is Size.FULL).holds()


def test_a8_on_postgresql(fresh_postgres: Callable[[], Any], size: Size) -> None:
    run(fresh_postgres, "postgresql", *size.of((8, 20), (200, 50)), random=size is Size.FULL).holds()


def test_a8_mutant(fresh_sqlite: Callable[[], Any], size: Size, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(statements, "_CLOSE", closes_whatever_it_was())
    figure = run(fresh_sqlite, "sqlite", 30, 20, shrinks=False)
    figure.catches("a call is closed whatever its state")


def test_a8_a_report_after_a_correction_changes_nothing_more(database: Database) -> None:
    """Found by the machine: it took from the counters what others had spent."""
    clock, ada, ben = Clock(), person(UUID(PEOPLE[0].id)), person(UUID(PEOPLE[1].id))
    guard = Guard(database, clock=clock, billing_zone=UTC, lease_s=LEASE_S)
    late, _ = guard.admit(ada, CALL), guard.admit(ben, CALL)
    clock.move(seconds=LEASE_S + 1)
    assert guard.reclaim() == 2
    corrections = Corrections(database, clock=clock)
    corrections.correct(OPERATOR, late.id, cost_usd=Decimal(0), give_back=True, reason="It was never answered.")
    before = every_counter(database)
    guard.settle(late, OK)
    assert every_counter(database) == before
    assert before["house", "money", "2026-11"] == (CALL.hold_nano, 0)
