"""Pages of lists that are short enough to be read whole: bots, accounts, plugins."""

from collections.abc import Callable, Sequence
from typing import TypeVar

from duetime.store.page import Page

Row = TypeVar("Row")


def page_by_name(rows: Sequence[Row], *, name: Callable[[Row], str], after: str | None, most: int) -> Page[Row, str]:
    """Return the rows that follow a name, at most `most`.

    Args:
        rows: all of them, in the order of their names.
        name: what a row is called; no two are called the same.
        after: the name of the last row of the page before; None = begin at the first.
        most: how many at most.
    """
    rest = [row for row in rows if after is None or name(row) > after]
    shown = tuple(rest[:most])
    return Page(shown, next=name(shown[-1]) if len(rest) > len(shown) else None)
