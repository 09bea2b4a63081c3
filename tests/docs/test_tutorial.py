"""The tutorial, followed to the letter."""

from pathlib import Path

import pytest
from tests.docs.console import Reader

DOCS = Path(__file__).parents[2] / "docs"


@pytest.mark.acceptance
@pytest.mark.slow
def test_the_tutorial_runs_as_it_is_written(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COLUMNS", "200")  # the folders of tests have long names, which a table would fold
    reader = Reader(tmp_path)
    reader.follow(DOCS / "tutorial.md")
    assert not reader.problems, "\n\n".join(reader.problems)
    assert len(reader.transcript) > 15
