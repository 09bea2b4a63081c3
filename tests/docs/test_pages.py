"""What every page must be, whatever it is about."""

from pathlib import Path

import pytest

PAGES = sorted((Path(__file__).parents[2] / "docs").rglob("*.md"))


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.stem)
def test_a_file_that_a_page_includes_is_included(page: Path) -> None:
    """A formatter that takes the marker for code spaces it out, and the strict build does not notice."""
    text = page.read_text(encoding="utf-8")
    assert "8 < --" not in text
    for row in text.splitlines():
        if row.startswith("--8<--"):
            name = row.split('"')[1]
            assert (Path(__file__).parents[2] / name).is_file(), name
