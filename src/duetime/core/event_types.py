"""What is known of an event type without its class: the row that workers publish and everybody else reads."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any

from duetime.core.retry import NO_RETRY, Retry
from duetime.core.statuses import OnLost

DESTRUCTIVE_EXPIRY = timedelta(hours=24)


@dataclass(frozen=True, slots=True)
class EventType:
    """One registered event type.

    Attributes:
        event_type: the id, such as `divvy.stop_resource`.
        plugin: who brings it; `builtin` for our own.
        generation: which load of that plugin.
        description: what it does, in words.
        arguments: JSON schema of the arguments, from the job's constructor.
        max_group: the most events one job call may serve; 1 = one at a time.
        inverse: the event type that undoes it.
        catch_up: `latest`, `all` or `skip`.
        expires_after: how late a one-off may still start; None = for ever.
        changes: the resource fields that the job itself changes, such as `state`; left out of the re-check.
    """

    event_type: str
    plugin: str
    generation: int = 1
    arguments: Mapping[str, Any] = field(default_factory=dict)
    destructive: bool = False
    on_lost: OnLost = OnLost.RETRY
    retry: Retry = NO_RETRY
    timeout: timedelta | None = None
    max_group: int = 1
    inverse: str | None = None
    catch_up: str = "latest"
    expires_after: timedelta | None = None
    changes: tuple[str, ...] = ()
    description: str = ""
