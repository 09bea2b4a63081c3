"""The cloud that `duetime demo` works on: two simulated AWS accounts, and what can be proven about them."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from dataclasses import dataclass
from datetime import datetime
from itertools import product
from types import TracebackType
from typing import Any, NamedTuple, Self

from duetime.cli.demo_contents import fill
from duetime.cli.demo_proof import Cast, Finding, Inventory, cast_of, compare, inventory_of
from duetime.cli.simulated_aws import SimulatedAws
from duetime.core.clock import SystemClock
from duetime.core.resources import Account, Resource
from duetime.providers.aws.provider import AwsProvider

ACCOUNTS = {"111111111111": "shop", "222222222222": "lab"}
REGIONS = ("eu-central-1", "us-east-1")
_THREADS = 4
_EVERYWHERE = "global"
"""The region of what has none."""


class Place(NamedTuple):
    """Where an instance is."""

    account: str
    region: str
    instance_id: str


class Seen(NamedTuple):
    """What AWS says of an instance."""

    env: str
    state: str


class StateChange(NamedTuple):
    """An instance that AWS showed in one state and, at the next look, in another."""

    seen_at: datetime
    place: Place
    before: str
    after: str


@dataclass(frozen=True, slots=True)
class Proof:
    """What AWS showed of the whole run.

    Attributes:
        dev: the dev instances.
        cycled: those that were seen to go from running to stopped and back to running.
        others: every other instance that was seen to change state.
        findings: what became of everything else.
    """

    dev: frozenset[Place]
    cycled: frozenset[Place]
    others: frozenset[Place]
    findings: tuple[Finding, ...] = ()

    @property
    def night_holds(self) -> bool:
        """Whether exactly the dev instances stopped and started again."""
        return bool(self.dev) and self.cycled == self.dev and not self.others

    @property
    def holds(self) -> bool:
        """Whether everything is as it has to be."""
        return self.night_holds and all(finding.holds for finding in self.findings)


class DemoWorld:
    """Two accounts with two regions each, full of resources, on a simulated AWS that lives as long as the block.

    Nothing leaves loopback: the provider is confined to it, and the environment and files of the user are not read.

    Attributes:
        changes: every state change of an instance seen so far, oldest first.
        before: everything that there was in the beginning.
        provider: reads it; not the worker's, so that looking does not count among the calls of the worker.
    """

    def __init__(self, *, instances_per_region: int = 60, now: Callable[[], datetime] | None = None) -> None:
        self.changes: list[StateChange] = []
        self.before: Inventory = {}
        self._instances_per_region = instances_per_region
        self._now = now or SystemClock().now
        self._aws = SimulatedAws()
        self.provider = AwsProvider(loopback_only=True)
        self._closing = ExitStack()
        self._seen: dict[Place, Seen] = {}

    def __enter__(self) -> Self:
        with ExitStack() as opening:
            opening.enter_context(self._aws)
            opening.callback(self.provider.close)
            with ThreadPoolExecutor(_THREADS) as pool:
                for filled in [pool.submit(self._fill, *place) for place in product(self.accounts(), REGIONS)]:
                    filled.result()
            self.before = self.inventory()
            self.observe()
            self._closing = opening.pop_all()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._closing.close()

    @property
    def endpoint_url(self) -> str:
        """Where the simulated AWS answers."""
        return self._aws.endpoint_url

    def accounts(self) -> list[Account]:
        """Return the accounts, ready to be registered: each is reached through a role of its own, as in real life."""
        return [
            Account(
                account,
                provider="aws",
                name=name,
                regions=REGIONS,
                settings={
                    "endpoint_url": self.endpoint_url,
                    "role_arn": f"arn:aws:iam::{account}:role/duetime",
                    "dummy_credentials": True,
                },
            )
            for account, name in ACCOUNTS.items()
        ]

    def states(self) -> dict[Place, Seen]:
        """Return what AWS says now of every instance."""
        return {
            Place(account.account, region, resource.provider_id): Seen(resource.tags.get("env", ""), resource.state)
            for account, region in product(self.accounts(), REGIONS)
            for resource in self._listed(account, region)
        }

    def observe(self) -> list[StateChange]:
        """Look at every instance and return what changed since the last look; `changes` keeps it."""
        now = self._now()
        seen = self.states()
        fresh = [
            StateChange(now, place, before=self._seen[place].state, after=was.state)
            for place, was in seen.items()
            if place in self._seen and self._seen[place].state != was.state
        ]
        self._seen = seen
        self.changes.extend(fresh)
        return fresh

    def inventory(self) -> Inventory:
        """Return what AWS says now of everything, of every type that there is."""
        parts = [
            (account, region, resource_type)
            for resource_type, facts in self.provider.resource_types().items()
            for account, region in product(self.accounts(), REGIONS if facts.regional else (_EVERYWHERE,))
        ]
        with ThreadPoolExecutor(_THREADS) as pool:
            found = pool.map(lambda part: self._listed(*part), parts)
            return inventory_of(resource for resources in found for resource in resources)

    @property
    def cast(self) -> Cast:
        """Who plays which part."""
        return cast_of(self.before)

    def tag(self, volume: str, *, key: str, value: str) -> None:
        """Tag a volume, as its owner would by hand."""
        resource = self.before[volume]
        self._client("ec2", resource).create_tags(Resources=[resource.provider_id], Tags=[{"Key": key, "Value": value}])

    def open_bucket(self, bucket: str) -> None:
        """Let anybody read a bucket, as somebody would by hand."""
        resource = self.before[bucket]
        self._client("s3", resource).put_bucket_acl(Bucket=resource.provider_id, ACL="public-read")

    def close_bucket(self, bucket: str) -> None:
        """Take that back, as its owner would by hand."""
        resource = self.before[bucket]
        self._client("s3", resource).put_bucket_acl(Bucket=resource.provider_id, ACL="private")

    def proof(self) -> Proof:
        """Return what the looks at the instances prove, and a last look at everything.

        A world that was never entered holds nothing, and proves nothing.
        """
        paths: dict[Place, list[str]] = {}
        for change in self.changes:
            paths.setdefault(change.place, [change.before]).append(change.after)
        dev = frozenset(place for place, seen in self._seen.items() if seen.env == "dev")
        cycled = frozenset(place for place, path in paths.items() if place in dev and _is_cycle(path))
        findings = compare(self.before, self.inventory(), self.cast) if self.before else ()
        return Proof(dev=dev, cycled=cycled, others=frozenset(paths) - cycled, findings=findings)

    def _listed(self, account: Account, region: str, resource_type: str = "instance") -> list[Resource]:
        pages = self.provider.pages(account=account, region=region, resource_type=resource_type)
        return [resource for page in pages for resource in page]

    def _client(self, service: str, resource: Resource) -> Any:
        (account,) = (one for one in self.accounts() if one.account == resource.account)
        return self.provider.client(service, account=account, region=resource.region)

    def _fill(self, account: Account, region: str) -> None:
        fill(
            lambda service: self.provider.client(service, account=account, region=region),
            region=region,
            prefix=account.name,
            instances=self._instances_per_region,
            global_too=region == REGIONS[0],
        )


def _is_cycle(path: list[str]) -> bool:
    """Whether a path of states leads from running over stopped to running, once."""
    return [state for state in path if state in {"running", "stopped"}] == ["running", "stopped", "running"]
