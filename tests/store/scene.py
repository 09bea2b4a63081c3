"""What the tests of the store have in common: short ways to make events, sessions, claims and endings."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any, cast

from sqlalchemy import select, text

from duetime.core.claims import Claim, Ending
from duetime.core.decisions import decide
from duetime.core.events import Event, NewEvent, OnExisting, Run
from duetime.core.operations import Operation, OperationReport, ScheduleEvent, UnscheduleEvents
from duetime.core.outcomes import Outcome, Succeeded
from duetime.core.retry import NO_RETRY, Retry
from duetime.core.schedules import Schedule
from duetime.core.statuses import RunStatus, Wish
from duetime.schedule.codec import decode
from duetime.schedule.once import Once
from duetime.schedule.periodic import Periodic
from duetime.store.finishing import FinishReport, finish_all
from duetime.store.hot_path import Want
from duetime.store.store import Store
from duetime.store.tables import events

STOP = "test.stop"
START = "test.start"
MINUTE = timedelta(minutes=1)
HOUR = timedelta(hours=1)
INSTANCE = "instance:10:us-east-1:i-1:"


class Scene:
    """One store, and what happens in it."""

    def __init__(self, store: Store) -> None:
        self.store = store

    @property
    def now(self) -> datetime:
        return self.store.now()

    # --- events

    def new(self, **given: Any) -> NewEvent:
        """Return an event that has been due for a minute."""
        due_at = given.pop("due_at", self.now - MINUTE)
        schedule = given.pop("schedule", Once(when=due_at))
        return NewEvent(event_type=given.pop("event_type", STOP), schedule=schedule, due_at=due_at, **given)

    def add(self, **given: Any) -> int:
        """Insert an event that has been due for a minute."""
        with self.store.write() as tx:
            return tx.events.add(self.new(**given), now=self.now)

    def add_hourly(self, **given: Any) -> int:
        """Insert a recurring event that has been due for a minute."""
        return self.add(schedule=self.hourly(), **given)

    def hourly(self) -> Schedule:
        return Periodic(hours=1).anchored(self.now - MINUTE)

    def add_many(self, wished: Sequence[NewEvent]) -> OperationReport:
        """Insert events in bulk."""
        return self.apply(*map(ScheduleEvent, wished))

    def schedule(self, on_existing: OnExisting | str, **given: Any) -> OperationReport:
        """Schedule one event under the key `key`."""
        given = {"dedupe_key": b"k" * 16, **given}
        return self.add_many([self.new(on_existing=OnExisting(on_existing), **given)])

    def unschedule(self, **given: Any) -> int:
        """Unschedule the events of a bot or resource; return how many."""
        given = {"bot_id": None, "resource_id": None, "reason": "no longer wanted", **given}
        return self.apply(UnscheduleEvents(**given)).cancelled

    def apply(self, *operations: Operation) -> OperationReport:
        with self.store.write() as tx:
            return tx.operations.apply(operations)

    def event(self, event_id: int) -> Event:
        with self.store.read() as tx:
            return tx.events.get(event_id)

    def column(self, name: str, event_id: int) -> Any:
        """Return one column of an event, such as those that `Event` leaves out."""
        with self.store.engine.connect() as connection:
            return connection.execute(select(events.c[name]).where(events.c.event_id == event_id)).scalar_one()

    def ids(self) -> list[int]:
        with self.store.engine.connect() as connection:
            return list(connection.execute(select(events.c.event_id).order_by(events.c.event_id)).scalars())

    def runs(self, event_id: int) -> list[Run]:
        with self.store.read() as tx:
            return tx.runs.of_event(event_id)

    def sql(self, statement: str, **parameters: Any) -> int:
        """Change rows behind the store's back; return how many."""
        with self.store.engine.connect() as opened:
            connection = opened.execution_options(duetime_writes=True)
            with connection.begin():
                return connection.execute(text(statement), parameters).rowcount

    # --- workers

    def session(self) -> int:
        """Open a worker session."""
        with self.store.write() as tx:
            return tx.sessions.open(worker="host:1", lease_seconds=30, slots=4)

    def lose(self, session_id: int) -> None:
        """Declare a session lost."""
        with self.store.write() as tx:
            (beat,) = (one.beat for one in tx.sessions.alive() if one.session_id == session_id)
            assert tx.sessions.declare_lost(session_id, beat_seen=beat)

    def claim(self, session_id: int | None = None, *, types: Sequence[str] = (STOP,), most: int = 500) -> list[Claim]:
        """Claim what is due, for a session of its own unless one is given."""
        session_id = session_id or self.session()
        with self.store.write() as tx:
            wants = [Want(event_type, most) for event_type in types]
            return tx.claims.take(session_id=session_id, wants=wants, most=most)

    def claim_one(self, session_id: int | None = None, **given: Any) -> Claim:
        """Add an event and claim it."""
        event_id = self.add(**given)
        (claim,) = self.claim(session_id, types=[given.get("event_type", STOP)])
        assert claim.event_id == event_id
        return claim

    def ending(
        self,
        claim: Claim,
        outcome: Outcome | None = None,
        *,
        wish: Wish | None = None,
        retry: Retry = NO_RETRY,
        **changes: Any,
    ) -> Ending:
        """Return what a worker would write of an outcome."""
        next_due = decode(claim.schedule_text).next_after(claim.due_at) if claim.recurring else None
        step = decide(
            claim,
            outcome or Succeeded(),
            now=self.now,
            next_due=next_due,
            retry=retry,
            wish=wish,
            uniform=lambda: 0.5,
        )
        session_id = self.column("session_id", claim.event_id)
        return Ending(claim, step, session_id, self.now, self.now, wish=wish)._replace(**changes)

    def finish(self, *endings: Ending) -> FinishReport:
        return finish_all(self.store, endings)

    def end(self, claim: Claim, outcome: Outcome | None = None, **given: Any) -> Event:
        """Write the end of a claim and return the event as it stands then."""
        ending = self.ending(claim, outcome, **given)
        report = self.finish(ending)
        assert report == FinishReport(written=[ending])
        return self.event(claim.event_id)


def fenced_off(claim: Claim) -> Claim:
    """Return the claim as a worker holds it whose lease has passed to another."""
    return claim._replace(token=claim.token - 1)


def unwritable(ending: Ending) -> Ending:
    """Return an ending that both databases refuse: a CHECK allows no such status in the history."""
    return ending._replace(step=ending.step._replace(run_status=cast("RunStatus", _Invented.STATUS)))


class _Invented(StrEnum):
    STATUS = "invented"
