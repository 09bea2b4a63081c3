"""The parameters that many routes take, each with its bounds."""

from datetime import datetime
from typing import Annotated, Any

from fastapi import Path
from pydantic import AfterValidator, BeforeValidator, Field

from duetime.bots.durations import read_duration
from duetime.core.errors import Invalid, InvalidInstant, InvalidSetting
from duetime.core.sanitising import clean_text
from duetime.schedule.instants import read_instant

LARGEST_ID = 2**63 - 1


def _plain(text: str) -> str:
    if clean_text(text) != text:
        message = "must not hold the character NUL or half of a surrogate pair"
        raise ValueError(message)
    return text


def _absent_when_empty(value: Any) -> Any:
    """Forms send fields that nobody filled in."""
    if isinstance(value, list):
        return [each for each in value if each != ""]
    return None if value == "" else value


PlainText = Annotated[str, AfterValidator(_plain)]
"""Text that every database takes."""
ShortText = Annotated[PlainText, Field(max_length=64)]
NameText = Annotated[PlainText, Field(max_length=300)]
LongText = Annotated[PlainText, Field(max_length=2000)]
Number = Annotated[int, Field(ge=1, le=LARGEST_ID)]
"""The number of an event or a bot."""
OrEmpty = BeforeValidator(_absent_when_empty)
"""An empty value is none."""
EventId = Annotated[int, Path(ge=1, le=LARGEST_ID, description="The event's number.")]


def read_moment(text: str, *, name: str, now: datetime, forward: bool) -> datetime:
    """Return an instant that a parameter says.

    Args:
        text: an ISO 8601 instant with a time zone, or a length of time from now such as `24h`.
        name: what the error calls it.
        now: the database's time.
        forward: whether a length of time is counted into the future, or into the past.

    Raises:
        Invalid: it is neither.
    """
    instant = read_instant(text)
    if instant is not None:
        return instant
    try:
        span = read_duration(text, name=name)
        return now + span if forward else now - span
    except InvalidSetting:
        pass
    except OverflowError:
        message = f"{name}: {text!r} lies beyond the calendar."
        raise Invalid(message) from None
    if ":" in text and read_instant(text, naive_is_utc=True) is not None:
        message = f"{name} needs a time zone: write {text}Z for UTC, or {text}+02:00 (in an address %2B02:00)."
        raise Invalid(message)
    raise InvalidInstant(f"{name}, unless it is a length of time such as 24h,", text)
