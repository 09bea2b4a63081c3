"""Harvests an account of five regions in a process of its own, and is killed in the middle of the fourth."""

import os
import signal
import sys

from duetime.core.resources import Account
from duetime.providers.clouds import Clouds
from duetime.providers.fake import FakeCloud
from duetime.providers.faults import FakeCall
from duetime.providers.harvest import harvest_accounts
from duetime.providers.harvest_options import HarvestOptions
from duetime.store.store import Store

REGIONS = tuple(f"region-{number}" for number in range(5))
PER_REGION = 4
ACCOUNT = Account("1", "fake", regions=REGIONS)


def filled_cloud() -> FakeCloud:
    """Return the same cloud in every process."""
    cloud = FakeCloud(page_size=2)
    for region in REGIONS:
        for number in range(PER_REGION):
            cloud.add(account="1", region=region, name=f"n{number}")
    return cloud


def clouds_of(cloud: FakeCloud) -> Clouds:
    return Clouds(lambda: {"1": ACCOUNT}, providers={"fake": cloud})


def main(url: str) -> None:
    """Die at the second page of the fourth region."""
    cloud = filled_cloud()

    def die(call: FakeCall) -> None:
        if len(cloud.calls("list")) == 3 * 2 + 2:
            os.kill(os.getpid(), signal.SIGKILL)

    cloud.faults.slow(die, operation="list")
    with Store(url) as store:
        with store.write() as tx:
            tx.accounts.save(ACCOUNT)
        options = HarvestOptions(("instance",), threads=1)
        harvest_accounts([ACCOUNT], store=store, cloud=clouds_of(cloud), options=options)


if __name__ == "__main__":
    main(sys.argv[1])
