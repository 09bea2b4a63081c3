"""Hookpoints: functions that plugins want called when something happens.

Several plugins may hang handlers on one hook, so each handler is registered under a name of its own,
`<hook>#<module>.<function>`.

Handlers are called by the process that harvests, after the change is committed, once at most: when it dies in between,
nobody calls them. They are hints. What must not be missed belongs into a bot with a trigger.
"""

import logging
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from typing import Any, TypeVar

from duetime.core.bots import Hookpoint
from duetime.core.harvests import ResourceChange
from duetime.core.registration import Entry, Kind, Registries, register
from duetime.core.resources import Resource

Handler = TypeVar("Handler", bound=Callable[..., Any])

_log = logging.getLogger(__name__)
_TYPED = {Hookpoint.CREATED: "created", Hookpoint.MODIFIED: "modified", Hookpoint.DESTROYED: "destroyed"}
"""What has a hook for each resource type too."""


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


def call_handlers(changes: Sequence[ResourceChange], *, registries: Registries) -> int:
    """Call the handlers of what happened to resources; return how many calls failed. A failure is logged.

    A handler of `...modified` is called as `(resource, old_resource_data, user_resource_id=None)`, every other as
    `(resource, user_resource_id=None, project_resource_id=None)`. Quiet changes are told to nobody.
    """
    if not registries.of(Kind.HOOK).entries():
        return 0
    known: dict[str, tuple[Callable[..., Any], ...]] = {}
    failed = 0
    for change in changes:
        for happened in () if change.is_quiet else change.hookpoints:
            for hook in _hooks(happened, change.resource):
                if hook not in known:
                    known[hook] = handlers_of(hook, registries=registries)
                failed += sum(not _call(handler, hook, happened, change) for handler in known[hook])
    return failed


def old_data(resource: Resource) -> Mapping[str, Any]:
    """Return what handlers are told of a resource as it was before."""
    return {
        "resource_id": resource.resource_id,
        "name": resource.name,
        "resource_type": resource.resource_type,
        "account": resource.account,
        "region": resource.region,
        "provider_id": resource.provider_id,
        "state": resource.state,
        "tags": dict(resource.tags),
        "data": dict(resource.data),
        "size": resource.size,
    }


def _hooks(happened: Hookpoint, resource: Resource) -> Iterator[str]:
    yield happened.value
    if happened in _TYPED:
        yield f"divvycloud.{resource.resource_type}.{_TYPED[happened]}"


def _call(handler: Callable[..., Any], hook: str, happened: Hookpoint, change: ResourceChange) -> bool:
    given: Iterable[Any] = (change.resource,)
    named = {"user_resource_id": None, "project_resource_id": None}
    if happened is Hookpoint.MODIFIED and change.before is not None:
        given = (change.resource, old_data(change.before))
        named = {"user_resource_id": None}
    try:
        handler(*given, **named)
    except (Exception, SystemExit):  # noqa: BLE001 - a handler is plugin code, which may raise anything
        _log.exception(
            "Handler %s.%s of %s failed for %s",
            handler.__module__,
            handler.__qualname__,
            hook,
            change.resource.resource_id,
        )
        return False
    return True
