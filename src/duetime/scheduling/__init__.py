"""How events come to be: the client's verbs and the tracker that bot actions use."""

from duetime.core.events import OnExisting
from duetime.scheduling.client import Client
from duetime.scheduling.shortcuts import schedule_hours_from_now
from duetime.scheduling.tracker import ScheduledEventTracker

__all__ = ["Client", "OnExisting", "ScheduledEventTracker", "schedule_hours_from_now"]
