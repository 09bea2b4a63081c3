"""Two accounts with events and history, and what stands in neither."""

import json
from datetime import timedelta
from typing import Any

from duetime.app.app import App
from duetime.core.events import Event, Run
from duetime.core.resources import Resource, ResourceId
from duetime.core.statuses import EventStatus, RunStatus
from duetime.store.run_table import DueTime

STOP = "divvy.stop_resource"
LOG = "duetime.log"


def resource_id(account: str, name: str = "i-1") -> str:
    return ResourceId("instance", account, "us-east-1", name).to_string()


class Scene:
    """What tests of the API put into the database."""

    def __init__(self, app: App) -> None:
        self.app = app
        self.store = app.store
        self.client = app.client

    def resource(self, account: str, name: str = "i-1") -> str:
        """Add an instance to the inventory and return its id."""
        found = resource_id(account, name)
        with self.store.write() as tx:
            tx.resources.save(
                [
                    Resource(
                        resource_id=found,
                        resource_type="instance",
                        account=account,
                        region="us-east-1",
                        provider_id=name,
                        name=name,
                        state="running",
                    )
                ]
            )
        return found

    def event(
        self, account: str | None = "A", *, schedule: Any = None, due_in: timedelta | None = None, **more: Any
    ) -> Event:
        """Schedule an event for an account's resource, or for none; in an hour when nothing else is said."""
        wanted = schedule
        if wanted is None:
            wanted = self.store.now() + (timedelta(hours=1) if due_in is None else due_in)
        given: dict[str, Any] = {"event_type": STOP, "resource_id": resource_id(account)} if account else {}
        if account is None:
            given = {"event_type": LOG, "args": {"message": "hello"}}
        given |= more
        return self.client.schedule(given.pop("event_type"), wanted, **given)

    def due(self, account: str | None = "A", **more: Any) -> Event:
        """Schedule an event that is due now."""
        return self.event(account, due_in=timedelta(0), **more)

    def run(
        self, account: str | None = "A", *, status: RunStatus = RunStatus.SUCCEEDED, reason: str = "", **more: Any
    ) -> Run:
        """Write a run of a new event, as if it had ended now."""
        event = self.due(account, **more)
        with self.store.write() as tx:
            tx.runs.answer([DueTime.of(event)], status=status, reason=reason, now=tx.now)
            return tx.runs.of_event(event.event_id)[0]

    def hold(self, event_id: int) -> None:
        """Put an event where a person must decide, as a lost worker does."""
        self.set(event_id, status=EventStatus.HELD.value, status_reason="its worker went away")

    def set(self, event_id: int, **values: Any) -> None:
        """Change columns of an event."""
        from sqlalchemy import update

        from duetime.store.tables import events

        with self.store.engine.begin() as connection:
            connection.execute(update(events).where(events.c.event_id == event_id).values(**values))

    def finished_run(self, account: str | None, status: RunStatus) -> Run:
        """Write a run whose event has ended."""
        run = self.run(account, status=status)
        self.set(run.event_id, status=EventStatus.CANCELLED.value, finished_at=self.store.now())
        return run

    def lose_resource(self, account: str, name: str = "i-1") -> None:
        """Have a harvest miss a resource."""
        from sqlalchemy import update

        from duetime.store.cloud_tables import resources

        mine = resources.c.resource_id == resource_id(account, name)
        with self.store.engine.begin() as connection:
            connection.execute(update(resources).where(mine).values(gone_at=self.store.now()))

    def note(self, run: Run, note: dict[str, Any]) -> None:
        """Write what a run's job wrote down before it acted."""
        from sqlalchemy import insert

        from duetime.store.tables import notes

        values = {
            "event_id": run.event_id,
            "due_at": run.due_at,
            "resource_id": run.resource_id,
            "written_at": run.finished_at,
            "note": json.dumps(note),
        }
        with self.store.engine.begin() as connection:
            connection.execute(insert(notes).values(**values))

    def set_run(self, run: Run, **values: Any) -> None:
        """Change columns of a run."""
        from sqlalchemy import update

        from duetime.store.tables import runs

        with self.store.engine.begin() as connection:
            connection.execute(update(runs).where(runs.c.event_id == run.event_id).values(**values))
