"""What the pages ask the database."""

from collections.abc import Callable, Mapping
from datetime import timedelta
from typing import Any

from benchmarks.pages.filling import BUSY_EVENT, RARE_ACCOUNT, RARE_BOT
from duetime.core.statuses import EventStatus, RunStatus
from duetime.store.audit_query import AuditQuery
from duetime.store.event_table import EventQuery
from duetime.store.page import RunPlace
from duetime.store.resource_query import ResourceQuery
from duetime.store.run_count_query import Bucket, CountBy, CountQuery
from duetime.store.run_table import RunQuery
from duetime.store.store import Transaction

Question = Callable[[Transaction], Any]

MOST = 50
"""Rows of a page."""
_DAY = timedelta(days=1)
_SCHEDULED = (EventStatus.SCHEDULED,)
_ABSENT = "no text holds this"


def questions(tx: Transaction) -> Mapping[str, Question]:
    """Return what is asked, by what it is for."""
    return {**_history(tx), **_events(tx), **_others(tx), **_overview(tx)}


def _history(tx: Transaction) -> dict[str, Question]:
    def of(**given: Any) -> Question:
        return lambda tx: tx.runs.page(RunQuery(most=MOST, **given))

    middle = RunPlace.below(tx.now - 200 * _DAY, 0)
    busy = tx.events.get(BUSY_EVENT)
    other = tx.events.get(4_321)
    return {
        "history: first page": of(),
        "history: a page in the middle": of(after=middle),
        "history: one day, 200 days ago": of(finished_after=tx.now - 201 * _DAY, finished_before=tx.now - 200 * _DAY),
        "history: one account of 100": of(accounts=frozenset({"142"})),
        "history: an account with 25 runs": of(accounts=frozenset({RARE_ACCOUNT})),
        "history: the same, from the middle": of(accounts=frozenset({RARE_ACCOUNT}), after=middle),
        "history: 50 accounts": of(accounts=frozenset(f"1{number}" for number in range(50, 100))),
        "history: a bot with 25 runs": of(bot_id=RARE_BOT),
        "history: failed": of(statuses=(RunStatus.FAILED,)),
        "history: timed out (there is none)": of(statuses=(RunStatus.TIMED_OUT,)),
        "history: text in every hundredth": of(text="unauthorized"),
        "history: text in none": of(text=_ABSENT),
        "history: an event with 9,600 runs": of(event_id=BUSY_EVENT),
        "history: the same, timed out": of(event_id=BUSY_EVENT, statuses=(RunStatus.TIMED_OUT,)),
        "resource: its runs (9,620)": lambda tx: tx.runs.of_resource(str(busy.resource_id), most=MOST),
        "resource: its runs (20)": lambda tx: tx.runs.of_resource(str(other.resource_id), most=MOST),
        "resource: its events": lambda tx: tx.events.of_resource(str(other.resource_id), most=MOST),
    }


def _events(tx: Transaction) -> dict[str, Question]:
    def of(**given: Any) -> Question:
        return lambda tx: tx.events.page(EventQuery(most=MOST, **given))

    def due(**given: Any) -> Question:
        return lambda tx: tx.events.due_page(EventQuery(most=MOST, **given))

    return {
        "events: first page": of(),
        "events: a page in the middle": of(after_id=100_000),
        "events: held": of(statuses=(EventStatus.HELD,)),
        "events: running": of(statuses=(EventStatus.RUNNING,)),
        "events: an account with 5": of(accounts=frozenset({RARE_ACCOUNT})),
        "events: a bot with 5": of(bot_id=RARE_BOT),
        "events: what it has planned": of(bot_id=RARE_BOT, statuses=_SCHEDULED),
        "events: what a bot of 40 has planned": of(bot_id=7, statuses=_SCHEDULED),
        "events: text in none": of(text=_ABSENT),
        "upcoming: first page": due(),
        "upcoming: one week ahead": due(ready_after=tx.now + 7 * _DAY),
        "upcoming: one account of 100": due(accounts=frozenset({"142"})),
        "upcoming: an account with 5": due(accounts=frozenset({RARE_ACCOUNT})),
        "upcoming: a bot of 40": due(bot_id=7),
        "upcoming: text in none": due(text=_ABSENT),
    }


def _others(tx: Transaction) -> dict[str, Question]:
    del tx

    def inventory(**given: Any) -> Question:
        return lambda tx: tx.resources.page(ResourceQuery(most=MOST, **given))

    def trail(**given: Any) -> Question:
        return lambda tx: tx.audit.page(AuditQuery(most=MOST, **given))

    return {
        "resources: first page": inventory(),
        "resources: one account of 100": inventory(account="142"),
        "resources: a state that one has": inventory(state="pending"),
        "resources: text in none": inventory(text=_ABSENT),
        "audit: first page": trail(),
        "audit: one subject": trail(subject="event:17"),
        "audit: an actor with 3": trail(actor="eve"),
        "audit: text in none": trail(text=_ABSENT),
    }


def _overview(tx: Transaction) -> dict[str, Question]:
    now = tx.now

    def count(**given: Any) -> Question:
        return lambda tx: tx.events.count_up_to(EventQuery(**given))

    def over(days: int, bucket: Bucket, by: CountBy) -> Question:
        return lambda tx: tx.run_counts.over_time(CountQuery(since=now - days * _DAY), bucket=bucket, by=(by,))

    accounts = frozenset({"142", "143"})
    return {
        "overview: due now": count(statuses=_SCHEDULED, ready_before=now),
        "overview: the next 24 h": count(statuses=_SCHEDULED, ready_after=now, ready_before=now + _DAY),
        "overview: the same in two accounts": count(
            statuses=_SCHEDULED, ready_after=now, ready_before=now + _DAY, accounts=accounts
        ),
        "overview: running": count(statuses=(EventStatus.RUNNING,)),
        "overview: held": count(statuses=(EventStatus.HELD,)),
        "overview: results of 24 h by hour": over(1, Bucket.HOUR, CountBy.STATUS),
        "overview: types of 30 days by day": over(30, Bucket.DAY, CountBy.TYPE),
        "overview: results of 400 days by day": over(400, Bucket.DAY, CountBy.STATUS),
    }
