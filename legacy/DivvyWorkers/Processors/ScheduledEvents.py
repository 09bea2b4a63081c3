from duetime.jobs.arguments import cast_scheduled_event_args
from duetime.jobs.base import MultiResourceScheduledEventJob, ScheduledEventJob
from duetime.jobs.registration import ScheduledEventManager, ScheduledEventRegistryWrapper

__all__ = [
    "MultiResourceScheduledEventJob",
    "ScheduledEventJob",
    "ScheduledEventManager",
    "ScheduledEventRegistryWrapper",
    "cast_scheduled_event_args",
]
