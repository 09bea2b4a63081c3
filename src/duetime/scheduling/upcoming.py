"""What comes next: the due times of events one by one, and which of them will come to nothing as things stand."""

import heapq
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, time, timedelta
from enum import StrEnum
from itertools import islice
from typing import NamedTuple

from duetime.core.event_types import EventType
from duetime.core.events import Event
from duetime.core.schedules import Schedule
from duetime.core.statuses import EventStatus, Wish
from duetime.core.wording import write_instant
from duetime.schedule.value import ScheduleValue
from duetime.scheduling.explain import nobody_runs
from duetime.scheduling.situation import Situation
from duetime.store.session_table import WorkerSession

MOST_A_DAY = 6
"""An event that is due more often than this on one day (of UTC) is told once for that day, with the number of times."""
_MOMENT = timedelta(microseconds=1)
_SHOWN = frozenset({EventStatus.SCHEDULED, EventStatus.RUNNING, EventStatus.PAUSED, EventStatus.HELD})
_ENDS = frozenset({Wish.CANCEL, Wish.DETACH})


class ObstacleKind(StrEnum):
    """What stands against an occurrence."""

    PAUSED = "paused"
    """The event is paused, or will be when its present attempt ends."""
    HELD = "held"
    """A person must decide about the event first."""
    NO_WORKER = "no_worker"
    """No worker is alive."""
    NO_HANDLER = "no_handler"
    """No worker that is alive has a handler for the event's type."""
    EXPIRES = "expires"
    """It expires before it can start."""
    BOT = "bot"
    """The bot that is to run does not: it is paused or archived, or the accounts that it looks at are stale."""
    ACCOUNT = "account"
    """Nothing is done in the resource's account: its credentials are refused."""
    USER = "user"
    """The user that it acts for may not have it done."""
    RESOURCE = "resource"
    """The resource is gone."""


@dataclass(frozen=True, slots=True)
class Obstacle:
    """Why an occurrence will not run as things stand.

    Attributes:
        why: a sentence for people.
    """

    kind: ObstacleKind
    why: str


class UpcomingPlace(NamedTuple):
    """Where an occurrence stands in the list.

    Attributes:
        as_of: when the list was begun: all of its pages count days from the same moment.
    """

    as_of: datetime
    at: datetime
    event_id: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Occurrence:
    """One due time of an event, or all of one day when there are many.

    Attributes:
        at: when it starts, at the earliest: its due time, or the next try for it. In the past when it is owed.
        due_at: its nominal due time.
        count: how many due times it stands for.
        last: the last of them.
        obstacles: why it will not run; empty when nothing is known to stand against it.
    """

    event: Event
    at: datetime
    due_at: datetime
    count: int
    last: datetime
    obstacles: tuple[Obstacle, ...] = ()

    @property
    def will_run(self) -> bool:
        return not self.obstacles


@dataclass(frozen=True, slots=True)
class Upcoming:
    """A page of occurrences, the earliest first.

    Attributes:
        next: where the following page begins; None = this is the last one.
    """

    occurrences: tuple[Occurrence, ...]
    next: UpcomingPlace | None


def _nothing(_event: Event) -> tuple[Obstacle, ...]:
    return ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Surroundings:
    """What stands around all events at one moment.

    Attributes:
        workers: the workers that beat.
        kinds: what is known of the event types.
        plugin_wishes: `loaded` or `unloaded`, what is wished of each plugin.
        others: says what else stands against an event: its bot, its account, its user.
    """

    now: datetime
    workers: tuple[WorkerSession, ...] = ()
    kinds: Mapping[str, EventType] = field(default_factory=dict)
    plugin_wishes: Mapping[str, str] = field(default_factory=dict)
    others: Callable[[Event], tuple[Obstacle, ...]] = _nothing

    def situation(self, event: Event) -> Situation:
        """Return what is known of one event, for `explain`'s sentences."""
        kind = self.kinds.get(event.event_type)
        return Situation(
            event=event,
            now=self.now,
            kind=kind,
            workers=self.workers,
            plugin_wish=None if kind is None else self.plugin_wishes.get(kind.plugin),
        )


def upcoming(
    events: Iterable[Event],
    surroundings: Surroundings,
    *,
    until: datetime,
    most: int,
    after: UpcomingPlace | None = None,
) -> Upcoming:
    """Return the occurrences of events that come until a moment, the earliest first.

    An event gives at most `MOST_A_DAY` for each day, and only as many are worked out as the page needs.

    Args:
        events: those that live, in any order; others give nothing.
        surroundings: what could keep them from running.
        until: the last moment that counts.
        most: how many occurrences at most.
        after: only those after this place: the `next` of the page before.
    """
    as_of = surroundings.now if after is None else after.as_of
    lists = (_of_event(event, surroundings, as_of=as_of, until=until, after=after) for event in events)
    merged = heapq.merge(*lists, key=_order)
    found = list(islice(merged, most + 1))
    shown = tuple(found[:most])
    is_more = len(found) > len(shown)
    return Upcoming(shown, UpcomingPlace(as_of, shown[-1].at, shown[-1].event.event_id) if is_more and shown else None)


