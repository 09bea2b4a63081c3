"""The event type that counts history by the hour."""

from duetime.core.outcomes import JobOutcome, Succeeded
from duetime.core.statuses import OnLost
from duetime.jobs.base import ScheduledEventJob
from duetime.jobs.registration import ScheduledEventRegistryWrapper
from duetime.scheduling.current import current_client

COUNT_RUNS = "duetime.count_runs"

events = ScheduledEventRegistryWrapper()


@events.register(COUNT_RUNS)
class CountRuns(ScheduledEventJob):
    """Counts the runs of hours that have ended, so that charts need not read a million of them.

    Each hour is one transaction, and what was counted is marked in it; so it can end at any moment and be run at any
    time, and counts nothing twice. Hours that were counted before are counted once more when endings came in late.
    """

    on_lost = OnLost.RETRY

    def run(self) -> JobOutcome:
        """Count until every complete hour is, or somebody asks to stop."""
        store = current_client(COUNT_RUNS).store
        hours = again = 0
        while not self.cancel_requested:
            with store.write() as tx:
                if tx.run_counts.roll_up() is None:
                    break
            hours += 1
        with store.read() as tx:
            late = tx.run_counts.late_hours()
        for hour in late:
            if self.cancel_requested:
                break
            with store.write() as tx:
                tx.run_counts.recount(hour)
            again += 1
        return Succeeded({"hours": hours, "again": again})


def load() -> None:
    """Register the event type."""
    events.load()


def unload() -> None:
    """Take it back."""
    events.unload()
