"""What stands in deploy/, and the linters that look at it."""

import importlib.util
import shutil
import sys
from pathlib import Path
from types import ModuleType

import pytest
from tests.required import missing

ROOT = Path(__file__).parents[2]


@pytest.fixture(scope="session")
def deploy() -> Path:
    return ROOT / "deploy"


def program(name: str, *, what: str) -> str:
    """Return a linter that the development environment holds."""
    beside = Path(sys.executable).with_name(name)
    found = str(beside) if beside.is_file() else shutil.which(name)
    if found is None:
        missing("linters", f"{what} is not linted: there is no {name}.")
    return found


def library(name: str, *, what: str) -> ModuleType:
    """Return a library that only linting needs."""
    if importlib.util.find_spec(name) is None:
        missing("linters", f"{what} is not checked: there is no library {name}.")
    return importlib.import_module(name)
