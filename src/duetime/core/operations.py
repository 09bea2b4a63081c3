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


@dataclass(frozen=True, slots=True)
class CancelEvents:
    """Cancel these events; those that have ended meanwhile stay as they are, and running ones end first."""

    event_ids: tuple[int, ...]
    reason: str
    actor: str = ""


Operation = ScheduleEvent | UnscheduleEvents | CancelEvents


class CallOperations(tuple[Operation, ...]):  # noqa: SLOT001 - it carries a mark, which needs a dictionary
    """What trackers asked for inside one job call: shared by the endings of all its members, and written once.

    Attributes:
        are_written: whether a transaction that wrote them has been committed.
    """

    are_written: bool = False


@dataclass(slots=True)
class OperationReport:
    """What became of the operations of one block.

    Attributes:
        cancelled: events that were cancelled, and running ones that were asked to end.
        dropped: events that were not scheduled because their bot is archived.
    """

    created: int = 0
    kept: int = 0
    replaced: int = 0
    cancelled: int = 0
    dropped: int = 0
