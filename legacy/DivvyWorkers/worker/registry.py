from duetime.jobs.registration import Router

__all__ = ["Router"]
