"""IANA time zones by name."""

from functools import cache, lru_cache
from zoneinfo import ZoneInfo, available_timezones

from duetime.core.errors import InvalidSchedule, nearest

EXAMPLES = ('timezone="UTC"', 'timezone="Europe/Berlin"', 'timezone="America/New_York"')

_PLACES = ("right/", "posix/")
_MACHINE = ("localtime", "posixrules", "Factory")


def read_zone(name: object) -> ZoneInfo:
    """Return the zone of that name.

    Raises:
        InvalidSchedule: there is none.
    """
    zone = _find(name) if isinstance(name, str) else None
    if zone is None:
        near = nearest(name, _names()) if isinstance(name, str) else ()
        raise InvalidSchedule(
            f"timezone {name!r} is no IANA time zone",
            examples=[f'timezone="{like}"' for like in near] or EXAMPLES,
        )
    return zone


@lru_cache(maxsize=1024)
def _find(name: str) -> ZoneInfo | None:
    # The time zone folder also holds zones that count leap seconds and files that differ from machine to machine.
    if name in _MACHINE or name.startswith(_PLACES):
        return None
    try:
        return ZoneInfo(name)
    except (KeyError, ValueError, OSError):
        return None


@cache
def _names() -> frozenset[str]:
    return frozenset(available_timezones())
