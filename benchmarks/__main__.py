"""`python -m benchmarks`: measure, print the table, and with `--write` put it into `docs/benchmarks.md`."""

import argparse
import os
import platform
import shutil
import tempfile
import time
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import psutil

from benchmarks.peers import litellm_python
from benchmarks.processes import ROOT, Place, stub_server
from benchmarks.report import Circumstances, misses, page, table
from benchmarks.rounds import QUICK, Plan, measure_calls, measure_dashboard, measure_fresh, measure_pages
from benchmarks.rows import results
from benchmarks.samples import Samples

PAGE = ROOT / "docs" / "benchmarks.md"


def main() -> None:
    """Read the arguments and run."""
    wants = argparse.ArgumentParser(prog="python -m benchmarks", description=__doc__)
    wants.add_argument("--write", action="store_true", help="write docs/benchmarks.md")
    wants.add_argument(
        "--quick", action="store_true", help="one short round of each: shows that it works, not how fast"
    )
    wants.add_argument("--without-litellm", action="store_true", help="leave litellm out")
    wants.add_argument("--without-pages", action="store_true", help="leave the pages out")
    wants.add_argument("--without-dashboard", action="store_true", help="leave the dashboard out")
    wants.add_argument("--events", type=int, help="lines in the dashboard's ledger: 1000000 unless told")
    asked = wants.parse_args()
    plan = QUICK if asked.quick else Plan()
    plan = replace(plan, events=0 if asked.without_dashboard else asked.events or plan.events)
    skipped = "litellm was left out"
    if not asked.without_litellm:
        python, skipped = litellm_python()
        plan = replace(plan, litellm=python)
    samples = Samples()
    told = run(plan, samples, pages=not asked.without_pages, skipped=skipped)
    reckoned, missing = results(samples)
    print(table(reckoned, missing, skipped))
    print(*misses(reckoned), sep="\n")
    print(f"{told.seconds:.0f} s; other processes took {told.others:.2f} of a core. {skipped}")
    if asked.write:
        PAGE.write_text(page(reckoned, missing, samples, told), "utf-8")
        print(f"Written: {PAGE.relative_to(ROOT)}")


def run(plan: Plan, samples: Samples, *, pages: bool, skipped: str) -> Circumstances:
    """Measure into `samples`; returns the circumstances."""
    began, clock, busy = datetime.now(UTC), time.monotonic(), _busy()
    with tempfile.TemporaryDirectory(prefix="bench") as scratch, stub_server(Path(scratch)) as stub:
        place = Place(Path(scratch), stub)
        shutil.copytree(ROOT / ".streamlit", place.scratch / ".streamlit", ignore=shutil.ignore_patterns("secrets*"))
        versions = measure_calls(place, plan, samples)
        measure_fresh(place, plan, samples)
        ledger = measure_dashboard(place, plan, samples) if plan.events else ""
        if pages:
            versions |= measure_pages(place, plan, samples)
    seconds = time.monotonic() - clock
    rounds = ", ".join(f"{name} {getattr(plan, name)}" for name in ("calls", "streams", "threads", "fresh", "pages"))
    return Circumstances(
        began=began,
        seconds=seconds,
        machine=f"{os.cpu_count()} cores, {platform.system()} {platform.machine()}, Python {platform.python_version()}",
        versions=versions,
        rounds=f"{rounds} ({plan.a_round} calls a round)",
        ledger=ledger,
        others=max(0.0, (_busy() - busy) / seconds),
        skipped=skipped if plan.litellm is None else "",
    )


def _busy() -> float:
    """Seconds of CPU that others have had so far: all that was not idle, less what we and our ended children had."""
    every, ours = psutil.cpu_times(), os.times()
    used = every.user + every.system + getattr(every, "steal", 0.0) + getattr(every, "irq", 0.0)
    return used - (ours.user + ours.system + ours.children_user + ours.children_system)


if __name__ == "__main__":
    main()
