"""What the fake cloud can do to resources of any type: the facts, what to keep beforehand, and the change itself."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from types import MappingProxyType
from typing import Any

from duetime.core.cloud import Operation
from duetime.core.errors import Invalid
from duetime.core.json_types import JsonObject
from duetime.core.resources import Resource

_BATCH = 1000
_SIZES = ("minimum", "maximum", "desired")
_LEAVING = frozenset({"shutting-down"})

Arguments = Mapping[str, Any]
Change = Callable[[Resource, Arguments], Resource | None]
"""Returns the resource afterwards; None = it is gone."""
Before = Callable[[Resource, Arguments], JsonObject]


def _nothing(_resource: Resource, _arguments: Arguments) -> JsonObject:
    return {}


@dataclass(frozen=True, slots=True)
class Deed:
    """One operation of the fake cloud.

    Attributes:
        before: what its inverse needs to be told; without an inverse it is never asked.
        reads: whether `before` looks at the resource, which takes a call.
        passing: the state that a resource is in for a while when it is told to linger; empty = it never lingers.
    """

    operation: Operation
    change: Change
    before: Before = _nothing
    reads: bool = False
    passing: str = ""


def _state(state: str) -> Change:
    return lambda resource, _arguments: replace(resource, state=state)


def _same(resource: Resource, _arguments: Arguments) -> Resource:
    return resource


def _gone(_resource: Resource, _arguments: Arguments) -> None:
    return None


def _data(resource: Resource, changes: Mapping[str, Any], **columns: Any) -> Resource:
    """Return the resource with other data; a value of None takes its key out."""
    data = {**resource.data, **changes}
    return replace(resource, data={key: value for key, value in data.items() if value is not None}, **columns)


def _tag(resource: Resource, arguments: Arguments) -> Resource:
    tags = _needed(arguments, "tags")
    return replace(resource, tags={**resource.tags, **tags})


def _untag(resource: Resource, arguments: Arguments) -> Resource:
    keys = _needed(arguments, "keys")
    return replace(resource, tags={key: value for key, value in resource.tags.items() if key not in keys})


def _restore_tags(resource: Resource, arguments: Arguments) -> Resource:
    return _tag(_untag(resource, {"keys": arguments.get("absent", ())}), {"tags": arguments.get("tags", {})})


def _before_tag(resource: Resource, arguments: Arguments) -> JsonObject:
    keys = [*arguments.get("tags", ()), *arguments.get("keys", ()), *arguments.get("absent", ())]
    return {
        "tags": {key: resource.tags[key] for key in keys if key in resource.tags},
        "absent": [key for key in keys if key not in resource.tags],
    }


def _scale(resource: Resource, arguments: Arguments) -> Resource:
    return _data(resource, {name: arguments[name] for name in _SIZES if name in arguments})


def _before_scale(resource: Resource, _arguments: Arguments) -> JsonObject:
    return {name: resource.data.get(name) for name in _SIZES}


def _detach(resource: Resource, _arguments: Arguments) -> Resource:
    return _data(resource, {"attached_to": None}, attached=False)


def _attach(resource: Resource, arguments: Arguments) -> Resource:
    return _data(resource, {"attached_to": _needed(arguments, "to")}, attached=True)


def _before_detach(resource: Resource, _arguments: Arguments) -> JsonObject:
    return {"to": resource.data.get("attached_to")}


def _block(resource: Resource, _arguments: Arguments) -> Resource:
    return replace(resource, public=False)


def _restore_public(resource: Resource, arguments: Arguments) -> Resource:
    return replace(resource, public=_needed(arguments, "public"))


def _before_block(resource: Resource, _arguments: Arguments) -> JsonObject:
    return {"public": resource.public}


def _attach_policy(resource: Resource, arguments: Arguments) -> Resource:
    return _data(resource, {"policy": _needed(arguments, "policy")})


def _remove_policy(resource: Resource, _arguments: Arguments) -> Resource:
    return _data(resource, {"policy": None})


def _before_policy(resource: Resource, _arguments: Arguments) -> JsonObject:
    return {"policy": resource.data.get("policy")}


def _set_retention(resource: Resource, arguments: Arguments) -> Resource:
    return _data(resource, {"retention_days": _needed(arguments, "days")})


def _before_set_retention(resource: Resource, _arguments: Arguments) -> JsonObject:
    return {"days": resource.data.get("retention_days")}


def _needed(arguments: Arguments, name: str) -> Any:
    if name not in arguments:
        message = f"The operation needs the argument {name!r}."
        raise Invalid(message)
    return arguments[name]


def _operation(name: str, **facts: Any) -> Operation:
    return Operation(name=name, batch=_BATCH, **facts)


def _end(name: str) -> Deed:
    return Deed(_operation(name, destructive=True, passing=frozenset({"pending", *_LEAVING})), _gone)


DEEDS: Mapping[str, Deed] = MappingProxyType(
    {
        deed.operation.name: deed
        for deed in (
            Deed(
                _operation(
                    "start", inverse="stop", wanted=frozenset({"running"}), passing=frozenset({"stopping", *_LEAVING})
                ),
                _state("running"),
                passing="pending",
            ),
            Deed(
                _operation(
                    "stop", inverse="start", wanted=frozenset({"stopped"}), passing=frozenset({"pending", *_LEAVING})
                ),
                _state("stopped"),
                passing="stopping",
            ),
            Deed(
                _operation(
                    "hibernate",
                    inverse="start",
                    wanted=frozenset({"stopped"}),
                    passing=frozenset({"pending", *_LEAVING}),
                ),
                _state("stopped"),
                passing="stopping",
            ),
            Deed(_operation("reboot", passing=frozenset({"pending", "stopping", *_LEAVING})), _same),
            _end("delete"),
            _end("terminate"),
            _end("release"),
            Deed(Operation(name="snapshot"), _same, passing="pending"),
            Deed(_operation("detach", inverse="attach"), _detach, _before_detach, reads=True),
            Deed(_operation("attach", inverse="detach"), _attach),
            Deed(_operation("scale", inverse="scale"), _scale, _before_scale, reads=True),
            Deed(
                _operation("set_retention", inverse="set_retention"), _set_retention, _before_set_retention, reads=True
            ),
            Deed(_operation("tag", inverse="restore_tags"), _tag, _before_tag, reads=True),
            Deed(_operation("untag", inverse="restore_tags"), _untag, _before_tag, reads=True),
            Deed(_operation("restore_tags", inverse="restore_tags"), _restore_tags, _before_tag, reads=True),
            Deed(_operation("disable", inverse="enable", wanted=frozenset({"disabled"})), _state("disabled")),
            Deed(_operation("enable", inverse="disable", wanted=frozenset({"enabled"})), _state("enabled")),
            Deed(_operation("block_public_access", inverse="restore_public_access"), _block, _before_block, reads=True),
            Deed(
                _operation("restore_public_access", inverse="restore_public_access"),
                _restore_public,
                _before_block,
                reads=True,
            ),
            Deed(_operation("attach_policy", inverse="attach_policy"), _attach_policy, _before_policy, reads=True),
            Deed(_operation("remove_policy", inverse="attach_policy"), _remove_policy, _before_policy, reads=True),
        )
    }
)
