from duetime.jobs.base import MultiResourceScheduledEventJob, ScheduledEventJob

__all__ = ["MultiResourceScheduledEventJob", "ScheduledEventJob"]
