"""What the calls of an action are told: the arguments, checked, and what is made of them."""

from collections.abc import Mapping
from typing import Any
from uuid import uuid4

from duetime.core.errors import InvalidArguments
from duetime.core.json_types import JsonObject
from duetime.providers.aws.entry import Action, Argument

_NAMES = {str: "a text", int: "a whole number", list: "a list", dict: "an object", bool: "true or false"}


def check_arguments(action: Action, arguments: Mapping[str, Any], *, what: str) -> None:
    """Judge what an action is given, before any call.

    Args:
        action: what is asked for.
        arguments: what it is given.
        what: what the error names, such as `delete on dbinstance`.

    Raises:
        InvalidArguments: one is missing, unknown, or of another type.
    """
    for name, argument in action.takes.items():
        if name not in arguments:
            if argument.required:
                raise InvalidArguments(what, f"{name} has to be said: {_wanted(argument)}")
        elif not _fits(arguments[name], argument):
            raise InvalidArguments(what, f"{name} must be {_wanted(argument)}, not {arguments[name]!r}")
    unknown = [name for name in arguments if name not in action.takes]
    if unknown:
        known = ", ".join(action.takes) or "none"
        raise InvalidArguments(what, f"it does not take {unknown[0]!r}; it takes: {known}")


def argument_values(arguments: Mapping[str, Any], *, provider_id: str, tags: Mapping[str, str]) -> dict[str, Any]:
    """Return what paths may start from beside the resource: see `entry`.

    Args:
        arguments: of the action.
        provider_id: of the resource.
        tags: that the resource has now; empty when it was not read.
    """
    given = arguments.get("tags") or {}
    return {
        "arguments": dict(arguments),
        "pairs": _pairs(given) or None,
        "keys": [*(arguments.get("keys") or ()), *(arguments.get("absent") or ())] or None,
        "unique": f"{_name(provider_id)}-{uuid4().hex[:12]}",
        **tag_values(arguments, tags),
    }


def tag_values(arguments: Mapping[str, Any], tags: Mapping[str, str]) -> JsonObject:
    """Return `former`, what puts back the tags the arguments are about, and `merged`, all tags to be."""
    given, keys = arguments.get("tags") or {}, [*(arguments.get("keys") or ()), *(arguments.get("absent") or ())]
    named = list(dict.fromkeys([*given, *keys]))
    merged = {key: value for key, value in tags.items() if key not in keys} | dict(given)
    return {
        "former": {
            "tags": {key: tags[key] for key in named if key in tags},
            "absent": [key for key in named if key not in tags],
        },
        # AWS's own tags cannot be written, and stay without.
        "merged": _pairs({key: value for key, value in merged.items() if not key.startswith("aws:")}),
    }


def _pairs(tags: Mapping[str, str]) -> list[Any]:
    return [{"Key": key, "Value": value} for key, value in tags.items()]


def _name(provider_id: str) -> str:
    return provider_id.rpartition("/")[2].rpartition(":")[2]


def _fits(value: Any, argument: Argument) -> bool:
    if value is None:
        return argument.null
    return isinstance(value, argument.kinds) and (bool in argument.kinds or not isinstance(value, bool))


def _wanted(argument: Argument) -> str:
    names = [_NAMES[kind] for kind in argument.kinds] + (["null"] if argument.null else [])
    return " or ".join(names)
