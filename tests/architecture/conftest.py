"""The product code as text and as syntax trees, for tests about its shape."""

import ast
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]


@pytest.fixture(scope="session")
def root() -> Path:
    """Return the top folder of the repository."""
    return ROOT


@pytest.fixture(scope="session")
def sources() -> dict[str, str]:
    """Return the text of every file under src/ and legacy/, by its path from the top folder."""
    files = (file for top in ("src", "legacy") for file in sorted((ROOT / top).rglob("*.py")))
    return {file.relative_to(ROOT).as_posix(): file.read_text(encoding="utf-8") for file in files}


@pytest.fixture(scope="session")
def trees(sources: dict[str, str]) -> dict[str, ast.Module]:
    """Return the syntax tree of every file under src/ and legacy/, by its path from the top folder."""
    return {path: ast.parse(text) for path, text in sources.items()}
