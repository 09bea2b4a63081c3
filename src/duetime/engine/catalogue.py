"""The event types that this process can run, as classes and as data."""

import threading
from collections.abc import Mapping
from typing import Any, NamedTuple

from duetime.core.event_types import EventType
from duetime.core.registration import Registries
from duetime.engine.log import get_logger
from duetime.jobs.describe import event_type_of

_log = get_logger(__name__)


class Handler(NamedTuple):
    """A job class and what it says of itself."""

    job_class: type[Any]
    kind: EventType


class Catalogue:
    """What is registered now, described once per class.

    A run keeps the `Handler` it was given: unloading or reloading a plugin changes what is claimed next, not what runs.
    """

    def __init__(self, registries: Registries) -> None:
        self._registries = registries
        self._lock = threading.Lock()
        self._described: dict[str, tuple[type[Any], str, Handler | None]] = {}
        self._generations: dict[str, int] = {}

    def set_generation(self, plugin: str, generation: int) -> None:
        """Note which load of a plugin its classes come from."""
        with self._lock:
            self._generations[plugin] = generation
            self._described = {name: item for name, item in self._described.items() if item[1] != plugin}

    def get(self, event_type: str) -> Handler | None:
        """Return the handler of an event type, or None when nobody has loaded one."""
        registration = self._registries.event_types.get(event_type)
        if registration is None:
            return None
        found = self._described.get(event_type)
        if found is not None and found[0] is registration.item and found[1] == registration.owner:
            return found[2]
        try:
            generation = self._generations.get(registration.owner, 1)
            kind = event_type_of(event_type, registration.item, plugin=registration.owner, generation=generation)
        except Exception as error:  # noqa: BLE001 - a plugin's class may raise anything when it is looked at
            # Said once and not in every round; its events wait as those of a type that nobody has loaded.
            _log.error("event_type.invalid", event_type=event_type, plugin=registration.owner, error=str(error))
            handler = None
        else:
            handler = Handler(registration.item, kind)
        with self._lock:
            self._described[event_type] = (registration.item, registration.owner, handler)
        return handler

    def handlers(self) -> Mapping[str, Handler]:
        """Return every handler that is loaded."""
        found = ((name, self.get(name)) for name in self._registries.event_types)
        return {name: handler for name, handler in found if handler is not None}
