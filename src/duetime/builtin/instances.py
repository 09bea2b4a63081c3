"""Starting, stopping, hibernating and rebooting resources, such as instances."""

from duetime.builtin.event_ids import HIBERNATE, REBOOT, START_RESOURCE, STOP_RESOURCE
from duetime.builtin.resource_operation import ResourceOperation
from duetime.core.statuses import OnLost
from duetime.jobs.registration import ScheduledEventRegistryWrapper

__all__ = ["START_RESOURCE", "STOP_RESOURCE", "events", "load", "unload"]

events = ScheduledEventRegistryWrapper()


@events.register(START_RESOURCE)
class StartResource(ResourceOperation):
    """Starts resources that are stopped."""

    operation = "start"
    inverse = STOP_RESOURCE
    changes = ("state",)


@events.register(STOP_RESOURCE)
class StopResource(ResourceOperation):
    """Stops resources that are running."""

    operation = "stop"
    inverse = START_RESOURCE
    changes = ("state",)


@events.register(HIBERNATE)
class Hibernate(ResourceOperation):
    """Stops instances and keeps what is in their memory."""

    operation = "hibernate"
    inverse = START_RESOURCE
    changes = ("state",)


@events.register(REBOOT)
class Reboot(ResourceOperation):
    """Restarts resources that are running. When nobody knows whether one was restarted, a person decides."""

    operation = "reboot"
    on_lost = OnLost.HOLD  # asked once more, it restarts once more


def load() -> None:
    """Register them."""
    events.load()


def unload() -> None:
    """Take them back."""
    events.unload()
