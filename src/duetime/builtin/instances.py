"""Starting and stopping resources, such as instances: a group of them in one call to the cloud."""

from collections.abc import Iterable
from datetime import timedelta
from itertools import groupby
from typing import ClassVar

from duetime.core.outcomes import Failed, GroupRefused, JobOutcome
from duetime.core.resources import Resource
from duetime.core.retry import Retry
from duetime.core.statuses import OnLost
from duetime.jobs.base import MultiResourceScheduledEventJob
from duetime.jobs.registration import ScheduledEventRegistryWrapper

START_RESOURCE = "divvy.start_resource"
STOP_RESOURCE = "divvy.stop_resource"

events = ScheduledEventRegistryWrapper()


class _StateChange(MultiResourceScheduledEventJob):
    """Brings resources into a state.

    Both directions may be repeated safely, so an attempt whose outcome is unknown is simply made again.

    Attributes:
        operation: what the cloud is asked to do.
        wanted: the state it leads to; a resource that is already there needs no call.
        not_from: states on the way to another one, from which the cloud refuses the operation for now. One resource
            in such a state would have the whole group refused, so it is left out and tried again later.
    """

    operation: ClassVar[str]
    wanted: ClassVar[str]
    not_from: ClassVar[frozenset[str]]

    max_group = 50
    # An instance may take minutes to stop before it can start again: 30 s, 1, 2 and 4 minutes.
    retry = Retry(attempts=5, first=timedelta(seconds=30), longest=timedelta(minutes=5))
    timeout = timedelta(minutes=2)
    on_lost = OnLost.RETRY
    changes = ("state",)

    def run(self) -> JobOutcome | None:
        """Act on those that need it, one call per resource type."""
        resources = self.resources
        if not resources:
            return Failed(f"there is nothing to {self.operation}: the event has no resource", retry=False)
        refused: GroupRefused | None = None
        for members in _by_place(self._needing_a_call(resources)):
            if self.cancel_requested:
                self._give_up(members)
                continue
            try:
                self._act(members)
            except GroupRefused as error:
                # Other types of resource are other calls, with answers of their own.
                refused = error
        if refused is not None:
            raise refused
        return None

    def _needing_a_call(self, resources: Iterable[Resource]) -> list[Resource]:
        """Return those that the cloud must be asked about; report the others."""
        fresh = self.context.fresh
        needing = []
        for resource in resources:
            # Only what was read a moment ago can be trusted to be there already; the inventory may be hours old.
            state = resource.state if resource.resource_id in fresh else None
            if state == self.wanted:
                self.succeeded(resource, {"before": state, "after": state, "note": f"already {state}"})
            elif state in self.not_from:
                self.failed(resource, f"it is {state}, from which it cannot {self.operation}")
            else:
                needing.append(resource)
        return needing

    def _act(self, members: list[Resource]) -> None:
        first = members[0]
        outcomes = self.context.cloud.act(
            self.operation,
            account=first.account,
            region=first.region,
            resource_type=first.resource_type,
            provider_ids=[resource.provider_id for resource in members],
        )
        for resource in members:
            self.report(resource, outcomes.get(resource.provider_id, _unanswered(self.operation)))

    def _give_up(self, members: list[Resource]) -> None:
        for resource in members:
            self.failed(resource, f"asked to stop before it could {self.operation}")


@events.register(START_RESOURCE)
class StartResource(_StateChange):
    """Starts resources that are stopped."""

    operation = "start"
    wanted = "running"
    not_from = frozenset({"stopping", "shutting-down"})
    inverse = STOP_RESOURCE


@events.register(STOP_RESOURCE)
class StopResource(_StateChange):
    """Stops resources that are running."""

    operation = "stop"
    wanted = "stopped"
    not_from = frozenset({"pending", "shutting-down"})
    inverse = START_RESOURCE


def load() -> None:
    """Register both."""
    events.load()


def unload() -> None:
    """Take both back."""
    events.unload()


def _by_place(resources: Iterable[Resource]) -> Iterable[list[Resource]]:
    def place(resource: Resource) -> tuple[str, str, str]:
        return resource.account, resource.region, resource.resource_type

    for _, members in groupby(sorted(resources, key=place), key=place):
        yield list(members)


def _unanswered(operation: str) -> JobOutcome:
    return Failed(f"the cloud was asked to {operation} it and said nothing of it")
