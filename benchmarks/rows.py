"""The rows of the table: what is compared with what, the bar it has to reach, and what it came to."""

from collections.abc import Callable
from dataclasses import dataclass
from fractions import Fraction
from statistics import median

from benchmarks.samples import Samples, Series, quartiles

Reckon = Callable[..., float]


@dataclass(frozen=True, slots=True)
class Row:
    """A comparison. `bar` and `goal` are ratios as people write them (1.6, 1/3); without a bar it only informs."""

    key: str
    title: str
    reckon: Reckon
    measures: tuple[str, ...]
    bar: str = ""
    goal: str = ""
    at_least: bool = False


@dataclass(frozen=True, slots=True)
class Result:
    """What a row came to: the median of the rounds, and their middle half."""

    row: Row
    ratio: float
    low: float
    high: float

    @property
    def times_the_bar(self) -> float:
        """How far from the bar: over 1 is a miss."""
        bar = float(Fraction(self.row.bar))
        return bar / self.ratio if self.row.at_least else self.ratio / bar

    @property
    def reached(self) -> bool | None:
        """Whether the bar is reached; None without a bar."""
        return self.times_the_bar <= 1 if self.row.bar else None


def ratio(ours: float, theirs: float) -> float:
    """Ours to theirs."""
    return ours / theirs


def of_added(ours: float, raw: float, theirs: float, their_raw: float) -> float:
    """What we add to the bare call, to what they add to theirs."""
    return (ours - raw) / (theirs - their_raw)


def of_parts(before: float, after: float, theirs: float, their_raw: float) -> float:
    """What is ours alone within a call, to what they add to theirs."""
    return (before + after) / (theirs - their_raw)


def of_one_part(part: float, theirs: float, their_raw: float) -> float:
    """One part of our chain, to what they add to their call."""
    return part / (theirs - their_raw)


_PEER = ("call/litellm", "call/litellm-raw")
_FIRST = ("first/ours-sqlite", "first/raw", "first/litellm", "first/litellm-raw")
_SELF = ("before/ours-sqlite", "after/ours-sqlite", *_PEER)
_TITLES = {
    "chain": "full chain on SQLite (durable) vs the raw SDK call",
    "chain-streamed": "the same vs the raw SDK's streamed call (our chain always streams)",
    "added": "our added time vs litellm's added time",
    "added-self": "the same, by what the chain takes before and after the adapter",
    "on-path": "on-path part on PostgreSQL (before the provider is asked) vs litellm's added time",
    "first-token": "added time to first token vs litellm's",
    "piece": "time per streamed chunk vs the SDK's parsed stream",
    "threads": "calls a second at 8 threads vs the raw SDK",
    "import": "`from engine import run_llm, run_structured` vs `import litellm`",
    "import-whole": "all public names of `engine` vs `import litellm`",
    "memory": "memory after one call, one provider loaded, vs litellm",
    "cold": "first page of a cold process (start, open, draw) vs a trivial Streamlit page",
    "first-run": "the same, the run of the page alone",
    "rerun-home": "rerun of the home page vs a trivial rerun",
    "rerun-personas": "rerun of the personas page vs a trivial rerun",
    "rerun-builder": "rerun of the persona builder vs a trivial rerun",
    "catalogue-page": "personas page with 10,000 personas vs with 10",
    "dashboard-sqlite": "house-wide dashboard views on SQLite, the lines of the ledger vs the rollup",
    "dashboard-postgresql": "the same on PostgreSQL",
    "catalogue": "persona catalogue, not drawn, with 10,000 personas vs with 10",
}


def _row(key: str, reckon: Reckon, *measures: str, bar: str = "", goal: str = "", at_least: bool = False) -> Row:
    return Row(key, _TITLES[key], reckon, measures, bar, goal, at_least)


def _screen(database: str) -> tuple[str, str]:
    return f"dashboard/lines-{database}", f"dashboard/rollup-{database}"


ROWS = (
    _row("chain", ratio, "call/ours-sqlite", "call/raw", bar="1.6", goal="1.25"),
    _row("chain-streamed", ratio, "streamed/ours-sqlite", "streamed/raw"),
    _row("added", of_added, "call/ours-sqlite", "call/raw", *_PEER, bar="1/3", goal="1/6"),
    _row("added-self", of_parts, *_SELF),
    _row("on-path", of_one_part, "before/ours-postgresql", *_PEER, bar="1/2", goal="1/5"),
    _row("first-token", of_added, *_FIRST, bar="1/5", goal="1/20"),
    _row("piece", ratio, "piece/ours-sqlite", "piece/raw", bar="1.2", goal="1.05"),
    _row("threads", ratio, "rate/ours-sqlite", "rate/raw", bar="0.7", goal="0.9", at_least=True),
    _row("import", ratio, "import_s/ours", "import_s/litellm", bar="1/8", goal="1/15"),
    _row("import-whole", ratio, "whole_s/ours", "import_s/litellm"),
    _row("memory", ratio, "called_mib/ours", "called_mib/litellm", bar="0.6", goal="0.4"),
    _row("cold", ratio, "cold/studio", "cold/trivial", bar="3", goal="1.5"),
    _row("first-run", ratio, "first_run/studio", "first_run/trivial"),
    _row("rerun-home", ratio, "rerun/home", "rerun/trivial", bar="10", goal="4"),
    _row("rerun-personas", ratio, "rerun/personas", "rerun/trivial", bar="10", goal="4"),
    _row("rerun-builder", ratio, "rerun/builder", "rerun/trivial", bar="10", goal="4"),
    _row("dashboard-sqlite", ratio, *_screen("sqlite"), bar="20", goal="40", at_least=True),
    _row("dashboard-postgresql", ratio, *_screen("postgresql"), bar="4", goal="6", at_least=True),
    _row("catalogue-page", ratio, "rerun/many", "rerun/personas", bar="2", goal="1.2"),
    _row("catalogue", ratio, "catalogue/many", "catalogue/few", bar="2", goal="1.2"),
)


def results(samples: Samples) -> tuple[list[Result], list[Row]]:
    """The rows that could be reckoned, and those for which something was not measured."""
    reckoned = [_result(row, samples) for row in ROWS if samples.has(*row.measures)]
    return reckoned, [row for row in ROWS if not samples.has(*row.measures)]


def _result(row: Row, samples: Samples) -> Result:
    values: Series = samples.paired(row.reckon, *row.measures)
    return Result(row, median(values), *quartiles(values))
