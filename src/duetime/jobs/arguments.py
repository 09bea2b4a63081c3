"""From stored JSON arguments to constructor keywords, and whether they fit, before the job is ever built."""

import inspect
import json
from collections.abc import Hashable, Mapping, Sequence
from types import NoneType, UnionType
from typing import Any, Union, get_args, get_origin

from duetime.core.errors import InvalidArguments, nearest
from duetime.core.json_types import canonical

MAX_BYTES = 64 * 1024
"""Default for the largest argument text of one event."""

MAX_DEPTH = 64
"""How deep arguments may be nested: what is stored must be readable from any depth of any thread's stack."""

OWN_KEYWORDS = ("resource_id", "user_resource_id", "scheduled_event_id", "scheduled_event_type")
"""Given by the engine to every job; an event's arguments may not name them."""

DESTINATION = "destination"
"""Annotates a constructor's argument that names destinations, so that unknown ones are refused early:
`to: Annotated[list[str], DESTINATION]`."""

_JSON_TYPES: Mapping[Any, str] = {
    str: "string",
    int: "integer",
    float: "number",
    bool: "boolean",
    list: "array",
    dict: "object",
    "str": "string",
    "int": "integer",
    "float": "number",
    "bool": "boolean",
    "list": "array",
    "dict": "object",
}
_SCALARS = (str, int, float, type(None))
_VARIADIC = (inspect.Parameter.VAR_KEYWORD, inspect.Parameter.VAR_POSITIONAL)
_PYTHON_TYPES: Mapping[str, tuple[type, ...]] = {
    "string": (str,),
    "integer": (int,),
    "number": (int, float),
    "boolean": (bool,),
    "array": (list,),
    "object": (dict,),
}


def cast_scheduled_event_args(action_data: str | Mapping[str, Any] | None) -> dict[str, Any]:
    """Return stored arguments as constructor keywords.

    Args:
        action_data: a JSON text, an object, or None for no arguments.

    Raises:
        InvalidArguments: it is not a JSON object.
    """
    return dict(_as_object("the event", action_data))


def argument_text(event_type: str, action_data: str | Mapping[str, Any] | None, *, most: int = MAX_BYTES) -> str:
    """Return the canonical JSON text of an event's arguments.

    Raises:
        InvalidArguments: they are no JSON object, hold what a database or JSON refuses, or exceed `most` bytes.
    """
    if action_data == "":
        raise InvalidArguments(event_type, "an empty text is not a JSON object; leave it out or pass {}")
    arguments = dict(_as_object(event_type, action_data))
    if not arguments:
        return "{}"
    taken = [name for name in OWN_KEYWORDS if name in arguments]
    if taken:
        raise InvalidArguments(event_type, f"{taken[0]!r} is given by duetime and cannot be an argument")
    _check_shape(event_type, arguments)
    try:
        text = canonical(arguments)
        size = len(text.encode())
    except UnicodeEncodeError:
        raise InvalidArguments(event_type, "a text holds half of a surrogate pair, which is no character") from None
    except (TypeError, ValueError, RecursionError) as error:
        raise InvalidArguments(event_type, f"they cannot be written as JSON: {error}") from None
    if "\\u0000" in text and _holds_nul(arguments):
        raise InvalidArguments(event_type, "a text holds the NUL character, which databases refuse")
    if size > most:
        raise InvalidArguments(event_type, f"they take {size} bytes and at most {most} are allowed")
    return text


def _check_shape(event_type: str, value: Any, *, depth: int = 1) -> None:
    """Refuse what JSON would quietly change, such as a number as a key, and what is nested too deep to be read back."""
    if depth > MAX_DEPTH:
        raise InvalidArguments(event_type, f"they are nested more than {MAX_DEPTH} deep")
    if isinstance(value, Mapping):
        for key in value:
            if not isinstance(key, str):
                raise InvalidArguments(event_type, f"keys must be text, not {key!r}")
        value = value.values()
    elif not isinstance(value, list | tuple):
        return
    for inner in value:
        if not isinstance(inner, _SCALARS):
            _check_shape(event_type, inner, depth=depth + 1)


def _holds_nul(value: Any) -> bool:
    if isinstance(value, str):
        return "\x00" in value
    if isinstance(value, Mapping):
        return any(_holds_nul(key) or _holds_nul(inner) for key, inner in value.items())
    return isinstance(value, list | tuple) and any(_holds_nul(inner) for inner in value)


