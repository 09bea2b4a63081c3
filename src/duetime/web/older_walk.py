"""Pages by offset, as the older interface has them, over lists that only know where the next page begins."""

from collections.abc import Callable
from typing import TypeVar

from duetime.core.errors import Invalid
from duetime.store.page import Page

Row = TypeVar("Row")
Place = TypeVar("Place")

DEEPEST = 10_000
"""How far an offset and a limit may reach together: what lies before is read to get there."""
_PAGE = 500
_MOST_PAGES = 60
"""How many pages are read at most. A page may be short, because few of the rows looked at fit."""


def walk(read: Callable[[Place | None, int], Page[Row, Place]], *, offset: int, limit: int) -> list[Row]:
    """Return the rows from `offset` on, at most `limit`.

    Args:
        read: reads the page that follows a place, with at most so many rows.
        offset: how many rows to pass over.
        limit: how many to return at most.

    Raises:
        Invalid: that is too deep, or so few rows fit that it cannot be found in time.
    """
    if offset + limit > DEEPEST:
        message = (
            f"limit and offset may reach {DEEPEST} rows deep together, not {offset + limit}. Narrow the filters, or "
            "page with the cursors of /api/v1/events and /api/v1/runs, which reach everything."
        )
        raise Invalid(message)
    found: list[Row] = []
    place: Place | None = None
    for _ in range(_MOST_PAGES):
        page = read(place, min(_PAGE, offset + limit - len(found)))
        found += page.rows
        place = page.next
        if place is None or len(found) >= offset + limit:
            return found[offset : offset + limit]
    message = (
        "Too few rows fit the filters to find this page by its offset in time. Narrow the filters, or page with the "
        "cursors of /api/v1/events and /api/v1/runs."
    )
    raise Invalid(message)
