"""What comes next: in order, bounded, nothing missed and nothing told twice."""

import time
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from duetime.core.event_types import EventType
from duetime.core.events import Event
from duetime.core.statuses import EventStatus, OnLost, Wish
from duetime.schedule.cron import Cron
from duetime.schedule.daily import Daily
from duetime.schedule.once import Once
from duetime.schedule.periodic import Periodic
from duetime.scheduling.upcoming import (
    MOST_A_DAY,
    Obstacle,
    ObstacleKind,
    Occurrence,
    Surroundings,
    Upcoming,
    UpcomingPlace,
    upcoming,
)
from duetime.store.session_table import WorkerSession

NOW = datetime(2026, 3, 2, 12, tzinfo=UTC)
STOP = "divvy.stop_resource"
WEEK = NOW + timedelta(days=7)


def event(schedule: Any = None, **more: Any) -> Event:
    wanted = schedule or Once(when=NOW + timedelta(hours=1))
    due_at = more.pop("due_at", None) or wanted.first_due(NOW)
    fields: dict[str, Any] = {
        "event_id": 1,
        "event_type": STOP,
        "status": EventStatus.SCHEDULED,
        "resource_id": None,
        "bot_id": None,
        "description": "",
        "args": {},
        "schedule": wanted,
        "due_at": due_at,
        "ready_at": due_at,
        "expires_at": None,
        "attempt": 0,
        "failures": 0,
        "failed_in_a_row": 0,
        "claim_token": 0,
        "session_id": None,
        "started_at": None,
        "wish": None,
        "status_reason": "",
        "on_lost": OnLost.RETRY,
        "catch_up": None,
        "recheck": False,
        "cancel_when_compliant": False,
        "parent_id": None,
        "user_resource_id": None,
        "created_by": "",
        "created_at": NOW,
        "finished_at": None,
    }
    return Event(**(fields | more))


def worker(*event_types: str) -> WorkerSession:
    return WorkerSession(
        session_id=1,
        worker="w1",
        status="alive",
        beat=1,
        lease_seconds=30,
        slots=4,
        started_at=NOW,
        beat_at=NOW,
        ended_at=None,
        clock_offset_ms=0,
        event_types=event_types,
    )


ABLE = Surroundings(now=NOW, workers=(worker(STOP),))


def of(*events: Event, until: datetime = WEEK, most: int = 1000, around: Surroundings = ABLE) -> tuple[Occurrence, ...]:
    return upcoming(events, around, until=until, most=most).occurrences


def kinds(occurrence: Occurrence) -> list[ObstacleKind]:
    return [each.kind for each in occurrence.obstacles]


def test_a_recurring_event_comes_again_and_again() -> None:
    found = of(event(Daily(time_of_day="19:00")))
    assert [each.at for each in found] == [datetime(2026, 3, 2 + day, 19, tzinfo=UTC) for day in range(7)]
    assert {each.count for each in found} == {1}
    assert all(each.will_run for each in found)


def test_what_is_owed_comes_first_and_what_was_missed_is_not_told_again() -> None:
    hourly = Periodic(hours=6, anchor=NOW - timedelta(hours=30))
    found = of(event(hourly, due_at=NOW - timedelta(hours=24)), until=NOW + timedelta(hours=12))
    assert [each.at for each in found] == [
        NOW - timedelta(hours=24),
        NOW + timedelta(hours=6),
        NOW + timedelta(hours=12),
    ]


def test_a_retry_stands_where_it_will_be_tried() -> None:
    due = NOW - timedelta(minutes=5)
    (found,) = of(event(Once(when=due), due_at=due, ready_at=NOW + timedelta(minutes=5)))
    assert (found.at, found.due_at) == (NOW + timedelta(minutes=5), due)


@pytest.mark.parametrize("expression", ["* * * * *", "* * * * * *", "*/5 * * * *"])
def test_short_periods_are_told_by_the_day(expression: str) -> None:
    began = time.monotonic()
    schedule = Cron(expression)
    found = of(event(schedule), until=NOW + timedelta(days=366), most=1000)
    assert time.monotonic() - began < 5
    assert len(found) == 368  # the first due time, the rest of today, 365 whole days, and the last morning
    assert found[1].at.date() == NOW.date()
    assert found[2].at == datetime(2026, 3, 3, tzinfo=UTC)
    assert found[2].count == schedule.count_between(found[2].at, until=found[2].last) + 1
    assert found[2].last.date() == found[2].at.date()


def test_seven_times_a_day_are_too_many() -> None:
    tomorrow = datetime(2026, 3, 3, tzinfo=UTC)
    several = [each for each in of(event(Cron("0 0-5 * * *"))) if each.at >= tomorrow]
    assert (MOST_A_DAY, {each.count for each in several}) == (6, {1})
    assert {each.count for each in of(event(Cron("0 0-6 * * *"))) if each.at >= tomorrow + timedelta(days=1)} == {7}


def test_what_ends_comes_no_more() -> None:
    daily = Daily(time_of_day="19:00")
    for status in EventStatus:
        found = of(event(daily, status=status))
        assert bool(found) is not status.is_final
    for wish in (Wish.CANCEL, Wish.DETACH):
        assert of(event(daily, status=EventStatus.RUNNING, wish=wish)) == ()
    assert of(event(status=EventStatus.RUNNING)) == ()