def _order(occurrence: Occurrence) -> tuple[datetime, int]:
    return occurrence.at, occurrence.event.event_id


def _of_event(
    event: Event, surroundings: Surroundings, *, as_of: datetime, until: datetime, after: UpcomingPlace | None
) -> Iterator[Occurrence]:
    """Yield the occurrences of one event after a place, in order."""
    if event.status not in _SHOWN:
        return
    obstacles = obstacles_of(event, surroundings)
    places = _places(event, as_of=as_of, until=until, after=None if after is None else after.at)
    for place in places:
        if after is not None and (place.at, event.event_id) <= (after.at, after.event_id):
            continue
        against = obstacles
        if place.due_at == event.due_at and not event.recurring:
            against = (*obstacles, *_expiry(event, surroundings.now))
        yield Occurrence(
            event=event, at=place.at, due_at=place.due_at, count=place.times, last=place.last, obstacles=against
        )


class _Place(NamedTuple):
    at: datetime
    due_at: datetime
    times: int
    last: datetime


def _places(event: Event, *, as_of: datetime, until: datetime, after: datetime | None) -> Iterator[_Place]:
    """Yield when an event is due: the present due time unless it is running, then the ones that follow, day by day."""
    if event.status is not EventStatus.RUNNING and event.ready_at <= until:
        yield _Place(event.ready_at, event.due_at, 1, event.due_at)
    if not event.recurring or event.wish in _ENDS:
        return
    moment = max(event.due_at, event.ready_at, as_of)
    if after is not None:
        moment = max(moment, _midnight(after) - _MOMENT)
    while (following := event.schedule.next_after(moment)) is not None and following <= until:
        end = min(until, _midnight(following) + timedelta(days=1) - _MOMENT)
        times = _times(event.schedule, following, until=end)
        if len(times) <= MOST_A_DAY:
            yield from (_Place(at, at, 1, at) for at in times)
            moment = times[-1]
        else:
            last, count = _all_of_day(event.schedule, following, until=end)
            yield _Place(following, following, count, last)
            moment = last


def _times(schedule: Schedule, first: datetime, *, until: datetime) -> list[datetime]:
    """Return the due times from `first` on, one more than `MOST_A_DAY` at most."""
    times = [first]
    while len(times) <= MOST_A_DAY:
        following = schedule.next_after(times[-1])
        if following is None or following > until:
            break
        times.append(following)
    return times


def _all_of_day(schedule: Schedule, first: datetime, *, until: datetime) -> tuple[datetime, int]:
    if not isinstance(schedule, ScheduleValue):  # only these are due so often
        return first, 1
    last = schedule.previous_at_or_before(until) or first
    return last, 1 + schedule.count_between(first, until=last)


def _midnight(moment: datetime) -> datetime:
    return datetime.combine(moment.astimezone(UTC).date(), time(), UTC)


def obstacles_of(event: Event, surroundings: Surroundings) -> tuple[Obstacle, ...]:
    """Return what stands against all occurrences of an event, as things are now."""
    return tuple(_obstacles(event, surroundings))


def _obstacles(event: Event, surroundings: Surroundings) -> Iterator[Obstacle]:
    if event.status is EventStatus.PAUSED:
        yield Obstacle(ObstacleKind.PAUSED, f"It is paused{_because(event)}.")
    elif event.wish is Wish.PAUSE:
        yield Obstacle(ObstacleKind.PAUSED, "It pauses when its present attempt ends.")
    elif event.status is EventStatus.HELD:
        yield Obstacle(ObstacleKind.HELD, f"A person must decide about it first{_because(event)}.")
    situation = surroundings.situation(event)
    if not situation.able:
        kind = ObstacleKind.NO_HANDLER if situation.workers else ObstacleKind.NO_WORKER
        sentence = nobody_runs(situation)
        yield Obstacle(kind, sentence[:1].upper() + sentence[1:])
    yield from surroundings.others(event)


def _expiry(event: Event, now: datetime) -> Iterator[Obstacle]:
    if event.expires_at is not None and event.expires_at <= max(event.ready_at, now):
        yield Obstacle(ObstacleKind.EXPIRES, f"It expires at {write_instant(event.expires_at)}, before it can start.")


def _because(event: Event) -> str:
    reason = " ".join(event.status_reason.split())[:500].rstrip(".")
    return f": {reason}" if reason else ""
