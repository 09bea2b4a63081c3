from duetime.schedule import Cron, Daily, Hourly, Monthly, Once, Periodic, Weekly

__all__ = ["Cron", "Daily", "Hourly", "Monthly", "Once", "Periodic", "Weekly"]
