"""The event type that deletes old history."""

from collections import Counter
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
    """Deletes runs with their notes and counts, events and worker sessions that ended, when older than `days`.

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
        deleted: Counter[str] = Counter(dict.fromkeys(("runs", "events", "sessions", "notes", "counts"), 0))
        while not self.cancel_requested:
            with store.write() as tx:
                some = {
                    "runs": tx.runs.prune(before=before, most=_BATCH),
                    "events": tx.events.prune(before=before, most=_BATCH),
                    "sessions": tx.sessions.prune(before=before, most=_BATCH),
                    "notes": tx.notes.prune(before=before, most=_BATCH),
                    "counts": tx.run_counts.prune(before=before, most=_BATCH),
                }
            deleted.update(some)
            if max(some.values()) < _BATCH:
                break
        return Succeeded(dict(deleted))


def load() -> None:
    """Register the event type."""
    events.load()


def unload() -> None:
    """Take it back."""
    events.unload()
