"""Groups A1 to A5: whoever races whomever, as many are let in as were left, and a stop stops at its commit."""

from collections import Counter as Tally
from collections.abc import Callable
from dataclasses import replace
from functools import partial
from pathlib import Path
from time import monotonic_ns
from typing import Any
from uuid import UUID

import pytest
from uuid_utils.compat import uuid7

from db.models import Admission as AdmissionRow
from db.models import Counter
from db.repositories.metering import Metering
from db.session import Database
from engine.accounts.actor import Actor
from engine.errors import StoppedByAdmin, StudioError
from engine.generation import CallContext
from engine.llm import LLMRequest, Message
from engine.providers.scripted import Scripted
from engine.retry import while_database_is_away
from engine.studio import Studio
from engine.usage.call import Call
from engine.usage.controls import Controls
from tests.db.races import race
from tests.engine.conftest import person as person_of
from tests.engine.usage.cases import (
    CALL,
    FREE,
    OPERATOR,
    OWN_KEY,
    Clock,
    every_counter,
    guard_of,
    plans,
    rows,
    set_budget,
    set_plans,
)
from tests.engine.usage.race import CAP, take_of
from tests.engine.waiting import until
from tests.reliability import acts
from tests.reliability.crowd import PROCESSES, THREADS, Prepare, crowd
from tests.reliability.figures import Figure, Size

HOLD = CALL.hold_nano or 0
RACERS = PROCESSES * THREADS
LEFT = 3
KEYS = 64


def held(database: Database, person_id: UUID, meter: str) -> int:
    """What is held of one meter of a person, over all periods."""
    return sum(row.held for row in rows(database, Counter) if (row.scope_id, row.meter) == (str(person_id), meter))


# A1


def last_ones(
    database: Database, url: str, meter: str, rounds: int, prepare: Callable[..., Any] | None = None
) -> Figure:
    set_plans(database, plans())
    exact, granted = 0, []
    for _ in range(rounds):
        person_id = uuid7()
        if meter == "requests":
            with database.write() as unit:
                unit.session.add(Counter(**take_of(person_id).key, used=CAP - LEFT, held=0))
        act = prepare or {"requests": acts.last_request, "samples": acts.last_sample}[meter]
        told = Tally(crowd(partial(act, person_id=person_id), url))
        granted.append(told["admitted"])
        exact += told == {"admitted": LEFT, "refused": RACERS - LEFT} and (
            held(database, person_id, meter) in (LEFT, 2 * LEFT)  # twice, where the month counts them too
        )
    return Figure(
        f"A1 {RACERS} racers for the last {LEFT} {meter} [{database.dialect}]",
        f"exact in {exact} of {rounds} rounds, at most {max(granted)} let in",
        f"exact in {rounds} of {rounds}",
        exact == rounds,
    )


@pytest.mark.parametrize("meter", ["requests", "samples"])
def test_a1_the_last_ones(database: Database, database_url: str, size: Size, meter: str) -> None:
    last_ones(database, database_url, meter, size.of(3, 20)).holds()


def test_a1_mutant(database: Database, database_url: str, size: Size) -> None:
    figure = last_ones(database, database_url, "samples", 1, acts.looks_before_it_adds)
    figure.catches("looks, decides, and adds afterwards")


# A2

PEOPLE, EACH = 4, 3
SHARED = PEOPLE * EACH - 5
PLACES = ("day", "month", "person money", "department", "house")


def tightest(database: Database, place: str) -> tuple[int, UUID]:
    """Set every limit so that the one at this place is met first; how many it lets in, and the department."""
    department_id = uuid7()
    caps = {name: EACH if name == place else 2 * EACH for name in PLACES[:3]}
    set_plans(
        database,
        plans(
            requests_day=caps["day"], requests_month=caps["month"], usd_month=str(caps["person money"] * HOLD / 10**9)
        ),
    )
    for scope, scope_id in (("department", str(department_id)), ("house", "house")):
        set_budget(database, (SHARED if scope == place else 100) * HOLD, scope, scope_id)
    return SHARED if place in ("department", "house") else PEOPLE * EACH, department_id


def many_meters(
    database: Database,
    url: str,
    place: str,
    rounds: int,
    *,
    threads: int,
    processes: int = PROCESSES,
    mutant: str = "",
) -> Figure:
    exact, others = 0, 0
    for _ in range(rounds):
        with database.write() as unit:
            unit.session.query(Counter).delete()
        people = [uuid7() for _ in range(PEOPLE)]
        expected, department_id = tightest(database, place)
        prepare: Prepare = partial(acts.many_meters, people=people, department_id=department_id, mutant=mutant)
        told = Tally(crowd(prepare, url, threads=threads, processes=processes))
        errors = sum(told.values()) - told["admitted"] - sum(n for what, n in told.items() if what.startswith("limit:"))
        shared = {key[:2]: value for key, value in every_counter(database).items() if key[0] != "person"}
        full = {(scope, "money"): (0, expected * HOLD) for scope in ("persona", "department", "house")}
        requests = sum(held(database, each, "requests") for each in people)
        exact += told["admitted"] == expected and not errors and shared == full and requests == 2 * expected
        others += errors
    return Figure(
        f"A2 six meters, {place} the tightest [{database.dialect}]",
        f"exact and nothing kept of a refusal in {exact} of {rounds} rounds, {others} deadlocks or other errors",
        f"{rounds} of {rounds}, 0",
        exact == rounds and not others,
    )


