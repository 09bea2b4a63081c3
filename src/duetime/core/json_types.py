"""The shape of plain JSON, and the one way it is written down."""

import json
from collections.abc import Mapping
from typing import Any

JsonValue = None | bool | int | float | str | list["JsonValue"] | dict[str, "JsonValue"]
JsonObject = dict[str, JsonValue]


_encode = json.JSONEncoder(sort_keys=True, separators=(",", ":"), ensure_ascii=False, allow_nan=False).encode


def canonical(value: Mapping[str, Any]) -> str:
    """Return the shortest JSON text of an object, with its keys sorted, so that equal objects have equal texts.

    Raises:
        ValueError: the value holds NaN or an infinity.
        TypeError: the value holds something JSON cannot say.
    """
    return _encode(value)
