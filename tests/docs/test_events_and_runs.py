"""The reference of events and runs names what there is: no more, no less, and in the same order."""

from enum import StrEnum
from pathlib import Path

import pytest

from duetime.core.statuses import EventStatus, OnLost, RunStatus, Wish, diagram
from duetime.store.metadata import metadata

ROOT = Path(__file__).parents[2]
REFERENCE = ROOT / "docs/reference/events-and-runs.md"
LIFECYCLE = ROOT / "docs/explanation/lifecycle.md"


def _rows(heading: str) -> list[list[str]]:
    """Return the cells of the table under a heading, without its head."""
    _, _, section = REFERENCE.read_text(encoding="utf-8").partition(f"\n## {heading}\n")
    lines = [line for line in section.partition("\n## ")[0].splitlines() if line.startswith("|")]
    return [[cell.strip() for cell in line.strip("|").split("|")] for line in lines[2:]]


@pytest.mark.parametrize("table", ["events", "runs", "notes", "sessions"])
def test_every_column_has_its_meaning(table: str) -> None:
    rows = _rows(f"Columns of `{table}`")
    assert [column.strip("`") for column, _ in rows] == [column.name for column in metadata.tables[table].columns]
    assert all(meaning for _, meaning in rows)


@pytest.mark.parametrize(
    ("heading", "values"),
    [
        ("Statuses of an event", EventStatus),
        ("Statuses of a run", RunStatus),
        ("When the outcome of an attempt is unknown", OnLost),
        ("What was asked of a running event", Wish),
    ],
)
def test_every_value_has_its_meaning(heading: str, values: type[StrEnum]) -> None:
    rows = _rows(heading)
    assert [row[0].strip("`") for row in rows] == [value.value for value in values]
    assert all(row[-1] for row in rows)


def test_what_is_called_final_is_final() -> None:
    assert [row[1] == "yes" for row in _rows("Statuses of an event")] == [status.is_final for status in EventStatus]


def test_the_life_of_an_event_is_drawn_as_the_code_has_it() -> None:
    _, _, rest = LIFECYCLE.read_text(encoding="utf-8").partition("```mermaid\n")
    assert rest.partition("\n```")[0] == diagram()
