"""One setting: its default, what it means, what it must be, and whether it is a secret."""

import os
from datetime import timedelta
from typing import Any

from pydantic import Field

from duetime.bots.durations import read_duration
from duetime.core.errors import InvalidSetting


def setting(default: Any, *, meaning: str, wanted: str, separator: str | None = None, **limits: Any) -> Any:
    """Return a field of the settings.

    Args:
        default: what holds when nobody says anything.
        meaning: what it is for, as documentation and errors say it.
        wanted: what it must be, as documentation and errors say it.
        separator: what parts the values of a list in the environment; None = it is no list.
        limits: what pydantic checks.
    """
    return Field(default, description=meaning, json_schema_extra={"wanted": wanted, "separator": separator}, **limits)


def lower(value: object) -> object:
    """Return a word in small letters, and anything else as it is."""
    return value.lower() if isinstance(value, str) else value


def read_span(value: object) -> timedelta:
    """Return a length of time as a setting says it, such as 36h; 0 means none.

    Raises:
        ValueError: it is no such thing.
    """
    if isinstance(value, timedelta):
        return value
    try:
        return timedelta(0) if str(value).strip() == "0" else read_duration(value, name="setting")
    except InvalidSetting as error:
        raise ValueError(str(error)) from error


PATHS = os.pathsep
"""Parts folders in the environment, as in PATH."""
