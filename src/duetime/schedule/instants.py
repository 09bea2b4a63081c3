"""Instants as whole seconds: plain integers that cannot overflow while a schedule is worked out."""

from datetime import MINYEAR, UTC, datetime, timedelta

from duetime.core.errors import InvalidInstant

DAY = 86_400

ORIGIN = datetime.min.replace(tzinfo=UTC)
"""Second 0: the first instant a `datetime` can hold, a Monday at midnight."""

LATEST = datetime.max.replace(tzinfo=UTC)

LAST_DAY = (LATEST - ORIGIN).days
LAST_SECOND = LAST_DAY * DAY + DAY - 1


def require_aware(what: str, moment: datetime) -> datetime:
    """Return `moment` unchanged.

    Raises:
        InvalidInstant: it is no `datetime`, or has no time zone.
    """
    if not isinstance(moment, datetime) or moment.utcoffset() is None:
        raise InvalidInstant(what, moment)
    return moment


def to_utc(what: str, moment: datetime) -> datetime:
    """Return `moment` in UTC; one that UTC cannot hold becomes the nearest that it can.

    Differences between datetimes of one and the same zone are differences of its clocks, so reckoning is done in UTC.
    """
    try:
        return require_aware(what, moment).astimezone(UTC)
    except OverflowError:
        return LATEST if moment.year > MINYEAR else ORIGIN


def to_seconds(what: str, moment: datetime) -> int:
    """Return the whole seconds from `ORIGIN` to `moment`, rounded down."""
    elapsed = require_aware(what, moment) - ORIGIN
    return elapsed.days * DAY + elapsed.seconds


def from_seconds(seconds: int | None) -> datetime | None:
    """Return the instant `seconds` after `ORIGIN`, or None when a `datetime` cannot hold it."""
    if seconds is None or not 0 <= seconds <= LAST_SECOND:
        return None
    return ORIGIN + timedelta(seconds=seconds)


def read_instant(value: object, *, naive_is_utc: bool = False) -> datetime | None:
    """Return a `datetime` or an ISO 8601 text as an instant in UTC, or None when it is no instant."""
    if isinstance(value, str):
        try:
            value = datetime.fromisoformat(value)
        except ValueError:
            return None
    if not isinstance(value, datetime):
        return None
    if value.utcoffset() is None:
        return value.replace(tzinfo=UTC) if naive_is_utc else None
    try:
        return value.astimezone(UTC)
    except OverflowError:
        return None


def iso(instant: datetime) -> str:
    """Return an instant in UTC as text, such as `2026-01-31T19:00:00Z`."""
    return f"{instant.isoformat()[:-6]}Z"
