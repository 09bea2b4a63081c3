"""Deleting and releasing resources, which nothing undoes, and detaching them, which attaching does."""

from typing import Any

from duetime.builtin.event_ids import ATTACH, DELETE, DETACH, RELEASE
from duetime.builtin.resource_operation import ResourceOperation
from duetime.core.json_types import JsonObject
from duetime.jobs.registration import ScheduledEventRegistryWrapper

NOT_SAID = ""
"""Stands for a setting that was left out, where leaving it out is not the same as null."""

events = ScheduledEventRegistryWrapper()


@events.register(DELETE)
class Delete(ResourceOperation):
    """Deletes or terminates resources for good.

    What they were is kept in the note: name, state, tags and data.

    Args:
        final_snapshot: for databases: the name of a last snapshot, or null for none. It has to be said.
    """

    operation = "delete"
    destructive = True
    on_lost = None

    def __init__(self, *, final_snapshot: str | None = NOT_SAID, **own: Any) -> None:
        super().__init__(**own)
        self.final_snapshot = final_snapshot

    def arguments(self) -> JsonObject:
        return {} if self.final_snapshot == NOT_SAID else {"final_snapshot": self.final_snapshot}


@events.register(RELEASE)
class Release(ResourceOperation):
    """Gives resources such as public addresses back to the cloud, for good."""

    operation = "release"
    destructive = True
    on_lost = None


@events.register(DETACH)
class Detach(ResourceOperation):
    """Takes resources such as volumes off whatever uses them."""

    operation = "detach"
    inverse = ATTACH
    changes = ("attached", "state")


@events.register(ATTACH)
class Attach(ResourceOperation):
    """Attaches resources such as volumes to what is to use them; the settings are the cloud's own.

    Args:
        where: to what and how, as the note of a detachment says it.
    """

    operation = "attach"
    inverse = DETACH
    changes = ("attached", "state")

    def __init__(
        self,
        resource_id: str | None = None,
        user_resource_id: str | None = None,
        scheduled_event_id: int | None = None,
        scheduled_event_type: str | None = None,
        **where: Any,
    ) -> None:
        super().__init__(resource_id, user_resource_id, scheduled_event_id, scheduled_event_type)
        self.where = where

    def arguments(self) -> JsonObject:
        return self.where


def load() -> None:
    """Register them."""
    events.load()


def unload() -> None:
    """Take them back."""
    events.unload()
