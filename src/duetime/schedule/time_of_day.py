"""A time on the wall clock as people give it: a `time`, a text, or the older mapping."""

from collections.abc import Mapping
from datetime import time

from duetime.core.errors import InvalidSchedule

EXAMPLES = ('time_of_day="19:00"', 'time_of_day="19:00:30"', 'time_of_day={"hour": 19, "minute": 0, "second": 0}')

TimeOfDay = time | str | Mapping[str, int]

_PARTS = ("hour", "minute", "second")
_SHORTEST_TEXT = len("19:00")


def read_time_of_day(given: object) -> time:
    """Return a time of day in whole seconds, without a time zone of its own.

    Raises:
        InvalidSchedule: it is no time of day.
    """
    try:
        found = _parse(given)
    except (TypeError, ValueError) as error:
        raise InvalidSchedule(f"time_of_day {given!r} cannot be read ({error})", examples=EXAMPLES) from error
    if found.microsecond or found.tzinfo is not None:
        raise InvalidSchedule(
            f"time_of_day {given!r} must be whole seconds without a time zone; the zone is named by timezone",
            examples=EXAMPLES,
        )
    return found.replace(fold=0)


def _parse(given: object) -> time:
    if isinstance(given, time):
        return given
    if isinstance(given, str) and ":" in given:
        # A single-digit hour is common by hand, but ISO 8601 wants two.
        return time.fromisoformat(given.strip().zfill(_SHORTEST_TEXT))
    if isinstance(given, Mapping):
        parts = {part: given.get(part, 0) for part in _PARTS}
        # The older form tags its parts with `_type`.
        unknown = [key for key in given if key not in (*_PARTS, "_type")]
        if unknown or "hour" not in given or any(isinstance(value, bool) for value in parts.values()):
            raise ValueError("it takes hour, minute and second as whole numbers")
        return time(**parts)
    if isinstance(given, int) and not isinstance(given, bool):
        # YAML 1.1 reads a bare 19:00 as the number 1140.
        raise TypeError("a number is no time of day; in YAML write it in quotes")
    raise TypeError("it must be a text, a time or a mapping")


def write_time_of_day(given: TimeOfDay) -> str:
    """Return a time of day as text, `19:00` or `19:00:30`."""
    found = read_time_of_day(given)
    return found.isoformat("seconds" if found.second else "minutes")


def seconds_of_day(found: time) -> int:
    """Return the seconds from midnight, on a day without clock changes."""
    return found.hour * 3_600 + found.minute * 60 + found.second
