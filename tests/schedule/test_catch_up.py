from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.schedule.strategies import calendar, moments

from duetime.core.errors import InvalidInstant
from duetime.schedule import (
    CatchUp,
    CatchUpPlan,
    Cron,
    Daily,
    Hourly,
    Missed,
    Once,
    Periodic,
    ScheduleValue,
    catch_up,
)

NOON = datetime(2026, 6, 15, 12, tzinfo=UTC)
HOUR = timedelta(hours=1)
SECOND = timedelta(seconds=1)
MICROSECOND = timedelta(microseconds=1)
HOURLY = Hourly()


def plan(policy: CatchUp, *, now: datetime, window: timedelta | None = None) -> CatchUpPlan:
    return catch_up(HOURLY, due_at=NOON, now=now, policy=policy, window=window)


@pytest.mark.parametrize("policy", CatchUp)
@pytest.mark.parametrize("late", [timedelta(0), timedelta(seconds=60)])
def test_a_time_within_grace_runs_under_every_rule(policy: CatchUp, late: timedelta) -> None:
    assert plan(policy, now=NOON + late) == CatchUpPlan(run_at=NOON, missed=None, next_due=NOON + HOUR)


def test_a_single_late_time_still_runs_unless_skipped() -> None:
    now = NOON + timedelta(seconds=61)
    assert plan(CatchUp.LATEST, now=now) == CatchUpPlan(NOON, None, NOON + HOUR)
    assert plan(CatchUp.ALL, now=now) == CatchUpPlan(NOON, None, NOON + HOUR)
    assert plan(CatchUp.SKIP, now=now) == CatchUpPlan(None, Missed(NOON, NOON, 1), NOON + HOUR)


def test_latest_runs_the_newest_and_records_the_others() -> None:
    assert plan(CatchUp.LATEST, now=NOON + 2.5 * HOUR) == CatchUpPlan(
        run_at=NOON + 2 * HOUR, missed=Missed(NOON, NOON + HOUR, 2), next_due=NOON + 3 * HOUR
    )


def test_all_runs_each_in_turn() -> None:
    assert plan(CatchUp.ALL, now=NOON + 2.5 * HOUR) == CatchUpPlan(NOON, None, NOON + HOUR)


def test_skip_records_all_late_ones() -> None:
    assert plan(CatchUp.SKIP, now=NOON + 2.5 * HOUR) == CatchUpPlan(
        run_at=None, missed=Missed(NOON, NOON + 2 * HOUR, 3), next_due=NOON + 3 * HOUR
    )


def test_skip_runs_the_newest_when_it_is_not_late() -> None:
    assert plan(CatchUp.SKIP, now=NOON + 2 * HOUR + 30 * SECOND) == CatchUpPlan(
        run_at=NOON + 2 * HOUR, missed=Missed(NOON, NOON + HOUR, 2), next_due=NOON + 3 * HOUR
    )


def test_what_is_older_than_the_window_is_recorded_under_every_rule() -> None:
    now, window = NOON + 5.5 * HOUR, 2 * HOUR
    assert plan(CatchUp.ALL, now=now, window=window) == CatchUpPlan(
        NOON + 4 * HOUR, Missed(NOON, NOON + 3 * HOUR, 4), NOON + 5 * HOUR
    )
    assert plan(CatchUp.ALL, now=now, window=1.5 * HOUR).run_at == NOON + 4 * HOUR
    assert plan(CatchUp.LATEST, now=now, window=window).run_at == NOON + 5 * HOUR
    for policy in CatchUp:
        assert plan(policy, now=now, window=HOUR / 4) == CatchUpPlan(
            None, Missed(NOON, NOON + 5 * HOUR, 6), NOON + 6 * HOUR
        )


def test_what_is_not_yet_due_is_next() -> None:
    assert plan(CatchUp.LATEST, now=NOON - SECOND) == CatchUpPlan(None, None, NOON)


@pytest.mark.parametrize("policy", CatchUp)
def test_a_one_off_runs_however_late(policy: CatchUp) -> None:
    late = catch_up(Once(when=NOON), due_at=NOON, now=NOON + 999 * HOUR, policy=policy, window=HOUR)
    assert late == CatchUpPlan(NOON, None, None)


def test_a_period_without_an_anchor_is_counted_from_the_due_time() -> None:
    owed = catch_up(Periodic(hours=2), due_at=NOON, now=NOON + 5 * HOUR, policy=CatchUp.LATEST)
    assert owed == CatchUpPlan(NOON + 4 * HOUR, Missed(NOON, NOON + 2 * HOUR, 2), NOON + 6 * HOUR)


