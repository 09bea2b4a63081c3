"""How far one page looks: the next rows in the order of an index, and no more of them than a page may look through."""

from collections.abc import Sequence
from typing import Any, NamedTuple

from sqlalchemy import Column, ColumnElement, Connection, TextClause, literal, select, true, tuple_

from duetime.store import page


class Window(NamedTuple):
    """A stretch of a list.

    Attributes:
        condition: holds for the rows of the stretch; the caller adds where it begins.
        end: the key of its last row; None when it reaches to the end of the list.
    """

    condition: ColumnElement[bool]
    end: tuple[Any, ...] | None

    @classmethod
    def open(cls) -> "Window":
        """Return the stretch to the end of the list, for a list in which every row is shown."""
        return cls(true(), None)

    @classmethod
    def of(
        cls,
        connection: Connection,
        key: Sequence[Column[Any]],
        *,
        among: Sequence[ColumnElement[bool] | TextClause],
        descending: bool = True,
    ) -> "Window":
        """Measure the stretch that one page looks through.

        Only the index is read. The rows between are read later, by a statement of its own: what was inserted
        meanwhile is then seen as well, and nothing is ever missed or shown twice for it.

        Args:
            connection: where.
            key: the columns of the index that gives the list its order.
            among: where the list begins, and whatever else this index answers.
            descending: whether the list runs from the greatest key to the least.
        """
        order = [column.desc() if descending else column for column in key]
        statement = select(*key).where(*among).order_by(*order).offset(page.MOST_LOOKED_AT - 1).limit(1)
        row = connection.execute(statement).one_or_none()
        if row is None:
            return cls.open()
        end = tuple(row)
        here = tuple_(*key)
        last = tuple_(*(literal(value, column.type) for value, column in zip(end, key, strict=True)))
        return cls(here >= last if descending else here <= last, end)


def beyond(key: Sequence[ColumnElement[Any]], place: Sequence[Any], *, descending: bool = True) -> ColumnElement[bool]:
    """Return the condition that a row comes after `place` in a list that is ordered by `key`."""
    there = tuple_(*(literal(value, column.type) for value, column in zip(place, key, strict=True)))
    return tuple_(*key) < there if descending else tuple_(*key) > there
