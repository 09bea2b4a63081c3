"""How job classes come to be known under an event type."""

from collections.abc import Callable
from typing import Any, TypeVar

from duetime.core.errors import Invalid
from duetime.core.registration import Entry, Kind, register, unregister
from duetime.jobs.describe import event_type_of

J = TypeVar("J", bound=type[Any])


def _entry(event_type: str, job_class: type[Any]) -> Entry:
    if not isinstance(event_type, str) or not event_type or not event_type.isprintable():
        message = f"An event type must be a text such as 'divvy.stop_resource', not {event_type!r}."
        raise Invalid(message)
    if not callable(getattr(job_class, "run", None)):
        message = f"{job_class!r} cannot be registered as {event_type!r}: a job class needs a run() method."
        raise Invalid(message)
    event_type_of(event_type, job_class, plugin="")  # refused here, where the error can name the plugin's own line
    return Entry(Kind.EVENT_TYPE, event_type, job_class)


class ScheduledEventManager:
    """Registers job classes at once, as their module is imported."""

    @staticmethod
    def register(event_type: str) -> Callable[[J], J]:
        """Return a decorator that registers a job class under `event_type`.

        Raises:
            DuplicateRegistration: another plugin has that event type; both are named.
        """

        def decorate(job_class: J) -> J:
            register(_entry(event_type, job_class))
            return job_class

        return decorate


class ScheduledEventRegistryWrapper:
    """Collects job classes and registers them all with `load()`, or takes them back with `unload()`."""

    def __init__(self) -> None:
        self._entries: list[Entry] = []

    def register(self, event_type: str) -> Callable[[J], J]:
        """Return a decorator that collects a job class under `event_type`."""

        def decorate(job_class: J) -> J:
            self._entries.append(_entry(event_type, job_class))
            return job_class

        return decorate

    def load(self) -> None:
        """Register everything collected.

        Raises:
            DuplicateRegistration: another plugin has one of the event types; nothing of this wrapper stays.
        """
        done: list[Entry] = []
        try:
            for entry in self._entries:
                register(entry)
                done.append(entry)
        except Exception:
            for entry in done:
                unregister(entry)
            raise

    def unload(self) -> None:
        """Take everything collected back."""
        for entry in self._entries:
            unregister(entry)


class Router:
    """The oldest way to register a job class."""

    @staticmethod
    def add_scheduled_event_job(
        event_type: str, job_class: type[Any], cast_arguments: Callable[..., Any] | None = None
    ) -> None:
        """Register `job_class` under `event_type`; the same class twice is not an error.

        Args:
            event_type: the id.
            job_class: the class.
            cast_arguments: how stored arguments become keywords; duetime always does it the one way.
        """
        del cast_arguments
        register(_entry(event_type, job_class))
