"""The event type that reads an account into the inventory."""

from duetime.core.outcomes import JobOutcome, Succeeded
from duetime.core.retry import Retry
from duetime.core.statuses import OnLost
from duetime.jobs.base import ScheduledEventJob
from duetime.jobs.registration import ScheduledEventRegistryWrapper
from duetime.providers.harvest import harvest_account
from duetime.scheduling.current import current_client

HARVEST = "duetime.harvest"
events = ScheduledEventRegistryWrapper()


@events.register(HARVEST)
class Harvest(ScheduledEventJob):
    """Reads every region of one account; safe to repeat."""

    on_lost = OnLost.RETRY
    retry = Retry(attempts=3)

    def __init__(
        self,
        resource_id: str | None = None,
        user_resource_id: str | None = None,
        scheduled_event_id: int | None = None,
        scheduled_event_type: str | None = None,
        *,
        account: str,
        resource_types: list | None = None,  # type: ignore[type-arg]  # the schema reads the bare type
    ) -> None:
        super().__init__(
            resource_id=resource_id,
            user_resource_id=user_resource_id,
            scheduled_event_id=scheduled_event_id,
            scheduled_event_type=scheduled_event_type,
        )
        self.account = account
        self.resource_types = resource_types or ["instance"]

    def run(self) -> JobOutcome:
        """Harvest, and say what was found in each region."""
        store = current_client(HARVEST).store
        with store.read() as tx:
            account = tx.accounts.get(self.account)
        harvested = harvest_account(account, store=store, cloud=self.context.cloud, resource_types=self.resource_types)
        return Succeeded(
            [
                {"region": part.region, "resource_type": part.resource_type, "seen": part.seen, "gone": part.gone}
                for part in harvested
            ]
        )


def load() -> None:
    """Register the event type."""
    events.load()


def unload() -> None:
    """Take it back."""
    events.unload()
