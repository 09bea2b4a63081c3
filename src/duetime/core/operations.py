"""What a tracker block asks of the store, in order."""

from collections import Counter
from dataclasses import dataclass, field

from duetime.core.events import NewEvent


@dataclass(frozen=True, slots=True)
class ScheduleEvent:
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
    """What became of the operations of one block."""

    created: int = 0
    kept: int = 0
    replaced: int = 0
    cancelled: int = 0
    event_ids: list[int] = field(default_factory=list)

    def counts(self) -> Counter[str]:
        return Counter(created=self.created, kept=self.kept, replaced=self.replaced, cancelled=self.cancelled)
