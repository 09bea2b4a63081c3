"""What a test needs of the machine: without it, the test is skipped with the reason, or fails where it must be there.

`DUETIME_REQUIRE` names what must be there, separated by commas: `chromium`, `linters`, `postgresql`. CI needs the last
in any case.
"""

import os
from typing import NoReturn

import pytest

REQUIRED = frozenset(name.strip() for name in os.environ.get("DUETIME_REQUIRE", "").split(",") if name.strip()) | (
    {"postgresql"} if os.environ.get("CI") == "true" else frozenset[str]()
)
"""Read before a test's environment is cleaned."""


def missing(name: str, reason: str) -> NoReturn:
    """Skip a test for want of something, or fail it where that must be there."""
    if name in REQUIRED:
        pytest.fail(f"{reason} DUETIME_REQUIRE or CI says that it must be there.")
    pytest.skip(reason)
