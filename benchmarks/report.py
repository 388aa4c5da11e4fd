"""How a run is told: one table on the terminal, and `docs/benchmarks.md`."""

from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

import yaml

from benchmarks.rows import Result, Row
from benchmarks.samples import Samples

CAUSES = Path(__file__).with_name("causes.yaml")
ABSENT = ("against litellm's proxy with a database: its installation fetches a query engine from a host of its own",)
UNITS = {"rate": (1, "calls/s"), "import_mib": (1, "MiB"), "called_mib": (1, "MiB"), "piece": (1e6, "µs")}
METHOD = """\
`make bench` makes this page. Every figure is a ratio of two things measured in the same run: each implementation runs
in a process of its own, all take their turn in every round, in random order, and the ratio is taken round by round;
shown are the median of the rounds and their middle half. Absolute times say something about one machine on one day.

- The vendor is a stub on loopback that answers at once, in a process of its own: the OpenAI Responses API and chat
  completions, {answer} words, streamed in one chunk a word. Real models take hundreds of milliseconds; what is shown
  here is what a caller adds in CPU, which is what counts under load.
- *Ours* is the whole chain of `engine.run_llm`, as the operator: route, admission (a durable commit), the stream of the
  official SDK, settlement (a durable commit). SQLite as shipped (WAL, `synchronous=FULL`); PostgreSQL over a local
  socket with `fsync` on. After the run the ledger is checked against its sums.
- *Raw* is the official `openai` SDK with one client that is kept, Responses API. *litellm* is `litellm.completion` in
  an environment of its own; its added time is taken over the SDK that it brings along, called directly.
- A page is drawn by Streamlit's AppTest, which compiles the scripts anew on every run: a server does not. The trivial
  page has four widgets. A cold process is timed from its start to its first page, imports and database included.
- A dashboard view is the questions that the usage page asks about its last 30 days (by day, day and provider, persona,
  model, person), all of them together. The lines are asked the same, through their index by time. Before that the sums
  of both are compared and must be the same to the nano-dollar. More calls a cell (one day, person, model, persona and
  surface) make the rollup better, fewer worse.
- The 10,000 personas have the size of the built-in ones; one in ten is the reader's own, a colleague shares the rest.
"""


@dataclass(frozen=True, slots=True)
class Circumstances:
    """When and where a run took place, and how much of the machine it had to share."""

    began: datetime
    seconds: float
    machine: str
    versions: dict[str, str]
    rounds: str
    others: float
    skipped: str = ""
    ledger: str = ""


def table(results: list[Result], missing: list[Row], skipped: str, *, goal: bool = False) -> str:
    """The rows with what was measured, the bar, and whether it is reached."""
    head = ["row", "measured", "middle half", "bar (first)", *(["goal"] if goal else []), "reached"]
    lines = [head, ["---"] * len(head)]
    for each in results:
        wanted = "at least " if each.row.at_least else ""
        bar = f"{wanted}{each.row.bar}{'' if '/' in each.row.bar else 'x'}" if each.row.bar else "–"
        bars = [bar, each.row.goal or "–"] if goal else [bar]
        said = {True: "yes", False: "**no**", None: "–"}[each.reached]
        spread = f"{_figure(each.low)} to {_figure(each.high)}"
        lines.append([each.row.title, f"{_figure(each.ratio)}x", spread, *bars, said])
    for row in missing:
        lines.append([row.title, f"not measured: {skipped or 'left out'}", "–", row.bar or "–"])
        lines[-1] += ["–"] * (len(head) - 4)
    widths = [max(len(line[at]) for line in lines) if not goal else 0 for at in range(len(head))]
    return "\n".join(
        f"| {' | '.join(cell.ljust(width) for cell, width in zip(line, widths, strict=True))} |" for line in lines
    )


def _figure(ratio: float) -> str:
    """A ratio with two places, and with two digits when it is small."""
    return f"{ratio:.2f}" if ratio >= 0.1 else f"{ratio:.2g}"


def misses(results: list[Result]) -> list[str]:
    """Each missed bar: by how much and, as far as it is known, why."""
    causes = yaml.safe_load(CAUSES.read_text("utf-8")) or {}
    return [
        f"- **{each.row.title}**: {_figure(each.ratio)}x, {each.times_the_bar:.2f} times the bar. "
        + causes.get(each.row.key, "Not looked into yet.").strip()
        for each in results
        if each.reached is False
    ]


def page(results: list[Result], missing: list[Row], samples: Samples, told: Circumstances) -> str:
    """The whole of `docs/benchmarks.md`."""
    versions = ", ".join(f"{name} {version}" for name, version in sorted(told.versions.items()))
    missed = misses(results) or ["None."]
    parts = [
        "# Benchmarks",
        METHOD.format(answer=100).strip(),
        f"Run of {told.began:%d %B %Y, %H:%M} UTC, {told.seconds / 60:.0f} minutes, {told.machine}. {versions}. "
        f"Rounds: {told.rounds}. {f'The ledger: {told.ledger}. ' if told.ledger else ''}"
        f"Other processes took {told.others:.2f} of a core meanwhile"
        + (", too much to trust the last digits: read the ratios as rough." if told.others > QUIET else "."),
        "## Reached",
        table(results, missing, told.skipped, goal=True),
        "## Missed",
        "\n".join(missed),
        "## Not measured yet",
        "\n".join(f"- {what}" for what in ABSENT),
        "## The figures behind the ratios",
        _figures(samples),
    ]
    return "\n\n".join(parts) + "\n"


QUIET = 0.2
"""Of a core: with more than this taken by others, a run is called rough."""


def _figures(samples: Samples) -> str:
    lines = ["Medians of the rounds on that machine.", "", "| measure | median |", "|---|---|"]
    for measure in sorted(samples.rounds):
        factor, unit = UNITS.get(measure.partition("/")[0], (1e3, "ms"))
        lines.append(f"| {measure} | {samples.middle(measure) * factor:.4g} {unit} |")
    return "\n".join(lines)
