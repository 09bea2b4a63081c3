"""Times as they are written on a command line."""

from datetime import datetime, timedelta

from duetime.bots.durations import read_duration
from duetime.core.errors import Invalid, InvalidInstant, InvalidSetting
from duetime.schedule.instants import read_instant

_EXAMPLES = "10s, 5m, 1h30m or 2d"


def read_when(*, delay: str | None, at: str | None, schedule: str | None, now: datetime) -> datetime | str:
    """Return when an event shall be due, from the one option that says it: an instant, or a schedule's JSON text.

    Raises:
        Invalid: none of the options is given, or several, or one cannot be read.
    """
    given = [value for value in (delay, at, schedule) if value is not None]
    if len(given) != 1:
        found = "Only one of them can hold" if given else "One of them must say when"
        message = f'{found}: --in 10s, --at 2026-01-31T19:00:00Z or --schedule \'{{"_type": "daily", ...}}\'.'
        raise Invalid(message)
    if delay is not None:
        return now + read_span(delay, option="--in")
    if at is not None:
        return read_at(at, option="--at")
    return str(schedule)


def read_span(text: str, *, option: str) -> timedelta:
    """Return a length of time such as `1h30m`.

    Raises:
        Invalid: it is none.
    """
    try:
        return read_duration(text, name=option)
    except InvalidSetting:
        message = f"{option} takes a length of time such as {_EXAMPLES}, not {text!r}."
        raise Invalid(message) from None


def read_at(text: str, *, option: str) -> datetime:
    """Return an instant.

    Raises:
        InvalidInstant: it is none, or has no time zone; then the error shows how to write it.
    """
    instant = read_instant(text)
    if instant is not None:
        return instant
    if ":" in text and read_instant(text, naive_is_utc=True) is not None:
        message = f"{option} needs a time zone: write {text}Z for UTC, or {text}+02:00 for a zone ahead of it."
        raise Invalid(message)
    raise InvalidInstant(option, text)
