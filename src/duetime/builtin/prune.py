"""The event type that deletes old history."""

from datetime import timedelta

from duetime.core.outcomes import JobOutcome, Succeeded
from duetime.core.statuses import OnLost
from duetime.jobs.base import ScheduledEventJob
from duetime.jobs.registration import ScheduledEventRegistryWrapper
from duetime.scheduling.current import current_client

PRUNE = "duetime.prune"
HISTORY_DAYS = 400
"""A little more than a year, so that last year's figures can be compared."""
_BATCH = 1000

events = ScheduledEventRegistryWrapper()


@events.register(PRUNE)
class Prune(ScheduledEventJob):
    """Deletes runs with their notes, and events and worker sessions that ended, when older than `days`.

    It does so in small transactions. Audit entries stay for ever: who changed what is to be known for as long as the
    database is.
    """

    on_lost = OnLost.RETRY

    def __init__(
        self,
        resource_id: str | None = None,
        user_resource_id: str | None = None,
        scheduled_event_id: int | None = None,
        scheduled_event_type: str | None = None,
        *,
        days: int = HISTORY_DAYS,
    ) -> None:
        super().__init__(
            resource_id=resource_id,
            user_resource_id=user_resource_id,
            scheduled_event_id=scheduled_event_id,
            scheduled_event_type=scheduled_event_type,
        )
        self.days = days

    def run(self) -> JobOutcome:
        """Delete until nothing old is left or somebody asks to stop."""
        store = current_client(PRUNE).store
        before = store.now() - timedelta(days=self.days)
        runs = events_deleted = sessions = notes = 0
        while not self.cancel_requested:
            with store.write() as tx:
                some_runs = tx.runs.prune(before=before, most=_BATCH)
                some_events = tx.events.prune(before=before, most=_BATCH)
                some_sessions = tx.sessions.prune(before=before, most=_BATCH)
                some_notes = tx.notes.prune(before=before, most=_BATCH)
            runs += some_runs
            events_deleted += some_events
            sessions += some_sessions
            notes += some_notes
            if max(some_runs, some_events, some_sessions, some_notes) < _BATCH:
                break
        return Succeeded({"runs": runs, "events": events_deleted, "sessions": sessions, "notes": notes})


def load() -> None:
    """Register the event type."""
    events.load()


def unload() -> None:
    """Take it back."""
    events.unload()
