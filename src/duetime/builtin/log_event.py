"""The event type that writes a line into the worker's log."""

from typing import Any

from duetime.bots.templates import TemplateFailed
from duetime.builtin.event_ids import LOG
from duetime.builtin.message_names import failed_template, members_of
from duetime.core.outcomes import Failed, JobOutcome, Succeeded
from duetime.core.statuses import OnLost
from duetime.engine.log import get_logger
from duetime.jobs.base import ScheduledEventJob
from duetime.jobs.registration import ScheduledEventRegistryWrapper

LEVELS = ("debug", "info", "warning", "error")

_log = get_logger(__name__)

events = ScheduledEventRegistryWrapper()


@events.register(LOG)
class Log(ScheduledEventJob):
    """Writes a line into the worker's log, and into history.

    Args:
        message: a template of the line's text.
        level: debug, info, warning or error; info by default.
    """

    on_lost = OnLost.RETRY

    def __init__(self, *, message: str, level: str = "info", **own: Any) -> None:
        super().__init__(**own)
        self.message = message
        self.level = level

    def run(self) -> JobOutcome:
        if self.level not in LEVELS:
            return Failed(f"level must be one of {', '.join(LEVELS)}, not {self.level!r:.40}", retry=False)
        (member,) = members_of(self.context)
        try:
            text = member.render(self.message)
        except TemplateFailed as error:
            return failed_template("message", error)
        getattr(_log, self.level)("event.log", message=text, resource_id=self.resource_id)
        return Succeeded(text)


def load() -> None:
    """Register it."""
    events.load()


def unload() -> None:
    """Take it back."""
    events.unload()
