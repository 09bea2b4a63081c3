"""What every test gets: reproducible hypothesis runs, and an environment without the developer's own settings."""

import os

import pytest
from hypothesis import settings

settings.register_profile("local", deadline=None)
settings.register_profile("ci", deadline=None, derandomize=True)
settings.load_profile("ci" if os.environ.get("CI") == "true" else "local")


@pytest.fixture(autouse=True)
def _clean_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    """Take away settings of duetime and of AWS, so that no test depends on, or reaches, anything real."""
    for name in os.environ:
        if name.startswith(("DUETIME_", "AWS_")):
            monkeypatch.delenv(name)
