"""A database in which every status has happened, for days, in two accounts: for tests of pages, and to look at.

`HOSTILE` stands in every text that somebody else may have chosen when a test asks for it.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import cycle

from sqlalchemy import insert, update

from duetime.app.app import App
from duetime.core.json_types import canonical
from duetime.core.statuses import EventStatus, RunStatus
from duetime.store.tables import events, runs

HOSTILE = "<script>alert(1)</script>\"'><img src=x onerror=alert(1)> javascript:alert(1) {{7*7}}"
UNICODE = "Nächtlicher Stopp \N{NIGHT WITH STARS} 夜間停止 " + "lang" * 40
HERE, THERE = "accountA", "accountB"
_DAYS = 3
_PER_DAY = 24


@dataclass(frozen=True, slots=True)
class Seeded:
    """What is there.

    Attributes:
        here: the numbers of the events of the first account, by status.
        there: the same of the second.
        runs_here: the names of runs of the first account, one of each status.
        runs_there: the same of the second.
    """

    here: dict[EventStatus, int]
    there: dict[EventStatus, int]
    runs_here: dict[RunStatus, str]
    runs_there: dict[RunStatus, str]


def seed(app: App, *, text: str = "By hand", now: datetime) -> Seeded:
    """Fill an empty database.

    Args:
        app: its app.
        text: what stands in descriptions, reasons, arguments, results, errors and names.
        now: the time of its clock.
    """
    here = _events(app, HERE, text, now)
    there = _events(app, THERE, text, now)
    runs_here = _runs(app, HERE, here[EventStatus.SCHEDULED], text, now)
    runs_there = _runs(app, THERE, there[EventStatus.SCHEDULED], text, now)
    return Seeded(here, there, runs_here, runs_there)


def clear_arguments(app: App) -> None:
    """Take away the arguments of all events: no type takes those that a seeded event has."""
    with app.store.engine.connect() as connection, connection.begin():
        connection.execute(update(events).values(args="{}"))


def resource_id(account: str) -> str:
    """Return a resource of an account; the last part is what people know it by."""
    return f"instance:{account}:us-east-1:i-{account.lower()}:"


def _events(app: App, account: str, text: str, now: datetime) -> dict[EventStatus, int]:
    made: dict[EventStatus, int] = {}
    for status in EventStatus:
        schedule = (
            {"_type": "daily", "time_of_day": "19:00", "timezone": "Europe/Berlin"}
            if status is EventStatus.SCHEDULED
            else now + timedelta(hours=3)
        )
        event = app.client.schedule(
            "divvy.stop_resource",
            schedule,
            resource_id=resource_id(account),
            description=f"{text} {account}-description",
            actor=f"web:{text}",
        )
        made[status] = event.event_id
        if status is not EventStatus.SCHEDULED:
            _move(app, event.event_id, status, f"{text} {account}-reason", now)
        _set_arguments(app, event.event_id, {"note": f"{text} {account}-argument", "password": "hunter2"})
    for minutes in (1, 5):  # due, of a type that nobody has brought
        app.client.schedule(
            f"other.{account}",
            now - timedelta(minutes=minutes),
            resource_id=resource_id(account),
            description=text,
            allow_unknown=True,
            actor=f"web:{text}",
        )
    return made


def _move(app: App, event_id: int, status: EventStatus, reason: str, now: datetime) -> None:
    values: dict[str, object] = {"status": status.value, "status_reason": reason}
    if status.is_final:
        values["finished_at"] = now
    if status is EventStatus.RUNNING:
        with app.store.write() as tx:
            values["session_id"] = tx.sessions.open(worker=f"{reason}-worker", lease_seconds=60, slots=4)
    with app.store.engine.connect() as connection, connection.begin():
        connection.execute(update(events).where(events.c.event_id == event_id).values(values))


def _set_arguments(app: App, event_id: int, args: dict[str, object]) -> None:
    with app.store.engine.connect() as connection, connection.begin():
        connection.execute(update(events).where(events.c.event_id == event_id).values(args=canonical(args)))


def _runs(app: App, account: str, event_id: int, text: str, now: datetime) -> dict[RunStatus, str]:
    rows = list(_run_rows(account, event_id, text, now))
    with app.store.engine.connect() as connection, connection.begin():
        connection.execute(insert(runs), rows)
    with app.store.read() as tx:
        return {run.status: run.run_id for run in tx.runs.of_event(event_id, most=len(rows))}


def _run_rows(account: str, event_id: int, text: str, now: datetime) -> Iterator[dict[str, object]]:
    types = cycle(("divvy.stop_resource", "divvy.start_resource", "duetime.tag_resource"))
    kinds = cycle((*RunStatus, *(RunStatus.SUCCEEDED,) * 12))
    for number in range(_DAYS * _PER_DAY):
        ended = now - timedelta(minutes=60 * number + 7)
        status = next(kinds)
        has_started = status not in (RunStatus.SKIPPED, RunStatus.EXPIRED, RunStatus.CANCELLED, RunStatus.DENIED)
        is_bad = status in (RunStatus.FAILED, RunStatus.TIMED_OUT, RunStatus.LOST)
        yield {
            "event_id": event_id,
            "due_at": ended - timedelta(minutes=2),
            "attempt": 1,
            "event_type": next(types),
            "resource_id": resource_id(account),
            "bot_id": None,
            "status": status.value,
            "final": status is not RunStatus.SNOOZED,
            "started_at": ended - timedelta(minutes=1) if has_started else None,
            "finished_at": ended,
            "reason": f"{text} {account}-why" if not has_started else "",
            "error": f"{text} {account}-error" if is_bad else "",
            "result": canonical({"said": f"{text} {account}-result", "token": "s3cret"}) if has_started else None,
        }