def test_what_runs_now_is_not_told_but_what_follows_is() -> None:
    found = of(event(Daily(time_of_day="19:00"), status=EventStatus.RUNNING, due_at=NOW - timedelta(hours=17)))
    assert found[0].at == datetime(2026, 3, 2, 19, tzinfo=UTC)


class TestObstacles:
    """What will not run, and why."""

    def test_the_status_of_the_event(self) -> None:
        (paused,) = of(event(status=EventStatus.PAUSED, status_reason="by ann: maintenance"))
        assert paused.obstacles == (Obstacle(ObstacleKind.PAUSED, "It is paused: by ann: maintenance."),)
        (held,) = of(event(status=EventStatus.HELD))
        assert kinds(held) == [ObstacleKind.HELD]
        pausing = event(Daily(time_of_day="19:00"), status=EventStatus.RUNNING, wish=Wish.PAUSE)
        assert {tuple(kinds(each)) for each in of(pausing)} == {(ObstacleKind.PAUSED,)}

    def test_nobody_to_run_it(self) -> None:
        (nobody,) = of(event(), around=Surroundings(now=NOW))
        assert kinds(nobody) == [ObstacleKind.NO_WORKER]
        (other,) = of(event(), around=Surroundings(now=NOW, workers=(worker("duetime.log"),)))
        assert kinds(other) == [ObstacleKind.NO_HANDLER]
        assert "Nobody has ever brought this event type" in other.obstacles[0].why

    def test_an_unloaded_plugin_is_named(self) -> None:
        around = Surroundings(
            now=NOW,
            workers=(worker(),),
            kinds={STOP: EventType(STOP, plugin="my-plugin")},
            plugin_wishes={"my-plugin": "unloaded"},
        )
        (found,) = of(event(), around=around)
        assert "plugin my-plugin, which was unloaded" in found.obstacles[0].why

    def test_what_expires_before_it_can_start(self) -> None:
        due = NOW - timedelta(hours=2)
        late = event(Once(when=due), due_at=due, expires_at=NOW - timedelta(minutes=1))
        retried = event(ready_at=NOW + timedelta(hours=3), expires_at=NOW + timedelta(hours=2))
        in_time = event(expires_at=NOW + timedelta(hours=2))
        assert [kinds(*of(each)) for each in (late, retried, in_time)] == [[ObstacleKind.EXPIRES]] * 2 + [[]]

    def test_what_others_say(self) -> None:
        stale = Obstacle(ObstacleKind.BOT, "Bot nightly is paused.")
        around = Surroundings(now=NOW, workers=(worker(STOP),), others=lambda event: (stale,) if event.bot_id else ())
        free, bound = of(event(event_id=1), event(event_id=2, bot_id=7), around=around)
        assert (free.obstacles, bound.obstacles) == ((), (stale,))


schedules = st.one_of(
    st.builds(
        lambda seconds, back: Periodic(seconds=seconds, anchor=NOW - timedelta(seconds=back)),
        st.integers(1, 500_000),
        st.integers(0, 10_000_000),
    ),
    st.sampled_from(["*/7 * * * *", "0 19 * * 1-5", "13 2,14 * * *", "0 */3 * * *", "0 0 29 2 *"]).map(
        lambda text: Cron(text, timezone="Europe/Berlin")
    ),
    st.integers(0, 2_000_000).map(lambda seconds: Once(when=NOW + timedelta(seconds=seconds))),
)
many = st.lists(schedules, max_size=6).map(
    lambda found: [event(schedule, event_id=number + 1) for number, schedule in enumerate(found)]
)


@given(events=many, days=st.integers(1, 40), most=st.integers(1, 30))
@settings(deadline=None, max_examples=60)
def test_pages_are_the_list_in_parts(events: list[Event], days: int, most: int) -> None:
    until = NOW + timedelta(days=days)
    whole = upcoming(events, ABLE, until=until, most=10**9)
    assert whole.next is None
    found: list[Occurrence] = []
    place: UpcomingPlace | None = None
    later = Surroundings(
        now=NOW + timedelta(seconds=90), workers=ABLE.workers
    )  # a page is asked for later than the first
    while True:
        page: Upcoming = upcoming(events, ABLE if place is None else later, until=until, most=most, after=place)
        assert len(page.occurrences) <= most
        found += page.occurrences
        place = page.next
        if place is None:
            break
    assert found == list(whole.occurrences)


@given(events=many, days=st.integers(1, 40))
@settings(deadline=None, max_examples=60)
def test_nothing_is_missed_told_twice_or_out_of_order(events: list[Event], days: int) -> None:
    until = NOW + timedelta(days=days)
    found = upcoming(events, ABLE, until=until, most=10**9).occurrences
    keys = [(each.at, each.event.event_id) for each in found]
    assert keys == sorted(keys)
    for each in events:
        mine = [occurrence for occurrence in found if occurrence.event is each]
        told = sum(occurrence.count for occurrence in mine)
        following = each.schedule.count_between(max(each.due_at, NOW), until=until)  # type: ignore[attr-defined]
        assert told == (following if each.recurring else 0) + (each.due_at <= until)
        assert len(mine) <= (days + 1) * MOST_A_DAY + 1
        assert all(occurrence.last <= until for occurrence in mine)
