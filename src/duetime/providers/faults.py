"""Faults that a fake cloud is told to have."""

import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from enum import Enum
from typing import Any

from duetime.core.resources import Resource


@dataclass(frozen=True, slots=True)
class FakeCall:
    """One call that a fake cloud was asked for.

    Attributes:
        operation: `list`, `read`, `before` (what is kept before an act), or what was to be done, such as `stop`.
        provider_ids: what it was to be done to; empty for `list`.
        arguments: what the operation was given beside them.
    """

    operation: str
    account: str
    region: str
    resource_type: str
    provider_ids: tuple[str, ...] = ()
    arguments: Mapping[str, Any] = field(default_factory=dict)


Hook = Callable[[FakeCall], None]
Which = Resource | str | Callable[[Resource], bool]
"""A resource, a resource id, or a predicate."""


class Trouble(Enum):
    """What can go wrong with a call as a whole."""

    THROTTLED = "throttled: too many calls"
    UNAVAILABLE = "does not answer"
    CUT = "the connection broke before the answer came"


@dataclass(slots=True)
class _Scripted:
    """A fault and how many calls it still strikes; None = all."""

    operation: str | None
    account: str | None
    left: int | None

    def strikes(self, operation: str, account: str) -> bool:
        return self.operation in (None, operation) and self.account in (None, account) and self.left != 0

    def spend(self) -> None:
        if self.left is not None:
            self.left -= 1


@dataclass(slots=True)
class _Hooked(_Scripted):
    hook: Hook


@dataclass(slots=True)
class _Troubled(_Scripted):
    trouble: Trouble


@dataclass(slots=True)
class Refused(_Scripted):
    """A refusal to do something to certain resources."""

    matches: Callable[[Resource], bool]
    error: str
    retry: bool


@dataclass(slots=True)
class _Lingering(_Scripted):
    matches: Callable[[Resource], bool]
    reads: int


@dataclass(slots=True)
class Faults:
    """The script of a fake cloud's faults; without one it has none.

    `times` is how many calls a fault strikes, the earliest ones; None means every call until `clear()`. `operation`
    and `account` narrow it to some calls.
    """

    _lock: threading.Lock = field(default_factory=threading.Lock)
    _hooks: list[_Hooked] = field(default_factory=list)
    _troubles: list[_Troubled] = field(default_factory=list)
    _refusals: list[Refused] = field(default_factory=list)
    _vanishing: set[str] = field(default_factory=set)
    _lingering: list[_Lingering] = field(default_factory=list)

    def slow(
        self, hook: Hook, *, operation: str | None = None, account: str | None = None, times: int | None = None
    ) -> None:
        """Call `hook` before the answer: it may move a clock, wait for a signal, or kill the process."""
        with self._lock:
            self._hooks.append(_Hooked(operation, account, times, hook))

    def refuse(
        self,
        which: Which,
        *,
        error: str = "OperationNotPermitted (it is protected)",
        operation: str | None = None,
        retry: bool = False,
        times: int | None = None,
    ) -> None:
        """Refuse to act on some resources: a call for several is refused as a whole, a call for one fails.

        Args:
            which: a resource, a resource id, or a predicate on resources.
            error: the reason given.
            operation: only this one.
            retry: whether the failure says that trying again may help.
            times: how many calls are refused, the refused group call included.
        """
        with self._lock:
            self._refusals.append(Refused(operation, None, times, _predicate(which), error, retry))

    def throttle(self, *, times: int | None = 1, operation: str | None = None, account: str | None = None) -> None:
        """Refuse calls as too many; nothing is done."""
        self._trouble(Trouble.THROTTLED, operation, account, times)

    def unavailable(self, account: str | None = None, *, times: int | None = None) -> None:
        """Do not answer for an account, or at all; nothing is done."""
        self._trouble(Trouble.UNAVAILABLE, None, account, times)

    def cut(self, *, times: int | None = 1, operation: str | None = None, account: str | None = None) -> None:
        """Do what is asked, then break the connection: the caller cannot know the outcome."""
        self._trouble(Trouble.CUT, operation, account, times)

    def gone(self, resource: Resource | str) -> None:
        """Let a resource vanish at the moment of the next act on it: reads before that still see it."""
        with self._lock:
            self._vanishing.add(resource if isinstance(resource, str) else resource.resource_id)

    def clear(self) -> None:
        """Forget every fault."""
        with self._lock:
            self._hooks.clear()
            self._troubles.clear()
            self._refusals.clear()
            self._vanishing.clear()
            self._lingering.clear()

    def linger(self, which: Which, *, reads: int = 1, operation: str | None = None, times: int | None = None) -> None:
        """Let operations take their time: a resource stays in a passing state, such as `stopping`.

        Args:
            which: a resource, a resource id, or a predicate; for `snapshot`, of which the snapshot is taken.
            reads: how many reads find it in the passing state; the next one finds it where it was to go.
            operation: only this one.
            times: how many calls it strikes.
        """
        with self._lock:
            self._lingering.append(_Lingering(operation, None, times, _predicate(which), reads))

    # What the fake cloud asks.

    def hooks(self, call: FakeCall) -> tuple[Hook, ...]:
        """Return the hooks that this call runs into."""
        with self._lock:
            struck = [fault for fault in self._hooks if fault.strikes(call.operation, call.account)]
            for fault in struck:
                fault.spend()
            return tuple(fault.hook for fault in struck)

    def trouble(self, call: FakeCall) -> Trouble | None:
        """Return what this call as a whole runs into: the first that fits."""
        with self._lock:
            for fault in self._troubles:
                if fault.strikes(call.operation, call.account):
                    fault.spend()
                    return fault.trouble
            return None

    def refusal(self, call: FakeCall, resources: list[Resource]) -> Refused | None:
        """Return the refusal that this act on these resources runs into."""
        with self._lock:
            for fault in self._refusals:
                if fault.strikes(call.operation, call.account) and any(map(fault.matches, resources)):
                    fault.spend()
                    return fault
            return None

    def lingers(self, call: FakeCall, resource: Resource) -> int:
        """Return how many reads find a resource in a passing state after this call."""
        with self._lock:
            for fault in self._lingering:
                if fault.strikes(call.operation, call.account) and fault.matches(resource):
                    fault.spend()
                    return fault.reads
            return 0

    def vanishes(self, resource_id: str) -> bool:
        """Return whether a resource goes now."""
        with self._lock:
            return resource_id in self._vanishing

    def _trouble(self, trouble: Trouble, operation: str | None, account: str | None, times: int | None) -> None:
        with self._lock:
            self._troubles.append(_Troubled(operation, account, times, trouble))


def _predicate(which: Which) -> Callable[[Resource], bool]:
    if callable(which):
        return which
    resource_id = which if isinstance(which, str) else which.resource_id
    return lambda resource: resource.resource_id == resource_id
