"""Which part of a harvest is read next, and by how many at once."""

import threading
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from itertools import chain, zip_longest

from duetime.core.clock import Clock, SystemClock
from duetime.core.errors import CredentialsRefused, Throttled
from duetime.core.harvests import HarvestPart, PartId

PER_FAMILY = 2
"""How many parts of one account, region and service are read at once: they share what the service allows, and more of
them would only keep the other services' parts from being read."""

Family = tuple[str, str, str]
_MOST_THROTTLES = 5


@dataclass(slots=True)
class _Waiting:
    """A part that is still to be read.

    Attributes:
        not_before: when it may be tried again, on the queue's monotonic clock.
        throttles: how often it was found that there was no room for it.
    """

    part: HarvestPart
    family: Family
    not_before: float = 0.0
    throttles: int = 0


@dataclass(slots=True)
class PartQueue:
    """The parts that are still to be read; used by all readers at once.

    Attributes:
        patience: how long parts wait in all for a cloud that has no room for them.
        now: the time in which a cloud says when it has room again.
    """

    patience: timedelta
    now: Callable[[], datetime]
    clock: Clock = field(default_factory=SystemClock)
    _changed: threading.Condition = field(default_factory=threading.Condition)
    _waiting: list[_Waiting] = field(default_factory=list)
    _taken: dict[PartId, _Waiting] = field(default_factory=dict)
    _running: Counter[Family] = field(default_factory=Counter)
    _refusals: dict[tuple[str, str], CredentialsRefused] = field(default_factory=dict)
    _abandoned: set[PartId] = field(default_factory=set)
    _stopped: bool = False
    _began: float = 0.0

    def fill(self, parts: Iterable[Iterable[HarvestPart]], *, services: Mapping[str, str]) -> None:
        """Add the parts of each account, so that neighbours in the queue are of different accounts.

        Args:
            parts: by account.
            services: where each resource type lives; one that is not named counts as a service of its own.
        """
        self._began = self.clock.monotonic()
        mixed: Iterator[HarvestPart | None] = chain.from_iterable(zip_longest(*parts))
        for part in mixed:
            if part is not None:
                account, region, resource_type = part.part
                family = (account, region, services.get(resource_type, resource_type))
                self._waiting.append(_Waiting(part, family))

    def take(self) -> HarvestPart | None:
        """Return a part to read, as soon as there is one that may be; None = there is none left, or all is off."""
        with self._changed:
            while self._waiting and not self._stopped:
                pause: float | None = None
                for index, each in enumerate(self._waiting):
                    if self._running[each.family] >= PER_FAMILY:
                        continue
                    left = each.not_before - self.clock.monotonic()
                    if left <= 0:
                        del self._waiting[index]
                        self._running[each.family] += 1
                        self._taken[each.part.part] = each
                        return each.part
                    pause = left if pause is None else min(pause, left)
                self._changed.wait(pause)
            return None

    def put_back(self, part: HarvestPart, error: Throttled) -> bool:
        """Put a part that was taken off until the cloud has room for it; return False when that would be too late."""
        with self._changed:
            taken = self._taken[part.part]
            not_before = self.clock.monotonic() + max((error.until - self.now()).total_seconds(), 0.0)
            taken.throttles += 1
            too_late = not_before > self._began + self.patience.total_seconds()
            if too_late or taken.throttles > _MOST_THROTTLES:
                return False
            taken.not_before = not_before
            self._release(part)
            self._waiting.append(taken)
            return True

    def done(self, part: HarvestPart) -> None:
        """Say that a part that was taken is not being read any more."""
        with self._changed:
            self._release(part)

    def refuse(self, part: HarvestPart, error: CredentialsRefused) -> None:
        """Note that an account's credentials are refused in a region: nothing more need be asked there."""
        with self._changed:
            self._refusals.setdefault((part.part.account, part.part.region), error)

    def refusal(self, part: HarvestPart) -> CredentialsRefused | None:
        """Return with which words the credentials were refused where a part is."""
        with self._changed:
            return self._refusals.get((part.part.account, part.part.region))

    def abandon(self, part: HarvestPart) -> None:
        """Say that nothing that is read of a part will be kept."""
        with self._changed:
            self._abandoned.add(part.part)

    def is_abandoned(self, part: HarvestPart) -> bool:
        with self._changed:
            return self._stopped or part.part in self._abandoned

    def stop(self) -> None:
        """Give no more parts out."""
        with self._changed:
            self._stopped = True
            self._changed.notify_all()

    def _release(self, part: HarvestPart) -> None:
        self._running[self._taken.pop(part.part).family] -= 1
        self._changed.notify_all()
