"""The page of event types names those that there are, with their settings and what undoes them."""

from pathlib import Path

import pytest

from duetime.builtin import access, disposal, instances, retention, scaling, snapshots, tags
from duetime.core.event_types import EventType
from duetime.core.registration import Batch, Registries, registering_with
from duetime.core.registry import BUILTIN
from duetime.jobs.describe import event_type_of

PAGE = Path(__file__).parents[2] / "docs/reference/event-types.md"


@pytest.fixture(scope="module")
def kinds() -> dict[str, EventType]:
    registries = Registries()
    batch = Batch(BUILTIN)
    with registering_with(registries, batch=batch):
        for module in (instances, disposal, snapshots, scaling, retention, tags, access):
            module.load()
    registries.adopt(batch)
    entries = registries.event_types.entries()
    return {entry.name: event_type_of(entry.name, entry.item, plugin=BUILTIN) for entry in entries}


@pytest.fixture(scope="module")
def rows() -> dict[str, list[str]]:
    lines = [line for line in PAGE.read_text(encoding="utf-8").splitlines() if line.startswith("| `d")]
    cells = [[cell.strip() for cell in line.strip("|").split("|")] for line in lines]
    return {row[0].strip("`"): row for row in cells}


def test_every_type_has_its_row(kinds: dict[str, EventType], rows: dict[str, list[str]]) -> None:
    assert rows.keys() == kinds.keys()


def test_a_row_names_the_settings_and_what_undoes_it(kinds: dict[str, EventType], rows: dict[str, list[str]]) -> None:
    for name, (_, what, settings, undone) in rows.items():
        arguments = kinds[name].arguments
        names = ", ".join(f"`{setting}`" for setting in arguments["properties"])
        assert what
        assert settings == (names or "none") or (not names and arguments["additionalProperties"])
        assert undone == (f"`{kinds[name].inverse}`" if kinds[name].inverse else "irreversible")


def test_every_setting_is_explained(kinds: dict[str, EventType]) -> None:
    explained = PAGE.read_text(encoding="utf-8").partition("## Settings")[2].partition("\n## ")[0]
    for kind in kinds.values():
        for setting in kind.arguments["properties"]:
            assert f"`{setting}`" in explained
