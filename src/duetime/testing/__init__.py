"""The kit with which users test their bots: a clock moved by hand, a worker stepped by hand, a cloud with faults."""

from duetime.providers.fake import FakeCloud
from duetime.testing.clock import ManualClock
from duetime.testing.fault_proxy import FaultProxy
from duetime.testing.lab import BotRun, Lab

__all__ = ["BotRun", "FakeCloud", "FaultProxy", "Lab", "ManualClock"]
