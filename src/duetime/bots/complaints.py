"""What is wrong with a document: all of it, and not only the first."""

from collections.abc import Callable, Iterable
from typing import TypeVar

from duetime.core.errors import InvalidDocument

T = TypeVar("T")

MOST = 1000
"""How many complaints are kept; whoever wrote a document with more needs no further ones."""


class Complaints:
    """Collects complaints, so that a reader can go on after a fault.

    Attributes:
        found: what was found so far.
    """

    def __init__(self) -> None:
        self.found: list[InvalidDocument] = []
        self._unreadable: set[tuple[str, int | None, int | None]] = set()

    def add(self, complaint: InvalidDocument) -> None:
        """Keep a complaint, unless it is about something that could not even be read: that was said already."""
        if _place(complaint) not in self._unreadable and len(self.found) < MOST:
            self.found.append(complaint)

    def extend(self, complaints: Iterable[InvalidDocument]) -> None:
        """Keep several complaints."""
        for complaint in complaints:
            self.add(complaint)

    def add_unreadable(self, complaint: InvalidDocument) -> None:
        """Keep a complaint about a value that is read as nothing; what is said about its place later is noise."""
        self.add(complaint)
        if complaint.line is not None:
            self._unreadable.add(_place(complaint))

    def attempt(self, read: Callable[[], T], otherwise: T) -> T:
        """Return what `read` returns, or `otherwise` when it complains."""
        try:
            return read()
        except InvalidDocument as complaint:
            self.add(complaint)
            return otherwise

    def in_order(self) -> tuple[InvalidDocument, ...]:
        """Return what was found in the order of the text; what has no line stays in the order of finding."""
        return tuple(sorted(self.found, key=lambda complaint: (complaint.line or 0, complaint.column or 0)))

    def raise_first(self) -> None:
        """Raise the first complaint in the order of the text, if there is any.

        Raises:
            InvalidDocument: there is one.
        """
        for complaint in self.in_order():
            raise complaint


def _place(complaint: InvalidDocument) -> tuple[str, int | None, int | None]:
    return (complaint.source, complaint.line, complaint.column)
