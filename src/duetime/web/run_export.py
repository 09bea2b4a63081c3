"""History as a stream: CSV for spreadsheets, JSON lines for programs; any number of runs in constant memory."""

import csv
import io
import json
from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace
from datetime import UTC, datetime
from enum import StrEnum
from typing import Any

from duetime.core.events import Run
from duetime.store.page import Page, RunPlace
from duetime.store.run_table import RunQuery
from duetime.store.store import Store, Transaction

CHUNK = 500
"""How many runs are read at a time, each time in a short transaction of its own: a slow reader blocks nobody."""
_FORMULA = ("=", "+", "-", "@", "\t", "\r", "\n")

Columns = Callable[[Transaction, tuple[Run, ...]], list[Mapping[str, Any]]]
"""Returns runs as a visitor may see them, by column, in order."""


class ExportFormat(StrEnum):
    """What an export is written as."""

    CSV = "csv"
    """RFC 4180 with a head line. A cell that a spreadsheet would take for a formula begins with an apostrophe."""
    JSONL = "jsonl"
    """A JSON object on each line."""

    @property
    def media_type(self) -> str:
        return "text/csv; charset=utf-8; header=present" if self is ExportFormat.CSV else "application/jsonl"

    def file_name(self, now: datetime) -> str:
        """Return what the file is called when somebody saves it; letters, digits and hyphens."""
        return f"duetime-runs-{now.astimezone(UTC):%Y%m%dT%H%M%SZ}.{self.value}"


def export(
    store: Store, query: RunQuery, *, shown: Columns, columns: tuple[str, ...], form: ExportFormat
) -> Iterator[bytes]:
    """Return the stream of an export, newest first.

    The first rows are read at once, so that what is wrong is an answer and not the end of a stream. Runs that end
    while it is read stand before its first row and are not part of it. When the database goes away in between, the
    stream breaks off.

    Args:
        store: the database.
        query: which runs; `most` and `after` are not used.
        shown: how they are shown.
        columns: the names of the columns, in order.
        form: what is written.
    """
    chunks = _chunks(store, query, shown)
    first = next(chunks, [])
    write = _csv if form is ExportFormat.CSV else _json_lines

    def stream() -> Iterator[bytes]:
        if form is ExportFormat.CSV:
            yield _line(columns)
        yield write(first, columns)
        for chunk in chunks:
            yield write(chunk, columns)

    return stream()


def _chunks(store: Store, query: RunQuery, shown: Columns) -> Iterator[list[Mapping[str, Any]]]:
    place: RunPlace | None = None
    while True:
        with store.read() as tx:
            page: Page[Run, RunPlace] = tx.runs.page(replace(query, after=place, most=CHUNK))
            rows = shown(tx, page.rows)
        yield rows
        place = page.next
        if place is None:
            return


def _csv(rows: list[Mapping[str, Any]], columns: tuple[str, ...]) -> bytes:
    return b"".join(_line([row[column] for column in columns]) for row in rows)


def _line(cells: Any) -> bytes:
    text = io.StringIO()
    csv.writer(text, lineterminator="\r\n").writerow([defused(cell) for cell in cells])
    return text.getvalue().encode()


def defused(cell: object) -> str:
    """Return a cell as text that no spreadsheet takes for a formula."""
    if cell is None:
        return ""
    text = ("true" if cell else "false") if isinstance(cell, bool) else str(cell)
    is_formula = isinstance(cell, str) and text.lstrip(" ").startswith(_FORMULA)
    return f"'{text}" if is_formula else text


def _json_lines(rows: list[Mapping[str, Any]], columns: tuple[str, ...]) -> bytes:
    lines = (json.dumps({column: row[column] for column in columns}, ensure_ascii=False) for row in rows)
    return "".join(f"{line}\n" for line in lines).encode()