@pytest.mark.parametrize("place", PLACES)
def test_a2_many_meters(database: Database, database_url: str, size: Size, place: str) -> None:
    many_meters(database, database_url, place, size.of(1, 8), threads=size.of(8, THREADS)).holds()


def test_a2_mutant_keeps_what_it_refused(database: Database, database_url: str, size: Size) -> None:
    figure = many_meters(database, database_url, "house", 1, threads=8, mutant="keeps")
    figure.catches("a refusal that does not roll back")


def test_a2_mutant_takes_in_any_order(postgres: Database, postgres_url: str, size: Size) -> None:
    # SQLite has one writer, so only PostgreSQL can show it.
    name = postgres.url.database
    with postgres.write() as unit:
        unit.connection.exec_driver_sql(f"ALTER DATABASE {name} SET deadlock_timeout = '20ms'")
    figure = many_meters(postgres, postgres_url, "house", 3, threads=4, processes=3, mutant="unordered")
    with postgres.write() as unit:
        unit.connection.exec_driver_sql(f"ALTER DATABASE {name} RESET deadlock_timeout")
    figure.catches("meters taken in any order")


# A3


def controls_of(database: Database) -> Controls:
    return Controls(database, clock=Clock(), ai_enabled=True, on_cut=lambda: None)


def stopped(database: Database, url: str, tmp_path: Path, rounds: int, *, cached: bool = False) -> Figure:
    set_plans(database, plans())
    set_budget(database, 10**15)
    late, before, after = 0, 0, 0
    for turn in range(rounds):
        flag, since = tmp_path / f"stopped-{turn}", len(rows(database, AdmissionRow))
        committed: list[int] = []

        def throw(flag: Path = flag, since: int = since, committed: list[int] = committed) -> None:
            until(lambda: len(rows(database, AdmissionRow)) > since + RACERS)
            controls = controls_of(database)
            # A busy SQLite may keep the stop waiting for longer than its patience; it counts from its commit only.
            stop_id = while_database_is_away(60.0)(controls.stop, OPERATOR, "everything", reason="A rehearsal.")
            committed.extend((monotonic_ns(), stop_id))
            flag.touch()

        told = crowd(partial(acts.until_stopped, flag=str(flag), cached=cached), url, meanwhile=throw)
        moment, stop_id = committed
        attempts = [each for racer in told for each in racer]
        before += sum(what == "admitted" for began, what in attempts if began < moment)
        after += sum(began > moment for began, _ in attempts)
        late += sum(what == "admitted" for began, what in attempts if began > moment)
        controls_of(database).lift(OPERATOR, stop_id)
    return Figure(
        f"A3 a stop under {RACERS} racers [{database.dialect}]",
        f"{late} of {after} calls that began after it let in, {before} before it",
        "0",
        late == 0 and after >= RACERS * rounds and before > 0,
    )


def test_a3_a_stop_counts_from_its_commit(database: Database, database_url: str, size: Size, tmp_path: Path) -> None:
    stopped(database, database_url, tmp_path, size.of(1, 10)).holds()


def test_a3_mutant(database: Database, database_url: str, size: Size, tmp_path: Path) -> None:
    stopped(database, database_url, tmp_path, 1, cached=True).catches("a process that looks only once what is stopped")


def test_a3_a_stop_stops_its_scope_only(studio: Studio, size: Size) -> None:
    """Every scope is thrown in turn; every kind of call is asked under each."""
    department_id = studio.departments.add(OPERATOR, "Research").id
    ada, ben = person_of(studio, "Ada"), person_of(studio, "Ben")
    cleo = replace(person_of(studio, "Cleo"), department_id=department_id)
    set_plans(studio.database, plans())
    guard = guard_of(studio.database)
    asks: dict[str, tuple[Actor, Call]] = {
        "house": (ben, CALL),
        "free": (ben, FREE),
        "own key": (ben, OWN_KEY),
        "groq": (ben, replace(OWN_KEY, provider="groq", model="llama")),
        "other model": (ben, replace(OWN_KEY, model="gpt-5")),
        "fast": (ben, replace(OWN_KEY, profile="fast", model="gpt-5-mini")),
        "studio": (ben, replace(OWN_KEY, surface="studio", model="gpt-5-mini")),
        "department": (cleo, OWN_KEY),
        "ada": (ada, replace(OWN_KEY, model="gpt-5-mini")),
    }
    openai = {"house", "own key", "other model", "fast", "studio", "department", "ada"}
    hit = {
        ("everything", ""): set(asks),
        ("house_keys", ""): {"house"},
        ("provider", "openai"): openai,
        ("model", "openai:gpt-4.1"): {"house", "own key", "department"},
        ("profile", "fast"): {"fast"},
        ("surface", "studio"): {"studio"},
        ("department", str(department_id)): {"department"},
        ("person", str(ada.person_id)): {"ada"},
    }
    right = 0
    for (scope, target), expected in hit.items():
        stop_id = studio.controls.stop(OPERATOR, scope, target, reason="A rehearsal.")
        found = {name for name, (actor, call) in asks.items() if acts.asked(guard, actor, call) == StoppedByAdmin.code}
        studio.controls.lift(OPERATOR, stop_id)
        back = {acts.asked(guard, actor, call) for actor, call in asks.values()}
        right += found == expected and back == {"admitted"}
    Figure(
        f"A3 stops by scope [{studio.database.dialect}]",
        f"{right} of {len(hit)} scopes stop their own calls, and no others, until they are lifted",
        f"{len(hit)} of {len(hit)}",
        right == len(hit),
    ).holds()


