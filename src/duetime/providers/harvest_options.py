"""What is to be harvested, and how."""

from dataclasses import dataclass
from datetime import datetime, timedelta

THREADS = 8
MOST_THREADS = 64
PATIENCE = timedelta(minutes=5)
"""How long a harvest that a person waits for lets a cloud that has no room keep it waiting."""


@dataclass(frozen=True, slots=True)
class HarvestOptions:
    """How accounts are harvested.

    Attributes:
        resource_types: what to read; empty = all that the account's cloud can list.
        threads: how many parts are read at once; 1 = one after the other, in the caller's thread.
        completed_since: leave out the parts that were read to their end at this moment or later.
        only_open: leave out the parts whose last reading came to its end.
        triggers_on_first: whether the first harvest of a part raises triggers too.
        patience: how long parts wait, in all, for a cloud that has no room for calls.
        actor: who is named in the audit trail when an account's status changes.
    """

    resource_types: tuple[str, ...] = ()
    threads: int = THREADS
    completed_since: datetime | None = None
    only_open: bool = False
    triggers_on_first: bool = False
    patience: timedelta = timedelta(0)
    actor: str = "harvest"
