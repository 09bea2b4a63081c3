"""Who may use a resource: access keys, public access, and policies."""

from typing import Any

from duetime.builtin.event_ids import (
    ATTACH_POLICY,
    BLOCK_PUBLIC_ACCESS,
    DISABLE,
    ENABLE,
    REMOVE_POLICY,
    RESTORE_PUBLIC_ACCESS,
)
from duetime.builtin.resource_operation import ResourceOperation
from duetime.core.json_types import JsonObject
from duetime.jobs.registration import ScheduledEventRegistryWrapper

events = ScheduledEventRegistryWrapper()


@events.register(DISABLE)
class Disable(ResourceOperation):
    """Disables resources such as access keys, so that they serve nobody and can be enabled again."""

    operation = "disable"
    inverse = ENABLE
    changes = ("state",)


@events.register(ENABLE)
class Enable(ResourceOperation):
    """Enables resources such as access keys that were disabled; some clouds' types have settings of their own.

    Args:
        former: how it was enabled before, as the note of the disabling says it.
    """

    operation = "enable"
    inverse = DISABLE
    changes = ("state",)

    def __init__(
        self,
        resource_id: str | None = None,
        user_resource_id: str | None = None,
        scheduled_event_id: int | None = None,
        scheduled_event_type: str | None = None,
        **former: Any,
    ) -> None:
        super().__init__(resource_id, user_resource_id, scheduled_event_id, scheduled_event_type)
        self.former = former

    def arguments(self) -> JsonObject:
        return self.former


@events.register(BLOCK_PUBLIC_ACCESS)
class BlockPublicAccess(ResourceOperation):
    """Keeps the public out of resources such as buckets."""

    operation = "block_public_access"
    inverse = RESTORE_PUBLIC_ACCESS
    # It says not that it changes `public`: one that is pending is not wanted any more once the owner has closed it.


@events.register(RESTORE_PUBLIC_ACCESS)
class RestorePublicAccess(ResourceOperation):
    """Lets the public in as far as it was let in before; the settings are the cloud's own.

    Args:
        former: who was let in, as the note of the block says it.
    """

    operation = "restore_public_access"
    inverse = BLOCK_PUBLIC_ACCESS
    changes = ("public",)

    def __init__(
        self,
        resource_id: str | None = None,
        user_resource_id: str | None = None,
        scheduled_event_id: int | None = None,
        scheduled_event_type: str | None = None,
        **former: Any,
    ) -> None:
        super().__init__(resource_id, user_resource_id, scheduled_event_id, scheduled_event_type)
        self.former = former

    def arguments(self) -> JsonObject:
        return self.former


@events.register(ATTACH_POLICY)
class AttachPolicy(ResourceOperation):
    """Gives resources such as buckets a policy in place of the one they have.

    Args:
        policy: the policy as the cloud writes it, as an object or its JSON text; null = none, as before the first one
            was attached.
    """

    operation = "attach_policy"
    inverse = ATTACH_POLICY
    changes = ("public",)

    def __init__(self, *, policy: dict[str, Any] | str | None, **own: Any) -> None:
        super().__init__(**own)
        self.policy = policy

    def arguments(self) -> JsonObject:
        return {"policy": self.policy}

    def problem(self) -> str | None:
        if self.policy is None or (self.policy and isinstance(self.policy, dict | str)):
            return None
        return f"policy must be an object, its JSON text or null, not {self.policy!r:.60}"


@events.register(REMOVE_POLICY)
class RemovePolicy(ResourceOperation):
    """Takes the policy off resources such as buckets."""

    operation = "remove_policy"
    inverse = ATTACH_POLICY
    # Nor does this one change `public`, for the same reason.


def load() -> None:
    """Register them."""
    events.load()


def unload() -> None:
    """Take them back."""
    events.unload()
