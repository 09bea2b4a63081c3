"""The examples of the page about time are true."""

import doctest
from pathlib import Path

PAGE = Path(__file__).parents[2] / "docs/explanation/time-and-dst.md"


def test_the_examples_of_the_page_are_true() -> None:
    results = doctest.testfile(str(PAGE), module_relative=False)
    assert results.failed == 0
    assert results.attempted > 10
