"""Resource groups: sets of resources that people put together by hand."""

from dataclasses import dataclass
from datetime import datetime

LONGEST_NAME = 200


@dataclass(frozen=True, slots=True)
class ResourceGroup:
    """Resources under one name.

    Attributes:
        members: how many resources were put into it, those that are gone by now too.
        changed_at: when it was last changed, or its members were.
    """

    name: str
    description: str = ""
    members: int = 0
    changed_at: datetime | None = None
