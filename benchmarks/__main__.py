"""`python -m benchmarks`: measure, print, write `results.json`."""

import argparse
import os
import sys
import time
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import NamedTuple, cast

from benchmarks import report, results
from benchmarks.databases import KINDS, DatabaseKind, servers
from benchmarks.measures import MeasureName
from benchmarks.plan import FULL, QUICK, Plan
from benchmarks.profiling import Profile, profile_drain, profile_schedule
from benchmarks.runs import Samples, run_all
from benchmarks.stage import build_stages

_MEASURES: tuple[MeasureName, ...] = ("schedule", "drain", "delay")
_OUTPUT = Path(__file__).parent / "results.json"


class Options(NamedTuple):
    """What is asked for."""

    plan: Plan
    databases: tuple[DatabaseKind, ...]
    measures: tuple[MeasureName, ...]
    output: Path


def read_options(words: Sequence[str]) -> Options:
    """Read the command line."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description=__doc__)
    parser.add_argument("--quick", action="store_true", help="under a minute; the figures are rougher")
    parser.add_argument("--database", choices=KINDS, action="append", help="only this one")
    parser.add_argument("--measure", choices=_MEASURES, action="append", help="only this one")
    parser.add_argument("--events", type=int, help="events that are scheduled and drained")
    parser.add_argument("--rounds", type=int, help="how often each is repeated")
    parser.add_argument("--seconds", type=float, help="how long events fall due while start delays are measured")
    parser.add_argument("--far", type=int, help="far-future events")
    parser.add_argument("--far-rounds", type=int, help="how often everything is repeated with them; 0 leaves it out")
    parser.add_argument("--profiled", type=int, help="events under the profiler; 0 leaves that part out")
    parser.add_argument("--output", type=Path, default=_OUTPUT, help="where the results are written")
    given = parser.parse_args(words)
    plan = QUICK if given.quick else FULL
    changes = {
        "scheduled": given.events,
        "due": given.events,
        "rounds": given.rounds,
        "delay_rounds": given.rounds,
        "delay_seconds": given.seconds,
        "far": given.far,
        "far_rounds": given.far_rounds,
        "profiled": given.profiled,
    }
    return Options(
        plan=replace(plan, **{name: value for name, value in changes.items() if value is not None}),
        databases=tuple(cast("Sequence[DatabaseKind]", given.database or KINDS)),
        measures=tuple(cast("Sequence[MeasureName]", given.measure or _MEASURES)),
        output=given.output,
    )


def main(words: Sequence[str]) -> int:
    """Measure what is asked for."""
    options = read_options(words)
    began = time.monotonic()
    with servers(options.databases) as found:
        samples = run_all(found, options.plan, measures=options.measures, progress=_progress)
        profiles: dict[str, Profile] = {}
        if options.plan.profiled:
            for database, server in found.items():
                _progress(f"{database}: profiling")
                stage = build_stages(server, database, far=0, label="profile")["duetime"]
                if "schedule" in options.measures:
                    profiles[f"schedule, {database}"] = profile_schedule(stage, count=options.plan.profiled)
                if "drain" in options.measures:
                    profiles[f"drain, {database}"] = profile_drain(stage, count=options.plan.profiled)
    _progress("")
    _print(samples, profiles, options, seconds=time.monotonic() - began)
    return 0


def _print(samples: Samples, profiles: dict[str, Profile], options: Options, *, seconds: float) -> None:
    found = results.entries(samples, options.plan)
    results.write(found, options.output)
    for lines in (report.rate_lines(found), report.delay_lines(found), report.profile_lines(profiles)):
        if lines:
            print("\n".join(lines), end="\n\n")
    print("! = an aim is missed. 'far future' = the ratio with far-future events in the table, and what they change.")
    load = ", ".join(f"{value:.1f}" for value in os.getloadavg())
    print(f"{seconds:.0f} s on {os.cpu_count()} processors, load {load}; results in {options.output}")


def _progress(text: str) -> None:
    """Show what is going on, on one line, to whoever watches."""
    if sys.stderr.isatty():
        print(f"\r\033[K{text}", end="", file=sys.stderr, flush=True)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
