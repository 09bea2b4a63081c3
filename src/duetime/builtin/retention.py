"""How long something is kept."""

from typing import Any

from duetime.builtin.event_ids import SET_RETENTION
from duetime.builtin.resource_operation import ResourceOperation
from duetime.core.json_types import JsonObject
from duetime.jobs.registration import ScheduledEventRegistryWrapper

events = ScheduledEventRegistryWrapper()


@events.register(SET_RETENTION)
class SetRetention(ResourceOperation):
    """Sets for how many days resources such as log groups keep what is written to them.

    Args:
        days: as many as the cloud allows; null = for ever.
    """

    operation = "set_retention"
    inverse = SET_RETENTION

    def __init__(self, *, days: int | None, **own: Any) -> None:
        super().__init__(**own)
        self.days = days

    def arguments(self) -> JsonObject:
        return {"days": self.days}

    def problem(self) -> str | None:
        return None if self.days is None or self.days > 0 else "days must be above 0, or null for ever"


def load() -> None:
    """Register it."""
    events.load()


def unload() -> None:
    """Take it back."""
    events.unload()
