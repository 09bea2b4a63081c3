"""Random schedules and moments for hypothesis."""

from datetime import UTC, datetime, time

from hypothesis import strategies as st

from duetime.core.errors import InvalidSchedule
from duetime.schedule import Cron, Daily, Hourly, Monthly, Once, Periodic, ScheduleValue, Weekly

ZONES = (
    "UTC",
    "Europe/Berlin",
    "Europe/Dublin",
    "America/New_York",
    "America/Havana",
    "America/Santiago",
    "Australia/Lord_Howe",
    "Pacific/Chatham",
    "Pacific/Apia",
    "Antarctica/Troll",
    "Africa/Casablanca",
    "Asia/Kolkata",
)
EXPRESSIONS = (
    "* * * * *",
    "*/7 * * * *",
    "0 */2 * * *",
    "30 2 * * *",
    "0,30 1-3 * * *",
    "15 2 29 3 *",
    "0 0 29 2 *",
    "0 9 * * MON#1",
    "0 9 L * *",
    "30 0 LW * 1-5",
    "30 1 2 * * 5L",
    "*/20 * * * * *",
)

moments = st.datetimes(datetime(1995, 1, 1), datetime(2045, 1, 1), timezones=st.just(UTC))
zones = st.sampled_from(ZONES)
rules = {
    "timezone": zones,
    "dst_gap": st.sampled_from(("at_transition", "shift_forward", "skip")),
    "dst_overlap": st.sampled_from(("first", "last", "both")),
}
hours = st.sampled_from((0, 1, 2, 3, 12, 23))
times = st.builds(time, hours, st.integers(0, 59), st.sampled_from((0, 59)))
weekdays = st.sets(st.integers(0, 6), min_size=1, max_size=6)
excluded = st.sets(st.integers(0, 6), max_size=4)


@st.composite
def crons(draw: st.DrawFn) -> ScheduleValue:
    arguments = {name: draw(strategy) for name, strategy in rules.items()}
    try:
        return Cron(draw(st.sampled_from(EXPRESSIONS)), **arguments)  # type: ignore[arg-type]
    except InvalidSchedule:
        return Cron("0 0 * * *", **arguments)  # type: ignore[arg-type]


once = st.builds(Once, when=moments)
periodic = st.builds(Periodic, hours=st.integers(0, 50), minutes=st.integers(1, 59), anchor=st.none() | moments)
calendar = st.one_of(
    st.builds(Hourly, st.integers(0, 59), st.integers(0, 59), exclude_days=excluded, **rules),
    st.builds(Daily, times, exclude_days=excluded, **rules),
    st.builds(Weekly, weekdays, times, **rules),
    st.builds(
        Monthly,
        st.integers(1, 31),
        times,
        exclude_days=excluded,
        overflow=st.sampled_from(("last_day", "skip")),
        **rules,
    ),
    crons(),
)
schedules = st.one_of(once, periodic, calendar)
