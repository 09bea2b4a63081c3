"""Processes race for due events with nothing but the store's own statements: one at a time has each."""

import subprocess
import sys
from collections import Counter, defaultdict
from contextlib import ExitStack
from pathlib import Path

import pytest
from sqlalchemy import func, select

from duetime.core.events import NewEvent
from duetime.core.operations import ScheduleEvent
from duetime.core.statuses import EventStatus
from duetime.schedule.once import Once
from duetime.store.store import Store
from duetime.store.tables import runs

pytestmark = [pytest.mark.concurrency, pytest.mark.slow]

EVENTS = 20_000
PROCESSES = 4
TYPE = "test.race"
RACER = Path(__file__).with_name("claiming_process.py")


def test_each_of_many_due_events_is_claimed_by_one_process_at_a_time(any_url: str, tmp_path: Path) -> None:
    with Store(any_url, durable=False) as store:
        due_at = store.now()
        with store.write() as tx:
            event = NewEvent(event_type=TYPE, schedule=Once(when=due_at), due_at=due_at)
            tx.operations.apply([ScheduleEvent(event)] * EVENTS)
        claims = _race(any_url, tmp_path)
        with store.read() as tx:
            assert tx.events.counts_by_status() == {EventStatus.SUCCEEDED: EVENTS}
        with store.engine.connect() as connection:
            written = connection.execute(select(runs.c.event_id, func.count()).group_by(runs.c.event_id)).all()
    assert max(Counter(claims).values()) == 1
    tokens = defaultdict(list)
    for event_id, token in claims:
        tokens[event_id].append(token)
    assert len(tokens) == EVENTS
    # A claim raises the token by one, and so does giving it back: the claims of one event have every other number.
    assert all(sorted(given) == list(range(1, 2 * len(given), 2)) for given in tokens.values())
    assert max(map(len, tokens.values())) > 1
    assert len(written) == EVENTS
    assert {count for _, count in written} == {1}


def _race(url: str, folder: Path) -> list[tuple[int, int]]:
    """Let processes race; return every claim that one of them noted, as event id and token."""
    notes = [folder / f"racer-{number}.txt" for number in range(PROCESSES)]
    with ExitStack() as stack:
        racers = [
            stack.enter_context(
                subprocess.Popen(
                    [sys.executable, str(RACER), url, TYPE, str(noted)],
                    stdin=subprocess.PIPE,
                    stdout=subprocess.PIPE,
                    text=True,
                )
            )
            for noted in notes
        ]
        for racer in racers:
            assert racer.stdout is not None
            assert racer.stdout.readline() == "ready\n"
        for racer in racers:
            assert racer.stdin is not None
            racer.stdin.close()
        for racer in racers:
            racer.wait()
        assert [racer.returncode for racer in racers] == [0] * PROCESSES
    lines = [line for noted in notes for line in noted.read_text(encoding="utf-8").splitlines()]
    return [(int(event_id), int(token)) for event_id, token in map(str.split, lines)]
