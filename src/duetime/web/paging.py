"""Cursors: where the next page begins, as opaque text."""

import base64
import binascii
import json
from datetime import UTC, datetime
from typing import Annotated

from fastapi import Query

from duetime.scheduling.upcoming import UpcomingPlace
from duetime.store.page import RunPlace
from duetime.web.errors import InvalidCursor

MOST = 500
Limit = Annotated[int, Query(ge=1, le=MOST, description=f"How many at most, up to {MOST}.")]
Cursor = Annotated[str | None, Query(max_length=400, description="Where to go on: `next` of the page before; opaque.")]
_LARGEST_ID = 2**63 - 1


def write_number(number: int | None) -> str | None:
    """Return a cursor that holds an id."""
    return None if number is None else _write(number)


def read_number(cursor: str | None) -> int | None:
    """Return the id in a cursor.

    Raises:
        InvalidCursor: there is none in it.
    """
    if cursor is None:
        return None
    value = _read(cursor)
    if isinstance(value, bool) or not isinstance(value, int) or not 0 <= value <= _LARGEST_ID:
        raise InvalidCursor
    return value


def write_text(text: str | None) -> str | None:
    """Return a cursor that holds a name or a resource id."""
    return None if text is None else _write(text)


def read_text(cursor: str | None) -> str | None:
    """Return the text in a cursor.

    Raises:
        InvalidCursor: there is none in it.
    """
    if cursor is None:
        return None
    value = _read(cursor)
    if not isinstance(value, str):
        raise InvalidCursor
    return value


def write_run_place(place: RunPlace | None) -> str | None:
    """Return a cursor that holds a place in the history."""
    if place is None:
        return None
    return _write([place.finished_at.isoformat(), place.event_id, place.due_at.isoformat(), place.attempt])


def read_run_place(cursor: str | None) -> RunPlace | None:
    """Return the place in the history that a cursor holds.

    Raises:
        InvalidCursor: there is none in it.
    """
    if cursor is None:
        return None
    match _read(cursor):
        case [str() as finished_at, int() as event_id, str() as due_at, int() as attempt] if (
            0 <= event_id <= _LARGEST_ID and 0 <= attempt < 2**31
        ):
            return RunPlace(_instant(finished_at), event_id, _instant(due_at), attempt)
    raise InvalidCursor


def write_upcoming_place(place: UpcomingPlace | None) -> str | None:
    """Return a cursor that holds a place among what comes next."""
    return None if place is None else _write([place.as_of.isoformat(), place.at.isoformat(), place.event_id])


def read_upcoming_place(cursor: str | None) -> UpcomingPlace | None:
    """Return the place among what comes next that a cursor holds.

    Raises:
        InvalidCursor: there is none in it.
    """
    if cursor is None:
        return None
    match _read(cursor):
        case [str() as as_of, str() as at, int() as event_id] if 0 <= event_id <= _LARGEST_ID:
            return UpcomingPlace(_instant(as_of), _instant(at), event_id)
    raise InvalidCursor


def _instant(text: str) -> datetime:
    try:
        moment = datetime.fromisoformat(text)
        if moment.tzinfo is not None:
            return moment.astimezone(UTC)
    except (ValueError, OverflowError):
        pass
    raise InvalidCursor


def _write(value: object) -> str:
    text = json.dumps(value, separators=(",", ":")).encode()
    return base64.urlsafe_b64encode(text).decode().rstrip("=")


def _read(cursor: str) -> object:
    try:
        text = base64.urlsafe_b64decode(cursor + "=" * (-len(cursor) % 4))
        return json.loads(text)
    except (binascii.Error, ValueError, RecursionError):
        raise InvalidCursor from None
