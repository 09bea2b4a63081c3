"""`python -m benchmarks.indexes`: what each index on `events` and `runs` costs: the limit with and without it."""

import argparse
import sys
from collections.abc import Mapping, Sequence
from dataclasses import replace
from statistics import median

from benchmarks.databases import KINDS, DatabaseKind, Server, servers
from benchmarks.measures import drain, schedule
from benchmarks.samples import ratios
from benchmarks.stage import Stage, build_stages
from duetime.store.tables import events, runs

_NOTHING = ""
_NEEDED_TO_CLAIM = "events_claim"


def names() -> tuple[str, ...]:
    """Return every index of the two tables, but for the primary keys."""
    return tuple(sorted(str(index.name) for index in (*events.indexes, *runs.indexes)))


def main(words: Sequence[str]) -> int:
    """Measure and print."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.indexes", description=__doc__)
    parser.add_argument("--events", type=int, default=10_000)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--far", type=int, default=0, help="far-future events in the table")
    parser.add_argument("--database", choices=KINDS, action="append")
    given = parser.parse_args(words)
    with servers(tuple(given.database or KINDS)) as found:
        for database, server in found.items():
            stages = _stages(server, database, far=given.far)
            print("\n".join(_lines(stages, database, count=given.events, rounds=given.rounds)), end="\n\n")
    return 0


def _lines(stages: Mapping[str, Stage], database: DatabaseKind, *, count: int, rounds: int) -> list[str]:
    scheduled: dict[str, list[float]] = {name: [] for name in stages}
    drained: dict[str, list[float]] = {name: [] for name in stages}
    for _ in range(rounds):
        for name, stage in stages.items():
            scheduled[name].append(schedule(stage, count=count))
            if name != _NEEDED_TO_CLAIM:
                drained[name].append(drain(stage, count=count))
    lines = [f"{database}, the limit without one index      schedule/s   gain     drain/s   gain"]
    for name in stages:
        line = f"{name or 'with all of them':<40}{median(scheduled[name]):>11,.0f}{_gain(scheduled, name):>7}"
        if drained[name]:
            line += f"{median(drained[name]):>12,.0f}{_gain(drained, name):>7}"
        else:
            line += "   the claim reads it"
        lines.append(line)
    return lines


def _stages(server: Server, database: DatabaseKind, *, far: int) -> Mapping[str, Stage]:
    """Return one stage with all indexes, and one for each index that lacks it."""
    whole = build_stages(server, database, far=far)["limit"]
    stages = {_NOTHING: whole}
    for name in names():
        stage = replace(whole, target=server.copy(whole.target, f"without_{name}"))
        stage.execute(f"DROP INDEX {name}")
        stages[name] = stage
    return stages


def _gain(rates: Mapping[str, Sequence[float]], name: str) -> str:
    return "" if name == _NOTHING else f"{ratios(rates[name], rates[_NOTHING]).median - 1:+.0%}"


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
