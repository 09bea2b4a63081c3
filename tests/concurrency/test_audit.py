"""Processes append to the audit trail at once: the chain stays whole, and nobody waits for each other in a circle."""

import subprocess
import sys
from contextlib import ExitStack
from pathlib import Path

import pytest

from duetime.core.events import NewEvent
from duetime.core.operations import ScheduleEvent
from duetime.schedule.once import Once
from duetime.store.audit_query import AuditQuery
from duetime.store.store import Store

pytestmark = [pytest.mark.concurrency, pytest.mark.slow]

NAMES = ("ada", "ben", "cleo")
TRANSACTIONS = 60
APPENDER = Path(__file__).with_name("auditing_process.py")


def test_the_chain_stays_whole_while_processes_append_at_once(any_url: str) -> None:
    with Store(any_url, durable=False) as store:
        due_at = store.now().replace(year=2090)
        with store.write() as tx:
            event = NewEvent(event_type="test.audit", schedule=Once(when=due_at), due_at=due_at)
            tx.operations.apply([ScheduleEvent(event)] * len(NAMES))
        _append_at_once(any_url)
        with store.read() as tx:
            report = tx.audit.verify()
            entries = tx.audit.page(AuditQuery(most=10_000)).rows
        assert report.broken is None
        assert report.entries == len(entries) == 3 * TRANSACTIONS * len(NAMES)
        assert [entry.audit_id for entry in entries] == list(range(len(entries), 0, -1))
        actors = [entry.actor for entry in entries]
        assert {name: actors.count(name) for name in NAMES} == dict.fromkeys(NAMES, 3 * TRANSACTIONS)
        assert len({*zip(actors[::3], actors[3::3], strict=False)}) > len(NAMES)  # they did take turns


def _append_at_once(url: str) -> None:
    with ExitStack() as stack:
        appenders = [
            stack.enter_context(
                subprocess.Popen(
                    [sys.executable, str(APPENDER), url, name, str(event_id), str(TRANSACTIONS)],
                    stdin=subprocess.PIPE,
                    stdout=subprocess.PIPE,
                    stderr=subprocess.PIPE,
                    text=True,
                )
            )
            for event_id, name in enumerate(NAMES, 1)
        ]
        for appender in appenders:
            assert appender.stdout is not None
            assert appender.stdout.readline() == "ready\n"
        said = [appender.communicate("")[1] for appender in appenders]
        assert [appender.returncode for appender in appenders] == [0] * len(NAMES), said
