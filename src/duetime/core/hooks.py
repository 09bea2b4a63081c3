"""Hookpoints: functions that plugins want called when something happens.

Several plugins may hang handlers on one hook, so each handler is registered under a name of its own,
`<hook>#<module>.<function>`. Registering is all there is so far: nothing in duetime calls a handler yet.
"""

from collections.abc import Callable
from typing import Any, TypeVar

from duetime.core.registration import Entry, Kind, Registries, register

Handler = TypeVar("Handler", bound=Callable[..., Any])


def hookpoint(hook: str) -> Callable[[Handler], Handler]:
    """Return a decorator that registers a function as a handler of `hook`, such as `divvycloud.instance.created`."""

    def hang(handler: Handler) -> Handler:
        register(Entry(Kind.HOOK, f"{hook}#{handler.__module__}.{handler.__qualname__}", handler))
        return handler

    return hang


def handlers_of(hook: str, *, registries: Registries) -> tuple[Callable[..., Any], ...]:
    """Return the handlers of `hook`, by module and name."""
    entries = registries.of(Kind.HOOK).entries()
    return tuple(entry.item for entry in entries if entry.name.startswith(f"{hook}#"))
