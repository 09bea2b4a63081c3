"""`python -m benchmarks.pages`: what the database takes for a page of a large list, whatever its filter.

Each figure is the median of several rounds, with the worst beside it; `!` = it misses the aim. `found` says how many
rows, and whether the page ended because it had looked at as many as it may.
"""

import argparse
import os
import sys
import time
from collections.abc import Sequence
from statistics import median
from typing import Any

from benchmarks.databases import KINDS, servers
from benchmarks.pages.filling import Size, count_history, fill
from benchmarks.pages.questions import MOST, Question, questions
from duetime.store.page import MOST_LOOKED_AT, Page
from duetime.store.schema import upgrade
from duetime.store.store import Store

AIM_MS = 100


def main(words: Sequence[str]) -> int:
    """Build, measure and print."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.pages", description=__doc__)
    whole = Size()
    parser.add_argument("--runs", type=int, default=whole.runs)
    parser.add_argument("--events", type=int, default=whole.events)
    parser.add_argument("--rounds", type=int, default=7)
    parser.add_argument("--database", choices=KINDS, action="append")
    parser.add_argument("--only", default="", help="only questions with this in their name")
    given = parser.parse_args(words)
    size = Size(
        runs=given.runs,
        hours=min(whole.hours, given.runs),
        events=given.events,
        resources=min(whole.resources, given.events),
        entries=min(whole.entries, given.runs),
    )
    with servers(tuple(given.database or KINDS)) as found:
        for database, server in found.items():
            with Store(server.create("pages").url) as store:
                print("\n".join(_lines(store, database, size, rounds=given.rounds, only=given.only)), end="\n\n")
    print(f"aim: {AIM_MS} ms; a page looks through at most {MOST_LOOKED_AT:,} rows")
    print(f"{os.cpu_count()} processors, load {os.getloadavg()[0]:.1f}")
    return 0


def _lines(store: Store, database: str, size: Size, *, rounds: int, only: str) -> list[str]:
    upgrade(store.engine)
    began = time.monotonic()
    fill(store, size)
    filled = time.monotonic()
    hours = count_history(store)
    counted = time.monotonic()
    with store.read() as tx:
        asked = {name: question for name, question in questions(tx).items() if only in name}
        report = tx.audit.verify()
    verified = time.monotonic()
    lines = [f"{database}: {size.runs:,} runs, {size.events:,} events{'':<8}  median    worst   found"]
    lines += [_line(name, *_measure(store, question, rounds=rounds)) for name, question in asked.items()]
    lines.append(
        f"filled in {filled - began:.0f} s; {hours:,} hours counted in {counted - filled:.0f} s;"
        f" {report.entries:,} audit entries verified in {verified - counted:.1f} s"
    )
    return lines


def _measure(store: Store, question: Question, *, rounds: int) -> tuple[list[float], Any]:
    """Return the milliseconds of each round, and the answer; a first round warms the caches and is left out."""
    taken: list[float] = []
    answer: Any = None
    for _ in range(rounds + 1):
        with store.read() as tx:
            began = time.perf_counter()
            answer = question(tx)
            taken.append((time.perf_counter() - began) * 1e3)
    return taken[1:], answer


def _line(name: str, taken: Sequence[float], answer: Any) -> str:
    match answer:
        case Page():
            found = f"{len(answer.rows)}{', and more to look at' if len(answer.rows) < MOST and answer.next else ''}"
        case int():
            found = f"{answer:,}"
        case _:
            found = f"{len(answer)}"
    mark = "!" if median(taken) > AIM_MS else " "
    return f"{name:<48}{median(taken):>8.1f}{max(taken):>8.1f} {mark} {found}"


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
