"""What every test gets: reproducible hypothesis runs, an environment without the developer's own settings, databases.

`store` runs a test on SQLite and on PostgreSQL; `sqlite_store` and `postgresql_store` on one of them. Each is empty,
migrated, its own, and shows the time of `clock`.
"""

import os
import shutil
from collections.abc import Iterator
from datetime import UTC, datetime
from itertools import count
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from hypothesis import settings
from tests.postgresql import PostgresqlServer, WheelMissing, wheel
from tests.required import missing

from duetime.store.schema import upgrade
from duetime.store.store import Store

if TYPE_CHECKING:
    from duetime.testing.clock import ManualClock

settings.register_profile("local", deadline=None)
settings.register_profile("ci", deadline=None, derandomize=True)
settings.load_profile("ci" if os.environ.get("CI") == "true" else "local")

TEMPLATE = "template_duetime"
_numbers = count(1)


@pytest.fixture(autouse=True)
def _clean_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    """Take away settings of duetime and of AWS, so that no test depends on, or reaches, anything real."""
    for name in os.environ:
        if name.startswith(("DUETIME_", "AWS_")):
            monkeypatch.delenv(name)


@pytest.fixture
def clock() -> "ManualClock":
    """Return a clock that stands at the present second: what is due by it is due by PostgreSQL's own clock too."""
    from duetime.testing.clock import ManualClock

    return ManualClock(datetime.now(UTC).replace(microsecond=0))


@pytest.fixture(scope="session")
def sqlite_template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a migrated SQLite file to copy."""
    path = tmp_path_factory.mktemp("template") / "duetime.db"
    with Store(f"sqlite:///{path}", durable=False) as store:
        upgrade(store.engine)
    return path


@pytest.fixture
def sqlite_url(sqlite_template: Path, tmp_path: Path) -> str:
    """Return the address of a migrated SQLite database of the test's own."""
    path = tmp_path / "duetime.db"
    shutil.copy(sqlite_template, path)
    return f"sqlite:///{path}"


@pytest.fixture
def sqlite_store(sqlite_url: str, clock: "ManualClock") -> Iterator[Store]:
    with Store(sqlite_url, clock=clock, durable=False) as store:
        yield store


def require_postgresql() -> None:
    """Skip when there is no PostgreSQL to start, or fail where it must be there."""
    try:
        wheel()
    except WheelMissing as error:
        missing("postgresql", f"PostgreSQL is not tested: {error}")


@pytest.fixture(scope="session")
def postgresql_server() -> Iterator[PostgresqlServer]:
    """Return this test process's own PostgreSQL, fast and not durable."""
    require_postgresql()
    with PostgresqlServer() as server:
        yield server


@pytest.fixture(scope="session")
def postgresql_template(postgresql_server: PostgresqlServer) -> str:
    """Return the name of a migrated database to clone."""
    with Store(postgresql_server.create(TEMPLATE)) as store:
        upgrade(store.engine)
    return TEMPLATE


@pytest.fixture
def postgresql_url(postgresql_server: PostgresqlServer, postgresql_template: str) -> Iterator[str]:
    """Return the address of a migrated PostgreSQL database of the test's own."""
    name = f"test_{next(_numbers)}"
    yield postgresql_server.create(name, template=postgresql_template)
    postgresql_server.drop(name)


@pytest.fixture
def postgresql_store(postgresql_url: str, clock: "ManualClock") -> Iterator[Store]:
    with Store(postgresql_url, clock=clock) as store:
        yield store


@pytest.fixture(params=["sqlite", pytest.param("postgresql", marks=pytest.mark.postgres)])
def store(request: pytest.FixtureRequest) -> Store:
    """Return a store on each database in turn."""
    found = request.getfixturevalue(f"{request.param}_store")
    assert isinstance(found, Store)
    return found
