"""What people see: lines and tables that fit the terminal, without colours where there is none."""

import sys
from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta
from textwrap import fill
from typing import TYPE_CHECKING, Any

from duetime.core.wording import write_instant, write_span

if TYPE_CHECKING:
    from rich.console import Console, RenderableType
    from rich.text import Text

NOTHING = "-"

_STYLES = {
    "succeeded": "green",
    "running": "cyan",
    "failed": "red",
    "timed_out": "red",
    "lost": "red",
    "held": "yellow",
    "expired": "yellow",
    "paused": "yellow",
    "RUNNING": "green",
    "PAUSED": "yellow",
    "loaded": "green",
    "valid": "green",
    "invalid": "red",
}


def console(*, errors: bool = False) -> "Console":
    """Return the terminal, or what stands in its place; its width is that of the terminal, COLUMNS, or 80."""
    from rich.console import Console

    # Nothing that we show is markup: a description may hold brackets, and must be shown as it is.
    return Console(file=sys.stderr if errors else sys.stdout, markup=False, emoji=False, highlight=False)


def line(text: str = "") -> None:
    """Print a sentence of an answer: folded between words on a terminal, one line for whatever else reads it."""
    shown = printable(text)
    if sys.stdout.isatty():
        shown = fill(shown, console().width, break_long_words=False, break_on_hyphens=False)
    sys.stdout.write(f"{shown}\n")


def error_line(text: str) -> None:
    """Print a line on standard error: whatever is not the answer itself."""
    sys.stderr.write(f"{text}\n")


def printable(text: str) -> str:
    """Return text that cannot steer the terminal: control characters are shown by their codes."""
    return "".join(
        char if char.isprintable() or char == "\n" else char.encode("unicode_escape").decode() for char in text
    )


def status(value: object) -> "Text":
    """Return a status in its colour."""
    from rich.text import Text

    return Text(str(value), style=_STYLES.get(str(value), ""))


def instant(moment: datetime | None) -> str:
    """Return an instant as tables show it, in UTC."""
    return NOTHING if moment is None else write_instant(moment)


def distance(moment: datetime | None, *, now: datetime) -> str:
    """Return how far away an instant is."""
    if moment is None:
        return NOTHING
    if abs(moment - now) < timedelta(milliseconds=500):
        return "now"
    span = write_span(moment - now)
    return f"in {span}" if moment > now else f"{span} ago"


def short_resource(resource_id: str | None) -> str:
    """Return the part of a resource id by which people know the resource."""
    return NOTHING if resource_id is None else resource_id.rstrip(":").rpartition(":")[2]


def table(columns: Sequence[str], rows: Iterable[Sequence[Any]], *, numbers: Iterable[str] = (), empty: str) -> None:
    """Print a table.

    Args:
        columns: the heads; one that ends in `!` is never folded.
        rows: the cells, as text or with a style.
        numbers: the heads of columns that are set to the right.
        empty: what is said when there is no row.
    """
    from rich.table import Table

    drawn = Table(box=None, padding=(0, 1, 0, 0), pad_edge=False, header_style="bold")
    right = set(numbers)
    for column in columns:
        name = column.rstrip("!")
        drawn.add_column(
            name, no_wrap=column.endswith("!"), overflow="fold", justify="right" if name in right else "left"
        )
    count = 0
    for row in rows:
        drawn.add_row(*(_cell(cell) for cell in row))
        count += 1
    console().print(drawn if count else empty)


def facts(pairs: Iterable[tuple[str, Any]]) -> None:
    """Print names and values below each other."""
    from rich.table import Table

    drawn = Table.grid(padding=(0, 2, 0, 0))
    drawn.add_column(no_wrap=True)
    drawn.add_column(overflow="fold")
    for name, value in pairs:
        drawn.add_row(name, _cell(value))
    console().print(drawn)


def _cell(value: Any) -> "RenderableType":
    if value is None or value == "":
        return NOTHING
    return printable(value) if isinstance(value, str) else (str(value) if isinstance(value, int) else value)
