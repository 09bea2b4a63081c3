"""The event type that reads an account into the inventory, and what follows from the changes it finds."""

from collections.abc import Sequence

from duetime.bots.compliance import cancel_compliant
from duetime.bots.triggers import raise_triggers
from duetime.core.harvests import ResourceChange
from duetime.core.hooks import call_handlers
from duetime.core.outcomes import JobOutcome, Succeeded
from duetime.core.retry import Retry
from duetime.core.statuses import OnLost
from duetime.jobs.base import ScheduledEventJob
from duetime.jobs.registration import ScheduledEventRegistryWrapper
from duetime.providers.harvest import harvest_account
from duetime.providers.harvest_options import THREADS, HarvestOptions
from duetime.providers.harvest_report import Harvested, Listeners
from duetime.scheduling.client import Client
from duetime.scheduling.current import current_client, using
from duetime.store.store import Transaction

HARVEST = "duetime.harvest"
events = ScheduledEventRegistryWrapper()


def listeners_of(client: Client) -> Listeners:
    """Return what follows from the changes that a harvest finds.

    In their transaction, pending events whose reason has gone are cancelled and bots are triggered; after it, the
    handlers that plugins have hung on hookpoints are called.
    """

    def changed(tx: Transaction, changes: Sequence[ResourceChange]) -> None:
        ids = [change.resource.resource_id for change in changes]
        cancel_compliant(tx, registries=client.registries, resource_ids=ids, now=tx.now)
        raise_triggers(tx, changes, most_bytes=client.max_argument_bytes)

    def committed(changes: Sequence[ResourceChange]) -> None:
        with using(client):
            call_handlers(changes, registries=client.registries)

    return Listeners(changed, committed)


@events.register(HARVEST)
class Harvest(ScheduledEventJob):
    """Reads every region of one account; safe to repeat.

    A further attempt reads what the one before it did not complete.
    """

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
        threads: int = THREADS,
        triggers_on_first: bool = False,
    ) -> None:
        super().__init__(
            resource_id=resource_id,
            user_resource_id=user_resource_id,
            scheduled_event_id=scheduled_event_id,
            scheduled_event_type=scheduled_event_type,
        )
        self.account = account
        self.resource_types = tuple(resource_types or ())
        self.threads = max(threads, 1)
        self.triggers_on_first = triggers_on_first

    def run(self) -> JobOutcome:
        """Harvest, and say what was found in each part.

        Raises:
            Throttled: the cloud had no room for all of it; the event waits until it has.
            ProviderFailed: some of it could not be read.
        """
        client = current_client(HARVEST)
        with client.store.read() as tx:
            account = tx.accounts.get(self.account)
        since = None
        for event_id, due_at in self.context.occurrences:
            if client.get(event_id).attempt > 1:
                since = due_at
        harvested = harvest_account(
            account,
            store=client.store,
            cloud=self.context.cloud,
            options=HarvestOptions(
                resource_types=self.resource_types,
                threads=self.threads,
                completed_since=since,
                triggers_on_first=self.triggers_on_first,
                actor=f"event:{self.scheduled_event_id}",
            ),
            listeners=listeners_of(client),
        )
        return Succeeded([_in_brief(part) for part in harvested if part.seen or part.gone])


def _in_brief(part: Harvested) -> dict[str, str | int]:
    return {
        "region": part.region,
        "resource_type": part.resource_type,
        "seen": part.seen,
        "created": part.created,
        "changed": part.changed,
        "tags_changed": part.tags_changed,
        "unchanged": part.unchanged,
        "gone": part.gone,
    }


def load() -> None:
    """Register the event type."""
    events.load()


def unload() -> None:
    """Take it back."""
    events.unload()
