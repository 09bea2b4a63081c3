"""A harvest that is killed leaves what it has completed, and a later one goes on with the rest."""

import signal
import subprocess
import sys

import pytest
from tests.providers.dying_harvest import ACCOUNT, PER_REGION, REGIONS, clouds_of, filled_cloud

from duetime.providers.harvest import harvest_accounts
from duetime.providers.harvest_options import HarvestOptions
from duetime.store.store import Store


@pytest.mark.concurrency
@pytest.mark.parametrize(
    "url", ["sqlite_url", pytest.param("postgresql_url", marks=pytest.mark.postgres)], ids=["sqlite", "postgresql"]
)
def test_a_killed_harvest_goes_on_where_it_was(url: str, request: pytest.FixtureRequest) -> None:
    address = request.getfixturevalue(url)
    with Store(address) as store:
        due_at = store.now()
        command = [sys.executable, "-m", "tests.providers.dying_harvest", address]
        assert subprocess.run(command, check=False, timeout=60).returncode == -signal.SIGKILL
        with store.read() as tx:
            parts = tx.harvests.of_account("1")
            before = tx.resources.of_account("1", most=100)
        assert sorted(part.region for part, known in parts.items() if known.is_completed_since(due_at)) == [
            *REGIONS[:3]
        ]
        assert len(before) == 3 * PER_REGION + 2, "pages are kept as they come"
        cloud = filled_cloud()
        options = HarvestOptions(("instance",), completed_since=due_at)
        (harvest,) = harvest_accounts([ACCOUNT], store=store, cloud=clouds_of(cloud), options=options)
        assert (harvest.problems, harvest.skipped) == ((), 3)
        assert {call.region for call in cloud.calls("list")} == {*REGIONS[3:]}
        with store.read() as tx:
            assert len(tx.resources.of_account("1", most=100)) == 5 * PER_REGION
            assert tx.accounts.get("1").harvested_at is not None
