"""The rounds of a run: in each, every implementation takes its turn, in random order, in a process of its own."""

import random
import sys
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from time import perf_counter

from benchmarks.books import A_CELL, DAYS, MODELS
from benchmarks.postgres import durable_postgres
from benchmarks.processes import Place, Worker
from benchmarks.samples import Samples
from benchmarks.stub import words

ANSWER, LONG_ANSWER = 100, 1000
SHORT, LONG = f"s-0-{ANSWER}", f"s-0-{LONG_ANSWER}"
PAGES = {"home": "studio/home.py", "personas": "studio/personas.py", "builder": "studio/persona_builder.py"}
FEW, MANY = 10, 10_000


@dataclass(frozen=True, slots=True)
class Plan:
    """How much is measured. `litellm` is the interpreter that has it, if there is one."""

    calls: int = 30
    streams: int = 10
    threads: int = 8
    fresh: int = 7
    pages: int = 12
    a_round: int = 12
    seconds: float = 1.5
    litellm: Path | None = None
    databases: tuple[str, ...] = ("sqlite", "postgresql")
    events: int = 1_000_000
    screens: int = 5


QUICK = Plan(
    calls=1,
    streams=1,
    threads=1,
    fresh=1,
    pages=1,
    a_round=3,
    seconds=0.2,
    databases=("sqlite",),
    events=20_000,
    screens=1,
)
TURNS = random.Random()  # noqa: S311  only the order of turns


def interleaved(rounds: int, turns: list[Callable[[], None]]) -> None:
    """Take all turns once a round, each round in another order."""
    for _ in range(rounds):
        for turn in TURNS.sample(turns, len(turns)):
            turn()


def measure_calls(place: Place, plan: Plan, samples: Samples) -> dict[str, str]:
    """Calls, streams and threads of all implementations; returns the versions that were measured."""
    with ExitStack() as stack:
        workers = {name: stack.enter_context(worker) for name, worker in _callers(place, plan, stack)}
        versions: dict[str, str] = {}
        for name, worker in workers.items():
            for path, count in ((SHORT, ANSWER), (LONG, LONG_ANSWER)):
                worker.ask("warm", path=path, expected="".join(words(count)))
            versions |= {_owned(name, package): said for package, said in worker.ask("about").items()}
        for what, rounds, turn in (
            ("calls", plan.calls, _call_turn),
            ("streams", plan.streams, _stream_turn),
            ("threads", plan.threads, _thread_turn),
        ):
            _tell(what, rounds)
            interleaved(rounds, [turn(name, worker, plan, samples) for name, worker in workers.items()])
    return versions


def _owned(name: str, package: str) -> str:
    return f"{package} (of litellm)" if name == "litellm-raw" else package


def _callers(place: Place, plan: Plan, stack: ExitStack) -> Iterator[tuple[str, Worker]]:
    """The worker of each implementation. `litellm-raw` is the SDK that LiteLLM brings along, called directly."""
    stub = {"stub": place.stub}
    yield "raw", Worker(place, "calling", kind="raw", **stub)
    for database in plan.databases:
        folder = place.scratch / f"calls-{database}"
        url = stack.enter_context(durable_postgres(place.scratch)) if database == "postgresql" else ""
        variables = {"STUDIO_DATA_DIR": str(folder), "DATABASE_URL": url}
        yield f"ours-{database}", Worker(place, "calling", variables=variables, kind="ours", **stub)
    if plan.litellm:
        yield "litellm", Worker(place, "calling", python=plan.litellm, kind="litellm", **stub)
        yield "litellm-raw", Worker(place, "calling", python=plan.litellm, kind="raw-chat", **stub)


def _call_turn(name: str, worker: Worker, plan: Plan, samples: Samples) -> Callable[[], None]:
    def turn() -> None:
        samples.add(f"call/{name}", worker.ask("calls", path=SHORT, count=plan.a_round))
        if name.startswith("ours"):
            before, after = zip(*worker.ask("parts", path=SHORT, count=plan.a_round), strict=True)
            samples.add(f"before/{name}", before)
            samples.add(f"after/{name}", after)

    return turn


