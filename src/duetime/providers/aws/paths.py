"""Places in what AWS says and is told: JMESPath, with the three functions that AWS's ids and texts make necessary."""

import json
import re
from collections.abc import Mapping, Sequence
from functools import cache
from typing import Any

import jmespath
import jmespath.functions

from duetime.providers.aws.entry import At, ForEach

_PLAIN = re.compile(r"[A-Za-z_]\w*(\.[A-Za-z_]\w*)*")


class _Functions(jmespath.functions.Functions):
    """What JMESPath cannot do by itself."""

    @jmespath.functions.signature({"types": ["string", "null"]})
    def _func_tail(self, text: str | None) -> str | None:
        """Return what follows the last slash or colon: the name at the end of an ARN."""
        return None if text is None else re.split("[/:]", text)[-1]

    @jmespath.functions.signature({"types": ["string", "null"]})
    def _func_lower(self, text: str | None) -> str | None:
        return None if text is None else text.lower()

    @jmespath.functions.signature({"types": ["string", "null"]})
    def _func_from_json(self, text: str | None) -> Any:
        """Return what a JSON text says: policies are given as text."""
        return None if text is None else json.loads(text)


OPTIONS = jmespath.Options(custom_functions=_Functions())


def value_at(raw: Any, path: str) -> Any:
    """Return what stands at a path, or None; an empty path is the whole."""
    if not path:
        return raw
    keys = _keys(path)
    if keys is None:
        return _compiled(path).search(raw, options=OPTIONS)
    value = raw
    for key in keys:
        if not isinstance(value, Mapping):
            return None
        value = value.get(key)
    return value


def filled(template: Any, values: Mapping[str, Any]) -> Any:
    """Return parameters with their places filled in; what comes to nothing is left out of its mapping or list."""
    match template:
        case At(path):
            return value_at(values, path)
        case ForEach(path, inner):
            return [filled(inner, {**values, "each": each}) for each in value_at(values, path) or ()]
        case Mapping():
            return {key: part for key, inner in template.items() if (part := filled(inner, values)) is not None}
        case str():
            return template
        case Sequence():
            return [part for inner in template if (part := filled(inner, values)) is not None]
        case _:
            return template


@cache
def _keys(path: str) -> tuple[str, ...] | None:
    """Return the keys of a path that is nothing but keys: walking those takes a tenth of the time."""
    return tuple(path.split(".")) if _PLAIN.fullmatch(path) else None


@cache
def _compiled(path: str) -> Any:
    return jmespath.compile(path)
