"""When something is due: schedules as frozen values, their JSON form, and what to do about missed times."""

from duetime.schedule.catch_up import CatchUp, CatchUpPlan, Missed, catch_up
from duetime.schedule.codec import decode, encode, from_json, to_json
from duetime.schedule.cron import Cron
from duetime.schedule.daily import Daily
from duetime.schedule.days import Overflow
from duetime.schedule.hourly import Hourly
from duetime.schedule.monthly import Monthly
from duetime.schedule.once import Once
from duetime.schedule.periodic import Periodic
from duetime.schedule.time_of_day import TimeOfDay
from duetime.schedule.value import ScheduleValue
from duetime.schedule.walltime import DstGap, DstOverlap
from duetime.schedule.weekdays import Weekday, Weekdays
from duetime.schedule.weekly import Weekly

__all__ = [
    "CatchUp",
    "CatchUpPlan",
    "Cron",
    "Daily",
    "DstGap",
    "DstOverlap",
    "Hourly",
    "Missed",
    "Monthly",
    "Once",
    "Overflow",
    "Periodic",
    "ScheduleValue",
    "TimeOfDay",
    "Weekday",
    "Weekdays",
    "Weekly",
    "catch_up",
    "decode",
    "encode",
    "from_json",
    "to_json",
]
