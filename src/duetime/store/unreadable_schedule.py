"""What stands in the place of a stored schedule that this version cannot read."""

from dataclasses import dataclass
from datetime import datetime


@dataclass(frozen=True, slots=True)
class UnreadableSchedule:
    """Never due again, and says why; so that one odd row hides none of the others and can be shown and cancelled.

    Attributes:
        text: what is stored.
        problem: why it cannot be read.
    """

    text: str
    problem: str

    kind = "unreadable"
    recurring = False

    def first_due(self, now: datetime) -> datetime | None:
        return None

    def next_after(self, moment: datetime) -> datetime | None:
        return None

    def describe(self) -> str:
        return f"a schedule that cannot be read: {self.problem}"