def _stream_turn(name: str, worker: Worker, plan: Plan, samples: Samples) -> Callable[[], None]:
    def turn() -> None:
        first, _, whole = zip(*worker.ask("streams", path=SHORT, count=plan.a_round), strict=True)
        samples.add(f"first/{name}", first)
        samples.add(f"streamed/{name}", whole)
        _, piece, _ = zip(*worker.ask("streams", path=LONG, count=max(1, plan.a_round // 4)), strict=True)
        samples.add(f"piece/{name}", piece)

    return turn


def _thread_turn(name: str, worker: Worker, plan: Plan, samples: Samples) -> Callable[[], None]:
    def turn() -> None:
        samples.add(f"rate/{name}", [worker.ask("threads", path=SHORT, count=8, seconds=plan.seconds)])

    return turn


def measure_fresh(place: Place, plan: Plan, samples: Samples) -> None:
    """Import and memory, a fresh process each time. One process of each goes before, for its bytecode cache."""
    _tell("imports", plan.fresh)

    def turn(kind: str, *, count: bool = True) -> None:
        python = plan.litellm if kind == "litellm" and plan.litellm else sys.executable
        variables = {"STUDIO_DATA_DIR": str(place.scratch / "fresh")}
        with Worker(place, "fresh", python=python, variables=variables, kind=kind, stub=place.stub) as worker:
            for measure, value in worker.ask("measure").items():
                if count:
                    samples.add(f"{measure}/{kind}", [value])

    kinds = ["ours", "litellm"] if plan.litellm else ["ours"]
    for kind in kinds:
        turn(kind, count=False)
    interleaved(plan.fresh, [lambda kind=kind: turn(kind) for kind in kinds])


def measure_pages(place: Place, plan: Plan, samples: Samples) -> dict[str, str]:
    """Cold first pages, reruns and the catalogue, drawn by AppTest; returns the versions that were measured."""
    _tell("houses for the pages", 1)
    few, many = _house(place, FEW), _house(place, MANY)
    _tell("cold pages", plan.fresh)
    interleaved(plan.fresh, [lambda: _cold(place, samples), lambda: _cold(place, samples, few)])
    _tell("reruns", plan.pages)
    with Worker(place, "drawing", kind="trivial") as trivial, _studio(place, few) as small, _studio(place, many) as big:
        trivial.ask("first")
        for worker in (small, big):
            worker.ask("first")
            worker.ask("settle", pages=PAGES)

        def draw(measure: str, worker: Worker, do: str = "reruns", **how: str) -> Callable[[], None]:
            count = 1 if worker is big else max(1, plan.a_round // 4)
            return lambda: samples.add(measure, worker.ask(do, count=count, **how))

        turns = [draw("rerun/trivial", trivial), draw("rerun/many", big, page="personas")]
        turns += [draw(f"rerun/{page}", small, page=page) for page in PAGES]
        turns += [draw("catalogue/few", small, "catalogue"), draw("catalogue/many", big, "catalogue")]
        interleaved(plan.pages, turns)
        return dict(trivial.ask("about"))


def measure_dashboard(place: Place, plan: Plan, samples: Samples) -> str:
    """The questions of the usage page, asked of the rollup and of the lines; returns the shape of the ledger."""
    people = max(1, round(plan.events / (DAYS * MODELS * A_CELL)))
    shape = ""
    with ExitStack() as stack:
        turns: list[Callable[[], None]] = []
        for database in plan.databases:
            url = stack.enter_context(durable_postgres(place.scratch)) if database == "postgresql" else ""
            variables = {"STUDIO_DATA_DIR": str(place.scratch / f"books-{database}"), "DATABASE_URL": url}
            books = stack.enter_context(Worker(place, "books", variables=variables))
            _tell(f"people in the ledger on {database}", people)
            for person in range(people):
                books.ask("fill", person=person)
            lines, sums = books.ask("add_up")
            shape = f"{people} people, {MODELS} models each, {DAYS} days, {A_CELL} calls a cell"
            shape += f": {lines:,} lines, {sums:,} sums"
            for raw in (False, True):
                books.ask("screen", raw=raw, count=1)
                turns.append(_screen_turn(database, books, raw, samples))
        _tell("screens", plan.screens)
        interleaved(plan.screens, turns)
    return shape


def _screen_turn(database: str, books: Worker, raw: bool, samples: Samples) -> Callable[[], None]:
    measure = f"dashboard/{'lines' if raw else 'rollup'}-{database}"
    return lambda: samples.add(measure, books.ask("screen", raw=raw, count=1 if raw else 3))


@dataclass(frozen=True, slots=True)
class House:
    """A data folder, and the session of its reader."""

    folder: Path
    session: str


def _house(place: Place, personas: int) -> House:
    folder = place.scratch / f"house-{personas}"
    with Worker(place, "furnishing", variables={"STUDIO_DATA_DIR": str(folder)}) as worker:
        return House(folder, worker.ask("furnish", personas=personas))


def _studio(place: Place, house: House) -> Worker:
    # No key: nothing may ask the stub behind the pages' back.
    variables = {"STUDIO_DATA_DIR": str(house.folder), "OPENAI_API_KEY": ""}
    return Worker(place, "drawing", variables=variables, kind="studio", session=house.session)


def _cold(place: Place, samples: Samples, house: House | None = None) -> None:
    """From the start of a process to its first page."""
    name, began = "studio" if house else "trivial", perf_counter()
    with _studio(place, house) if house else Worker(place, "drawing", kind="trivial") as worker:
        run = worker.ask("first")
        samples.add(f"cold/{name}", [perf_counter() - began])
        samples.add(f"first_run/{name}", [run])


def _tell(what: str, rounds: int) -> None:
    print(f"{what}: {rounds} rounds", file=sys.stderr, flush=True)
