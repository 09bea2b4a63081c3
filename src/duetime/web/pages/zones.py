"""In which time zone a visitor reads instants."""

from datetime import UTC, tzinfo
from typing import NamedTuple

from duetime.core.errors import InvalidSchedule
from duetime.schedule.zones import read_zone

_LONGEST_NAME = 64
OFFERED = (
    "UTC",
    *("Africa/Cairo", "Africa/Johannesburg", "Africa/Lagos", "Africa/Nairobi"),
    *("America/Chicago", "America/Denver", "America/Los_Angeles", "America/New_York", "America/Sao_Paulo"),
    *("Asia/Dubai", "Asia/Hong_Kong", "Asia/Kolkata", "Asia/Seoul", "Asia/Shanghai", "Asia/Singapore", "Asia/Tokyo"),
    *("Australia/Sydney", "Europe/Berlin", "Europe/Istanbul", "Europe/London", "Europe/Madrid", "Europe/Paris"),
    "Pacific/Auckland",
)
"""Zones that pages offer; every other IANA zone can be typed."""


class ShownZone(NamedTuple):
    """A time zone by its IANA name."""

    name: str
    info: tzinfo


UTC_ZONE = ShownZone("UTC", UTC)


def zone_named(name: str | None) -> ShownZone | None:
    """Return the zone of this IANA name, or None when there is none."""
    if not name or len(name) > _LONGEST_NAME:
        return None
    if name == UTC_ZONE.name:
        return UTC_ZONE
    try:
        return ShownZone(name, read_zone(name))
    except InvalidSchedule:
        return None
