"""What an executor slot takes: one group, or a chunk of single events."""

import threading
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from duetime.core.claims import Claim
from duetime.core.resources import Resource
from duetime.core.statuses import OnLost
from duetime.engine.catalogue import Handler
from duetime.store.hot_path import Probe

CHUNK_SECONDS = 0.05
QUEUE_SECONDS = 1.0
"""How much work of grouped types may wait for one slot. A group needs a fresh read of its place first: the more of a
place is claimed at once, the fewer reads there are."""
UNITS_PER_SLOT = 2
"""One to run, and one that waits so that the slot need not."""
MOST_UNITS_PER_SLOT = 10
LARGEST_CHUNK = 500
_WEIGHT = 0.2


@dataclass(frozen=True, slots=True)
class Unit:
    """Claims that one slot runs, one after the other, or all in one job call when they are a group.

    Attributes:
        session_id: the session that claimed them.
        is_group: whether one job instance serves all of them.
        fresh: their resources as the guards read them a moment ago.
    """

    claims: tuple[Claim, ...]
    handler: Handler
    session_id: int
    is_group: bool = False
    fresh: Mapping[str, Resource] = field(default_factory=dict)


def records_start(claim: Claim) -> bool:
    """Return whether the start of an attempt is written down before its job is called.

    Always where a loss has consequences beyond another attempt; otherwise only after a first failure, because it costs
    an update: then it tells the job that ended its process from those that were only waiting there.
    """
    return claim.on_lost is not OnLost.RETRY or claim.failures > 0


def chunk_size(handler: Handler, durations: "Durations") -> int:
    """Return how many single events of a type one slot takes.

    One where a loss has consequences: a chunk's starts are recorded together, so a crash would leave all of it unknown.
    """
    return 1 if handler.kind.on_lost is not OnLost.RETRY else durations.chunk(handler.kind.event_type)


def units_per_slot(handler: Handler, durations: "Durations") -> int:
    """Return how many units of a type are claimed for one free slot: two, or as many groups as take a second."""
    if handler.kind.max_group == 1:
        return UNITS_PER_SLOT
    return durations.within(handler.kind.event_type, QUEUE_SECONDS, least=UNITS_PER_SLOT, most=MOST_UNITS_PER_SLOT)


class Durations:
    """The running mean of how long one call of a type takes: what says how many fit into a chunk."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._means: dict[str, float] = {}

    def note(self, event_type: str, seconds: float) -> None:
        """Count one call, or the mean of several."""
        with self._lock:
            mean = self._means.get(event_type)
            self._means[event_type] = seconds if mean is None else mean + _WEIGHT * (seconds - mean)

    def chunk(self, event_type: str) -> int:
        """Return how many events of a type are expected to take at most 50 ms; 1 when nothing is known."""
        return self.within(event_type, CHUNK_SECONDS, least=1, most=LARGEST_CHUNK)

    def within(self, event_type: str, seconds: float, *, least: int, most: int) -> int:
        """Return how many calls of a type are expected to take at most `seconds`; `least` when nothing is known."""
        mean = self._means.get(event_type)
        if mean is None:
            return least
        return max(least, min(most, int(seconds / max(mean, 1e-7))))


def form_units(
    claims: Iterable[Claim],
    *,
    handlers: Mapping[str, Handler],
    session_id: int,
    durations: Durations,
    fresh: Mapping[str, Resource] | None = None,
) -> list[Unit]:
    """Sort claims into units: grouped types by type, account, region and arguments, the rest into chunks by type."""
    fresh = fresh or {}
    groups: dict[tuple[str, ...], list[Claim]] = {}
    singles: dict[str, list[Claim]] = {}
    suspects: list[Unit] = []
    for claim in claims:
        handler = handlers[claim.event_type]
        if claim.failures:
            # Tried again alone: one that makes a call fail, or ends the process, must not do so to the others.
            suspects.append(Unit((claim,), handler, session_id, fresh=fresh))
            continue
        in_group = handler.kind.max_group > 1 and claim.group_key is not None
        place = claim.place if in_group else None
        if place is None:
            singles.setdefault(claim.event_type, []).append(claim)
        else:
            key = (claim.event_type, place.resource_type, place.account, place.region, claim.args_text)
            groups.setdefault(key, []).append(claim)
    units: list[Unit] = []
    for (event_type, *_), members in groups.items():
        handler = handlers[event_type]
        units += [
            Unit(part, handler, session_id, is_group=True, fresh=fresh)
            for part in _distinct_parts(members, most=handler.kind.max_group)
        ]
    for event_type, alone in singles.items():
        size = chunk_size(handlers[event_type], durations)
        if any(claim.on_lost is not OnLost.RETRY for claim in alone):
            size = 1
        units += [
            Unit(tuple(alone[first : first + size]), handlers[event_type], session_id, fresh=fresh)
            for first in range(0, len(alone), size)
        ]
    return units + suspects


def _distinct_parts(members: list[Claim], *, most: int) -> list[tuple[Claim, ...]]:
    """Cut a group into parts in which no resource appears twice: outcomes are reported by resource."""
    parts: list[list[Claim]] = []
    seen: list[set[str | None]] = []
    for claim in members:
        for part, resources in zip(parts, seen, strict=True):
            if len(part) < most and claim.resource_id not in resources:
                part.append(claim)
                resources.add(claim.resource_id)
                break
        else:
            parts.append([claim])
            seen.append({claim.resource_id})
    return [tuple(part) for part in parts]


def probes(claims: Sequence[Claim], handlers: Mapping[str, Handler]) -> list[Probe]:
    """Return the groups among the claims that have room for more members."""
    members = Counter((claim.event_type, claim.group_key) for claim in claims if claim.group_key is not None)
    found = []
    for (event_type, group_key), count in members.items():
        most = handlers[event_type].kind.max_group
        room = -count % most  # the last of its groups is filled up; the full ones before it stay as they are
        if most > 1 and room and group_key is not None:
            found.append(Probe(event_type, group_key, room))
    return found