def test_a_due_time_that_the_schedule_no_longer_names_is_still_owed() -> None:
    daily = Daily("19:00")
    assert catch_up(daily, due_at=NOON, now=NOON + HOUR, policy=CatchUp.LATEST) == CatchUpPlan(
        NOON, None, NOON + 7 * HOUR
    )
    assert catch_up(daily, due_at=NOON, now=NOON + 8 * HOUR, policy=CatchUp.LATEST) == CatchUpPlan(
        NOON + 7 * HOUR, Missed(NOON, NOON, 1), NOON + 31 * HOUR
    )
    within = catch_up(daily, due_at=NOON, now=NOON + 8 * HOUR, policy=CatchUp.ALL, window=8 * HOUR)
    assert within == CatchUpPlan(NOON, None, NOON + 7 * HOUR)


def test_instants_of_a_zone_are_not_reckoned_by_its_clocks() -> None:
    berlin = ZoneInfo("Europe/Berlin")
    due_at, now = datetime(2026, 10, 25, 2, tzinfo=berlin), datetime(2026, 10, 25, 2, 0, 30, tzinfo=berlin, fold=1)
    owed = catch_up(Cron("0 2 * * *", "Europe/Berlin"), due_at=due_at, now=now, policy=CatchUp.SKIP)
    assert owed.run_at is None
    assert owed.missed == Missed(due_at.astimezone(UTC), due_at.astimezone(UTC), 1)


def test_naive_instants_are_refused() -> None:
    with pytest.raises(InvalidInstant):
        catch_up(HOURLY, due_at=datetime(2026, 1, 1), now=NOON, policy=CatchUp.ALL)
    with pytest.raises(InvalidInstant):
        catch_up(HOURLY, due_at=NOON, now=datetime(2026, 1, 1), policy=CatchUp.ALL)


def test_an_ended_schedule_has_no_next_time() -> None:
    last = datetime.max.replace(tzinfo=UTC) - HOUR / 2
    ended = catch_up(Periodic(hours=1), due_at=last - HOUR, now=last, policy=CatchUp.LATEST)
    assert ended == CatchUpPlan(last, Missed(last - HOUR, last - HOUR, 1), None)


@pytest.mark.parametrize(
    ("schedule", "count"),
    [
        (Periodic(seconds=1, anchor=NOON), 365 * 86_400),
        (Cron("* * * * *", "Europe/Berlin"), 365 * 1_440),
        (Cron("* * * * * *", "Europe/Berlin"), 365 * 86_400),
        (Daily("14:00", "Europe/Berlin"), 365),
    ],
    ids=lambda value: str(value)[:40],
)
def test_a_year_of_missed_times_is_counted_exactly_without_listing_it(schedule: ScheduleValue, count: int) -> None:
    owed = catch_up(schedule, due_at=NOON, now=NOON + timedelta(days=365), policy=CatchUp.LATEST)
    assert owed.run_at == NOON + timedelta(days=365)
    assert owed.missed is not None
    assert owed.missed.count == count


recurring = st.one_of(calendar, st.builds(Periodic, minutes=st.integers(5, 5_000), anchor=moments))
windows = st.none() | st.timedeltas(timedelta(0), timedelta(days=3))


@given(
    schedule=recurring,
    moment=moments,
    steps=st.integers(0, 40),
    late=st.timedeltas(timedelta(0), timedelta(minutes=3)),
    policy=st.sampled_from(CatchUp),
    window=windows,
)
def test_every_owed_time_is_answered_once(
    schedule: ScheduleValue,
    moment: datetime,
    steps: int,
    late: timedelta,
    policy: CatchUp,
    window: timedelta | None,
) -> None:
    due_at, *following = schedule.upcoming(moment, count=steps + 2)
    now = min([due_at, *following][steps] + late, following[-1] - MICROSECOND)
    owed = [due for due in (due_at, *following) if due <= now]
    ran, missed = [], []
    next_due: datetime | None = due_at
    while next_due is not None and next_due <= now:
        step = catch_up(schedule, due_at=next_due, now=now, policy=policy, window=window)
        if step.missed is not None:
            several = [due for due in owed if step.missed.first <= due <= step.missed.last]
            assert several[0] == step.missed.first == next_due
            assert several[-1] == step.missed.last
            assert len(several) == step.missed.count
            missed += several
        if step.run_at is not None:
            assert step.missed is None or step.missed.last < step.run_at
            ran.append(step.run_at)
        else:
            assert step.missed is not None
        next_due = step.next_due
    assert next_due == schedule.next_after(now)
    assert sorted(ran + missed) == owed
    assert ran == expected_runs(owed, now=now, policy=policy, window=window)


def expected_runs(owed: list[datetime], *, now: datetime, policy: CatchUp, window: timedelta | None) -> list[datetime]:
    runs = owed if window is None else [due for due in owed if now - due <= window]
    if policy is CatchUp.ALL:
        return runs
    newest = runs[-1:]
    return newest if policy is CatchUp.LATEST else [due for due in newest if now - due <= timedelta(seconds=60)]
