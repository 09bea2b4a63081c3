"""What a tracker block asks of the store, in order."""

from dataclasses import dataclass
from typing import NamedTuple

from duetime.core.events import NewEvent


class ScheduleEvent(NamedTuple):
    """Schedule this event."""

    event: NewEvent


@dataclass(frozen=True, slots=True)
class UnscheduleEvents:
    """Cancel the live events of a bot and resource.

    Attributes:
        event_type: only those of this type; None = of every type.
    """

    reason: str
    bot_id: int | None
    resource_id: str | None
    event_type: str | None = None
    actor: str = ""


Operation = ScheduleEvent | UnscheduleEvents


@dataclass(slots=True)
class OperationReport:
    """What became of the operations of one block.

    Attributes:
        dropped: events that were not scheduled because their bot is archived.
    """

    created: int = 0
    kept: int = 0
    replaced: int = 0
    cancelled: int = 0
    dropped: int = 0
