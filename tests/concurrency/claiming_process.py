"""Claims whatever is due and ends it, as fast as it can, and notes what it claimed; run as a process of its own.

It does without an engine: what races here are the statements of the store alone.

Usage: claiming_process.py URL EVENT_TYPE NOTES
"""

import sys
from datetime import timedelta
from pathlib import Path
from random import Random

from duetime.core.claims import Claim, Ending
from duetime.core.decisions import decide
from duetime.core.errors import DatabaseUnavailable
from duetime.core.outcomes import Outcome, Released, Succeeded
from duetime.core.retry import NO_RETRY
from duetime.store.finishing import finish_all
from duetime.store.hot_path import Want
from duetime.store.store import Store

BATCH = 300
RELEASED = 0.1
"""The share of claims that is given back, so that they are claimed once more by somebody."""


def main(url: str, event_type: str, notes: str) -> None:
    """Race until nothing is due."""
    random = Random()
    with Store(url, durable=False) as store, Path(notes).open("w", encoding="utf-8") as noted:
        with store.write() as tx:
            session_id = tx.sessions.open(worker="racer", lease_seconds=30, slots=1)
        print("ready", flush=True)  # noqa: T201 - the test waits for it
        sys.stdin.readline()
        while True:
            with store.write() as tx:
                claims = tx.claims.take(session_id=session_id, wants=[Want(event_type, BATCH)], most=BATCH)
            if not claims:
                with store.read() as tx:
                    if tx.claims.earliest_ready_at(event_types=[event_type]) is None:
                        break
                continue
            noted.writelines(f"{claim.event_id} {claim.token}\n" for claim in claims)
            released = [claim for claim in claims if random.random() < RELEASED]
            finish(store, [ending_of(store, claim, session_id, given_back=claim in released) for claim in claims])


def ending_of(store: Store, claim: Claim, session_id: int, *, given_back: bool) -> Ending:
    """Return what a worker would write."""
    outcome: Outcome = Released("not now") if given_back else Succeeded()
    now = store.now()
    step = decide(claim, outcome, now=now, next_due=None, retry=NO_RETRY, wish=None, uniform=random_number)
    return Ending(claim, step, session_id, None if given_back else now - timedelta(seconds=1), now)


def random_number() -> float:
    """Return no jitter."""
    return 0.5


def finish(store: Store, endings: list[Ending]) -> None:
    """Write endings; every one must still be ours."""
    while True:
        try:
            report = finish_all(store, endings)
        except DatabaseUnavailable:
            continue  # SQLite had no turn for us; what was written is recognised
        assert len(report.written) == len(endings), report
        return


if __name__ == "__main__":
    main(*sys.argv[1:])
