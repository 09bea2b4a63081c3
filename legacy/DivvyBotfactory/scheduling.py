from duetime.scheduling.shortcuts import schedule_hours_from_now
from duetime.scheduling.tracker import ScheduledEventTracker

__all__ = ["ScheduledEventTracker", "schedule_hours_from_now"]