def _as_object(event_type: str, action_data: str | Mapping[str, Any] | None) -> Mapping[str, Any]:
    if action_data is None:
        return {}
    if isinstance(action_data, str):
        try:
            value = json.loads(action_data, parse_constant=_refuse_constant)
        except (ValueError, RecursionError) as error:
            raise InvalidArguments(event_type, f"the text is not JSON: {error}") from None
    else:
        value = action_data
    if not isinstance(value, Mapping):
        raise InvalidArguments(event_type, f"a JSON object is needed, not {type(value).__name__}")
    wrong = [key for key in value if not isinstance(key, str)]
    if wrong:
        raise InvalidArguments(event_type, f"keys must be text, not {wrong[0]!r}")
    return value


def _refuse_constant(name: str) -> Any:
    message = f"{name} is not JSON"
    raise ValueError(message)


def schema_of(job_class: type) -> dict[str, Any]:
    """Return a JSON schema of the arguments that a job's constructor takes, beside its own four keywords.

    A constructor that takes `**rest` without naming any of the four hands them on to its base class: then the base
    class says what else fits. One that names them takes whatever arguments come.
    """
    properties: dict[str, Any] = {}
    required: list[str] = []
    open_ended = False
    for owner in job_class.__mro__:
        constructor = owner.__dict__.get("__init__")
        if constructor is None:
            continue
        parameters = list(inspect.signature(constructor).parameters.values())[1:]
        for parameter in parameters:
            if parameter.kind in _VARIADIC or parameter.name in OWN_KEYWORDS or parameter.name in properties:
                continue
            properties[parameter.name] = _property(parameter.annotation)
            if parameter.default is inspect.Parameter.empty:
                required.append(parameter.name)
        takes_rest = any(parameter.kind is inspect.Parameter.VAR_KEYWORD for parameter in parameters)
        names_own = any(parameter.name in OWN_KEYWORDS for parameter in parameters)
        open_ended = takes_rest and names_own
        if not takes_rest or names_own:
            break
    return {
        "type": "object",
        "properties": properties,
        "required": required,
        "additionalProperties": open_ended,
    }


def _property(annotation: Any) -> dict[str, Any]:
    if DESTINATION in get_args(annotation)[1:]:  # Annotated[str, DESTINATION]
        return {**_property(get_args(annotation)[0]), "format": DESTINATION}
    json_type = _json_type(annotation)
    return {"type": json_type} if json_type else {}


def named_destinations(arguments: Mapping[str, Any], schema: Mapping[str, Any]) -> Sequence[str]:
    """Return the destinations that arguments name, as far as `schema` says which of them are names of such."""
    names: list[str] = []
    for argument, expected in schema.get("properties", {}).items():
        value = arguments.get(argument)
        if expected.get("format") == DESTINATION and value is not None:
            names += [name for name in (value if isinstance(value, list) else [value]) if isinstance(name, str)]
    return names


def _json_type(annotation: Any) -> str | None:
    """Return the JSON type of an annotation such as `str`, `list[str] | None` or their texts; None = not checked."""
    if isinstance(annotation, str):
        plain: Any = annotation.removesuffix("| None").rstrip().partition("[")[0]
    else:
        chosen = [part for part in get_args(annotation) if part is not NoneType] if _is_union(annotation) else []
        one = chosen[0] if len(chosen) == 1 else annotation
        plain = get_origin(one) or one
    return _JSON_TYPES.get(plain) if isinstance(plain, Hashable) else None


def _is_union(annotation: Any) -> bool:
    return get_origin(annotation) in (Union, UnionType)


def check_arguments(event_type: str, arguments: Mapping[str, Any], schema: Mapping[str, Any]) -> None:
    """Refuse arguments that the constructor behind `schema` would not take.

    Raises:
        InvalidArguments: one is unknown, missing or of the wrong type.
    """
    if not schema:
        return
    properties: Mapping[str, Mapping[str, Any]] = schema.get("properties", {})
    for name, value in arguments.items():
        if name not in properties:
            if schema.get("additionalProperties"):
                continue
            near = nearest(name, properties)
            hint = f"; did you mean {' or '.join(near)}" if near else ""
            known = ", ".join(properties) or "none"
            raise InvalidArguments(event_type, f"the job takes no argument {name!r}{hint} (it takes: {known})")
        wanted = properties[name].get("type")
        if wanted and value is not None and not _is_of(value, wanted):
            raise InvalidArguments(event_type, f"argument {name!r} must be of type {wanted}, not {value!r:.60}")
    missing = [name for name in schema.get("required", ()) if name not in arguments]
    if missing:
        raise InvalidArguments(event_type, f"the job needs the argument {missing[0]!r}")


def _is_of(value: Any, json_type: str) -> bool:
    if isinstance(value, bool) and json_type != "boolean":
        return False
    return isinstance(value, _PYTHON_TYPES[json_type])
