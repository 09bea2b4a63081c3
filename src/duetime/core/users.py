"""The users that bots and events act for, and what they may have done."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from fnmatch import fnmatchcase

EVERYTHING = "*"


class UserStatus(StrEnum):
    """Whether anything is done for a user."""

    ACTIVE = "active"
    """What the user's patterns allow is done."""
    DISABLED = "disabled"
    """Nothing is done for the user any more; what falls due is denied."""


@dataclass(frozen=True, slots=True)
class User:
    """One user.

    Attributes:
        user_resource_id: the id that bots name as their owner, such as `divvyuser:7`.
        event_types: what may be done for the user: event types, or patterns of them such as `divvy.stop_*`.
    """

    user_resource_id: str
    name: str = ""
    status: UserStatus = UserStatus.ACTIVE
    event_types: tuple[str, ...] = (EVERYTHING,)
    changed_at: datetime | None = None

    def may(self, event_type: str) -> bool:
        """Return whether one of the user's patterns covers an event type; upper and lower case are told apart."""
        return any(fnmatchcase(event_type, pattern) for pattern in self.event_types)
