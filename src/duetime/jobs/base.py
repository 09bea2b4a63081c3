"""The classes that jobs derive from."""

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import Any, ClassVar

from duetime.core.errors import NoCurrentApp
from duetime.core.outcomes import Failed, JobOutcome, Succeeded
from duetime.core.resources import Resource
from duetime.core.retry import NO_RETRY, Retry
from duetime.core.run_context import RunContext, current_run
from duetime.core.statuses import OnLost


class ScheduledEventJob:
    """Does one event for one resource.

    A subclass implements `run()`. Its constructor takes the four keywords below and, by keyword, the event's own
    arguments; the four go on to this class. `run()` returns None (succeeded) or an outcome, or raises (failed).

    Attributes:
        retry: when a failed attempt is tried again; by default never.
        timeout: how long one call may take; None = for ever. At the deadline `cancel_requested` becomes true.
        on_lost: what follows when nobody knows what an attempt did; None = `hold` for destructive types, else `retry`.
        destructive: whether it takes something away for good. Such types hold when lost, re-check the bot's filters
            before they start, and expire after a day.
        inverse: the event type that undoes it.
        max_group: the most events that one call may serve; only for `MultiResourceScheduledEventJob`.
        catch_up: what happens to missed times of a recurring event: `latest`, `all` or `skip`.
        expires_after: how late a one-off may still start; None = for ever, or one day for destructive types.
        changes: resource fields that the job itself changes, such as `state`; the re-check leaves them out.
    """

    retry: ClassVar[Retry] = NO_RETRY
    timeout: ClassVar[timedelta | None] = None
    on_lost: ClassVar[OnLost | str | None] = None
    destructive: ClassVar[bool] = False
    inverse: ClassVar[str | None] = None
    max_group: ClassVar[int] = 1
    catch_up: ClassVar[str] = "latest"
    expires_after: ClassVar[timedelta | None] = None
    changes: ClassVar[Sequence[str]] = ()

    def __init__(
        self,
        resource_id: str | None = None,
        user_resource_id: str | None = None,
        scheduled_event_id: int | None = None,
        scheduled_event_type: str | None = None,
    ) -> None:
        self.resource_id = resource_id
        self.user_resource_id = user_resource_id
        self.scheduled_event_id = scheduled_event_id
        self.scheduled_event_type = scheduled_event_type
        self._context = current_run()
        self._history: JobOutcome | None = None

    def run(self) -> JobOutcome | None:
        """Do it.

        Returns:
            None or `Succeeded` when done; `Failed`, `Snoozed` or `Skipped` to say otherwise.
        """
        raise NotImplementedError

    @property
    def context(self) -> RunContext:
        """What this call may reach: clock, inventory, cloud.

        Raises:
            NoCurrentApp: the job was built by hand, outside a run.
        """
        if self._context is None:
            raise NoCurrentApp(type(self).__name__)
        return self._context

    @property
    def resource(self) -> Resource | None:
        """The resource of this event as it was last read, or None when it has none."""
        return None if self.resource_id is None else self.context.resources()[0]

    @property
    def cancel_requested(self) -> bool:
        """Whether somebody asked this run to stop, or its deadline has passed. Long jobs look at it now and then."""
        return self._context is not None and self._context.cancel.is_set()

    @property
    def idempotency_key(self) -> str:
        """The same text for every attempt at this due time: give it to an API that takes one."""
        return self.context.idempotency_key

    def store_event_history(
        self,
        start_time: datetime | None = None,
        finish_time: datetime | None = None,
        status: str = "SUCCESS",
        result_data: Any = None,
    ) -> None:
        """Say the outcome the older way. It is recorded, and written when `run()` ends; the last call wins.

        Args:
            start_time: when it started, naive UTC; duetime's own measurement is what history keeps.
            finish_time: when it ended, naive UTC; likewise.
            status: `SUCCESS` or `ERROR`.
            result_data: text or JSON for the history.
        """
        del start_time, finish_time
        if str(status).upper() == "SUCCESS":
            self._history = Succeeded(result_data)
        else:
            self._history = Failed(str(result_data) if result_data is not None else f"status {status}", result_data)

    @property
    def recorded_outcome(self) -> JobOutcome | None:
        """What `store_event_history` was last told."""
        return self._history

    @staticmethod
    def utcnow() -> datetime:
        """Return the present instant, naive UTC, as `store_event_history` takes it."""
        return datetime.now(UTC).replace(tzinfo=None)


class MultiResourceScheduledEventJob(ScheduledEventJob):
    """Does one event type for several resources of one account and region in one call.

    With `max_group` above 1, events that are due together and agree in type, account, region and arguments are served
    by one instance. `resource_id` and `scheduled_event_id` are then those of the first. What is not reported by
    `succeeded`, `failed` or `report` takes the outcome of `run()` as a whole. Without `max_group` it is served one
    resource at a time.

    Raise `duetime.core.outcomes.GroupRefused` when the provider refused the whole call and nothing was done: the
    members are then tried one by one.
    """

    @property
    def resources(self) -> tuple[Resource, ...]:
        """The resources of this call as they were last read."""
        return self.context.resources()

    def succeeded(self, resource: Resource | str, data: Any = None) -> None:
        """Report that `resource` is done."""
        self.report(resource, Succeeded(data))

    def failed(self, resource: Resource | str, error: object) -> None:
        """Report that `resource` failed."""
        self.report(resource, Failed(str(error)))

    def report(self, resource: Resource | str, outcome: JobOutcome) -> None:
        """Report any outcome for `resource`; the last report wins."""
        resource_id = resource if isinstance(resource, str) else resource.resource_id
        self.context.outcomes[resource_id] = outcome