# A4 and A5


def one_key(studio: Studio, provider: Scripted, *, bodies: int) -> tuple[Tally[str], int, int]:
    """One idempotency key from many threads: what they heard, the calls at the provider, the requests taken."""
    set_plans(studio.database, plans())
    ada = person_of(studio)

    def ask(number: int) -> str:
        request = LLMRequest((Message("user", f"Question {number % bodies}"),))
        try:
            return studio.generation.generate(ada, request, CallContext("assistant", idempotency_key="once")).text
        except StudioError as problem:
            return problem.code

    told = Tally(race(ask, KEYS))
    return told, len(provider.calls), studio.usage.allowance(ada)[0].used


def same_key(studio: Studio, provider: Scripted) -> Figure:
    told, calls, requests = one_key(studio, provider, bodies=1)
    answered, repeated = told["A scripted answer."], told["in_progress"] + told["already_done"]
    return Figure(
        f"A4 one key from {KEYS} threads [{studio.database.dialect}]",
        f"{calls} calls at the provider, {requests} requests taken, {repeated} told of the first",
        f"1, 1, {KEYS - 1}",
        (answered, calls, requests, repeated) == (1, 1, 1, KEYS - 1),
    )


def other_body(studio: Studio, provider: Scripted) -> Figure:
    told, calls, _ = one_key(studio, provider, bodies=KEYS)
    return Figure(
        f"A5 one key, {KEYS} different requests [{studio.database.dialect}]",
        f"{told['bad_input']} refused as another request, {calls} answered",
        f"{KEYS - 1}, 1",
        (told["bad_input"], calls) == (KEYS - 1, 1),
    )


def test_a4_the_same_key_is_one_call(studio: Studio, local: Scripted, size: Size) -> None:
    same_key(studio, local).holds()


def test_a4_mutant(studio: Studio, local: Scripted, size: Size, monkeypatch: pytest.MonkeyPatch) -> None:
    honest = Metering.open
    monkeypatch.setattr(Metering, "open", lambda self, row: honest(self, row | {"idempotency_key": None}))
    same_key(studio, local).catches("a key that is not unique")


def test_a5_the_key_of_another_request_is_refused(studio: Studio, local: Scripted, size: Size) -> None:
    other_body(studio, local).holds()


def test_a5_mutant(studio: Studio, local: Scripted, size: Size, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("engine.generation._hash_of", lambda request: b"")
    other_body(studio, local).catches("a request that is not compared")


# The house's cap

SIGN_UPS, CAP_CALLS = 50, 40


def spent_between_them(
    database: Database, url: str, rounds: int, *, processes: int = 2, spends_unheld: bool = False
) -> Figure:
    cap, most, least = CAP_CALLS * HOLD, 0, CAP_CALLS * HOLD
    set_plans(database, plans())
    set_budget(database, cap)
    for _ in range(rounds):
        with database.write() as unit:
            unit.session.query(Counter).delete()
        people = [uuid7() for _ in range(SIGN_UPS)]
        crowd(partial(acts.sign_ups, people=people, spends_unheld=spends_unheld), url, processes=processes, threads=8)
        (used, left_held) = every_counter(database)["house", "money", f"{Clock().now:%Y-%m}"]
        most, least = max(most, used + left_held), min(least, used)
    return Figure(
        f"A9 {SIGN_UPS} sign-ups and the house's cap [{database.dialect}]",
        f"{100 * least / cap:.1f} to {100 * most / cap:.1f} per cent of the cap spent",
        "never above 100, and no whole call left",
        most <= cap and least > cap - HOLD,
    )


def test_a9_sign_ups_cannot_spend_more_than_the_house(database: Database, database_url: str, size: Size) -> None:
    spent_between_them(database, database_url, size.of(1, 10), processes=size.of(2, PROCESSES)).holds()


def test_a9_mutant(database: Database, database_url: str, size: Size) -> None:
    spent_between_them(database, database_url, 1, spends_unheld=True).catches(
        "money that is not held before it is spent"
    )
