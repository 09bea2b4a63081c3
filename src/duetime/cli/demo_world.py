"""The cloud that `duetime demo` works on: two simulated AWS accounts, and what can be proven about them."""

from collections.abc import Callable, Mapping
from contextlib import ExitStack
from dataclasses import dataclass
from datetime import datetime
from itertools import product
from types import TracebackType
from typing import Any, NamedTuple, Self

from duetime.cli.simulated_aws import SimulatedAws
from duetime.core.clock import SystemClock
from duetime.core.resources import Account, Resource
from duetime.providers.aws.provider import AwsProvider

ACCOUNTS = {"111111111111": "shop", "222222222222": "lab"}
REGIONS = ("eu-central-1", "us-east-1")
ENVIRONMENTS = ("dev", "prod")
SERVICES = {"web": "ana", "api": "ben", "etl": "chi"}
"""Service by its owner. Instances of one service share a name, as those of a scaling group do."""


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
        others: everything else that was seen to change state.
    """

    dev: frozenset[Place]
    cycled: frozenset[Place]
    others: frozenset[Place]

    @property
    def holds(self) -> bool:
        """Whether exactly the dev instances stopped and started again."""
        return bool(self.dev) and self.cycled == self.dev and not self.others


class DemoWorld:
    """Two accounts with two regions each, full of instances, on a simulated AWS that lives as long as the block.

    Nothing leaves loopback: the provider is confined to it, and the environment and files of the user are not read.

    Attributes:
        changes: every state change seen so far, oldest first.
    """

    def __init__(self, *, instances_per_region: int = 60, now: Callable[[], datetime] | None = None) -> None:
        self.changes: list[StateChange] = []
        self._instances_per_region = instances_per_region
        self._now = now or SystemClock().now
        self._aws = SimulatedAws()
        # A provider of its own, so that looking does not count among the calls of the worker.
        self._provider = AwsProvider(loopback_only=True)
        self._closing = ExitStack()
        self._seen: dict[Place, Seen] = {}

    def __enter__(self) -> Self:
        with ExitStack() as opening:
            opening.enter_context(self._aws)
            opening.callback(self._provider.close)
            for account, region in product(self.accounts(), REGIONS):
                self._fill(account, region)
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

    def proof(self) -> Proof:
        """Return what the looks so far prove."""
        paths: dict[Place, list[str]] = {}
        for change in self.changes:
            paths.setdefault(change.place, [change.before]).append(change.after)
        dev = frozenset(place for place, seen in self._seen.items() if seen.env == "dev")
        cycled = frozenset(place for place, path in paths.items() if place in dev and _is_cycle(path))
        return Proof(dev=dev, cycled=cycled, others=frozenset(paths) - cycled)

    def _listed(self, account: Account, region: str) -> list[Resource]:
        pages = self._provider.pages(account=account, region=region, resource_type="instance")
        return [resource for page in pages for resource in page]

    def _fill(self, account: Account, region: str) -> None:
        client: Any = self._provider.client("ec2", account=account, region=region)
        groups = list(product(ENVIRONMENTS, SERVICES))
        for number, (env, service) in enumerate(groups):
            count = (self._instances_per_region + number) // len(groups)
            if count == 0:
                continue
            tags = {"Name": f"{service}-{env}", "env": env, "owner": SERVICES[service]}
            client.run_instances(
                ImageId="ami-00000000",
                InstanceType="t3.small",
                MinCount=count,
                MaxCount=count,
                TagSpecifications=[{"ResourceType": "instance", "Tags": _as_list(tags)}],
            )


def _as_list(tags: Mapping[str, str]) -> list[dict[str, str]]:
    return [{"Key": key, "Value": value} for key, value in tags.items()]


def _is_cycle(path: list[str]) -> bool:
    """Whether a path of states leads from running over stopped to running, once."""
    return [state for state in path if state in {"running", "stopped"}] == ["running", "stopped", "running"]
