"""What a job is, how its arguments are bound, and how it is registered: all that a plugin's jobs need."""

from duetime.core.outcomes import Failed, GroupRefused, OutcomeUnknown, Skipped, Snoozed, Succeeded
from duetime.core.retry import Retry
from duetime.core.statuses import OnLost
from duetime.jobs.base import MultiResourceScheduledEventJob, ScheduledEventJob
from duetime.jobs.registration import ScheduledEventManager, ScheduledEventRegistryWrapper

__all__ = [
    "Failed",
    "GroupRefused",
    "MultiResourceScheduledEventJob",
    "OnLost",
    "OutcomeUnknown",
    "Retry",
    "ScheduledEventJob",
    "ScheduledEventManager",
    "ScheduledEventRegistryWrapper",
    "Skipped",
    "Snoozed",
    "Succeeded",
]
