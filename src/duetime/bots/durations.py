"""Lengths of time as people write them: `10s`, `90m`, `12h`, `3d`, `1h30m`, or a number of hours."""

import math
import re
from datetime import timedelta

from duetime.core.errors import InvalidSetting

_UNITS = {"w": "weeks", "d": "days", "h": "hours", "m": "minutes", "s": "seconds"}
_PART = re.compile(r"([0-9]+(?:\.[0-9]+)?)([wdhms])")
_WHOLE = re.compile(rf"(?:{_PART.pattern})+")
_LONGEST = timedelta(days=3660)

EXAMPLES = "10s, 90m, 12h, 3d, 1h30m, or a number of hours such as 0.25"


def read_duration(value: object, *, name: str) -> timedelta:
    """Return a length of time.

    Args:
        value: a text such as `12h`, or a number of hours.
        name: what the error calls it.

    Raises:
        InvalidSetting: it is none, is negative, or longer than ten years.
    """
    length = _parse(value)
    if length is None:
        raise InvalidSetting(name, f"must be a length of time such as {EXAMPLES}, not {value!r}")
    if length > _LONGEST:
        raise InvalidSetting(name, f"must be at most ten years, not {value!r}")
    return length


def _parse(value: object) -> timedelta | None:
    try:
        if isinstance(value, str):
            text = value.replace(" ", "").lower()
            if not _WHOLE.fullmatch(text):
                return None
            parts = _PART.findall(text)
            return sum((timedelta(**{_UNITS[unit]: float(number)}) for number, unit in parts), timedelta(0))
        if isinstance(value, bool) or not isinstance(value, int | float) or not math.isfinite(value) or value < 0:
            return None
        return timedelta(hours=value)
    except OverflowError:
        return timedelta.max


def write_duration(length: timedelta) -> str:
    """Return a length of time as the text that `read_duration` reads as the very same length, such as `1d12h`."""
    minutes, seconds = divmod(length.seconds, 60)
    hours, minutes = divmod(minutes, 60)
    fraction = f".{length.microseconds:06}".rstrip("0") if length.microseconds else ""
    parts = [f"{count}{unit}" for count, unit in ((length.days, "d"), (hours, "h"), (minutes, "m")) if count]
    if seconds or fraction or not parts:
        parts.append(f"{seconds}{fraction}s")
    return "".join(parts)
