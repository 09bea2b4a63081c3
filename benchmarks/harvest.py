"""`python -m benchmarks.harvest`: what it takes to read, and to read again, a simulated AWS into the inventory."""

import argparse
import cProfile
import os
import pstats
import resource
import sys
import time
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from dataclasses import dataclass
from datetime import timedelta

from benchmarks.databases import KINDS, servers
from duetime.app.app import App
from duetime.builtin.harvest import listeners_of
from duetime.cli.simulated_aws import SimulatedAws
from duetime.core.resources import Account
from duetime.providers.aws.options import ClientOptions
from duetime.providers.aws.provider import AwsProvider
from duetime.providers.harvest import harvest_accounts
from duetime.providers.harvest_options import HarvestOptions
from duetime.providers.harvest_report import AccountHarvest
from duetime.store.schema import upgrade
from duetime.store.store import Store

REGIONS = ("eu-central-1", "us-east-1")
_PER_CALL = 250
_TOUCHED = 0.01
"""Which part of the instances is changed, retagged and terminated between two harvests: each as many."""
_MEBIBYTE = 1024


@dataclass(frozen=True, slots=True)
class Figures:
    """What one harvest took.

    Attributes:
        calls: requests to AWS, sign-ins included.
        peak: the largest resident memory of this process so far, in MiB.
    """

    label: str
    seconds: float
    calls: int
    peak: int
    harvests: Sequence[AccountHarvest]

    def line(self) -> str:
        """Return a row of the table."""
        parts = [part for harvest in self.harvests for part in harvest.parts]
        seen = sum(part.seen for part in parts)
        numbers = (
            sum(part.created for part in parts),
            sum(part.changed for part in parts),
            sum(part.tags_changed for part in parts),
            sum(part.unchanged for part in parts),
            sum(part.gone for part in parts),
        )
        columns = "".join(f"{number:11}" for number in numbers)
        return (
            f"{self.label:28}{self.seconds:8.1f}{seen:9}{seen / self.seconds:9.0f}{self.calls:8}{self.peak:10}{columns}"
        )


HEAD = (
    f"{'':28}{'seconds':>8}{'seen':>9}{'per s':>9}{'calls':>8}{'peak MiB':>10}"
    f"{'created':>11}{'changed':>11}{'tags':>11}{'unchanged':>11}{'gone':>11}"
)


def main() -> int:
    """Measure on each database that is asked for."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.harvest", description=__doc__)
    parser.add_argument("--accounts", type=int, default=10)
    parser.add_argument("--resources", type=int, default=20_000, help="instances and their volumes, half of each")
    parser.add_argument("--threads", type=int, default=8, help="how many parts are read at once")
    parser.add_argument("--database", choices=KINDS, action="append", help="only this one")
    parser.add_argument("--type", action="append", help="only this type of resource; by default all of them")
    parser.add_argument("--profile", action="store_true", help="say where the writer's thread spends its time")
    given = parser.parse_args()
    options = HarvestOptions(tuple(given.type or ()), threads=given.threads)
    with SimulatedAws() as simulation, closing(_provider()) as provider:
        accounts = _accounts(given.accounts, simulation.endpoint_url)
        began = time.monotonic()
        _fill(provider, accounts, instances=given.resources // 2)
        print(f"filled in {time.monotonic() - began:.0f} s: {given.accounts} accounts x {len(REGIONS)} regions")
        print(HEAD)
        with servers(tuple(given.database or KINDS)) as found:
            for server in found.values():
                url = server.create("harvest").url
                with closing(App(Store(url), providers={"aws": provider})) as app:
                    upgrade(app.store.engine)
                    with app.store.write() as tx:
                        for account in accounts:
                            tx.accounts.save(account)
                    for label in ("first", "again, nothing has changed"):
                        print(_harvest(app, provider, accounts, options, label=label, profiled=given.profile).line())
                    _change(provider, accounts)
                    print(_harvest(app, provider, accounts, options, label="again, 3% have", profiled=False).line())
    print(f"{os.cpu_count()} processors, load {os.getloadavg()[0]:.1f}; the simulation runs beside on the same ones")
    return 0


def _provider() -> AwsProvider:
    # The simulation takes longer over a page of a thousand instances than AWS does, above all with others waiting.
    return AwsProvider(loopback_only=True, options=ClientOptions(read_timeout=timedelta(minutes=5)))


def _accounts(number: int, endpoint_url: str) -> list[Account]:
    return [
        Account(
            account,
            provider="aws",
            regions=REGIONS,
            settings={
                "endpoint_url": endpoint_url,
                "role_arn": f"arn:aws:iam::{account}:role/duetime",
                "dummy_credentials": True,
            },
        )
        for account in (str(500_000_000_000 + index) for index in range(number))
    ]


def _fill(provider: AwsProvider, accounts: Sequence[Account], *, instances: int) -> None:
    """Launch instances; each brings its volume."""
    each = instances // (len(accounts) * len(REGIONS))
    places = [(account, region) for account in accounts for region in REGIONS]

    def launch(place: tuple[Account, str]) -> None:
        client = provider.client("ec2", account=place[0], region=place[1])
        for first in range(0, each, _PER_CALL):
            number = min(_PER_CALL, each - first)
            tags = [{"Key": "env", "Value": "dev"}, {"Key": "Name", "Value": f"web-{first}"}]
            client.run_instances(
                ImageId="ami-00000000",
                MinCount=number,
                MaxCount=number,
                TagSpecifications=[{"ResourceType": "instance", "Tags": tags}],
            )

    with ThreadPoolExecutor(4) as pool:
        list(pool.map(launch, places))


def _change(provider: AwsProvider, accounts: Sequence[Account]) -> None:
    for account in accounts:
        for region in REGIONS:
            client = provider.client("ec2", account=account, region=region)
            pages = client.get_paginator("describe_instances").paginate(
                Filters=[{"Name": "instance-state-name", "Values": ["running"]}]
            )
            ids = [
                instance["InstanceId"]
                for page in pages
                for reservation in page["Reservations"]
                for instance in reservation["Instances"]
            ]
            number = max(int(len(ids) * _TOUCHED), 1)
            client.stop_instances(InstanceIds=ids[:number])
            client.create_tags(Resources=ids[number : 2 * number], Tags=[{"Key": "owner", "Value": "ana"}])
            client.terminate_instances(InstanceIds=ids[2 * number : 3 * number])


def _harvest(
    app: App, provider: AwsProvider, accounts: Sequence[Account], options: HarvestOptions, *, label: str, profiled: bool
) -> Figures:
    before = sum(provider.calls().values())
    profile = cProfile.Profile()
    began = time.monotonic()
    if profiled:
        profile.enable()
    harvests = harvest_accounts(
        accounts, store=app.store, cloud=app.clouds, options=options, listeners=listeners_of(app.client)
    )
    profile.disable()
    seconds = time.monotonic() - began
    if profiled:
        pstats.Stats(profile, stream=sys.stderr).sort_stats("tottime").print_stats(18)
    for problem in [problem for harvest in harvests for problem in harvest.problems][:5]:
        print(f"  {problem}")
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // _MEBIBYTE
    return Figures(
        f"{'SQLite' if app.store.is_sqlite else 'PostgreSQL'}, {label}",
        seconds,
        sum(provider.calls().values()) - before,
        peak,
        harvests,
    )


if __name__ == "__main__":
    sys.exit(main())
