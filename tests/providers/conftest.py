"""Clouds to test against: a simulated AWS over HTTP, a server that answers what it is told, and the fake cloud."""

import ipaddress
import sys
from collections.abc import Callable, Iterator
from itertools import count
from typing import Any

import pytest

from duetime.cli.simulated_aws import SimulatedAws
from duetime.core.resources import Account
from duetime.providers.aws.provider import AwsProvider

REGION = "us-east-1"
_numbers = count(300_000_000_000)


class _Confinement:
    """Refuses, while it is on, every connection and every name look-up beyond this machine."""

    def __init__(self) -> None:
        self.on = False
        self.attempts: list[str] = []

    def __call__(self, event: str, arguments: tuple[Any, ...]) -> None:
        if not self.on:
            return
        if event == "socket.connect" and isinstance(arguments[1], tuple):
            self._judge(arguments[1][0])
        elif event == "socket.getaddrinfo":
            self._judge(arguments[0])

    def _judge(self, host: object) -> None:
        name = host.decode() if isinstance(host, bytes) else str(host)
        try:
            inside = ipaddress.ip_address(name).is_loopback
        except ValueError:
            inside = name == "localhost"
        if not inside:
            # Kept as well, because the SDK swallows what goes wrong in some of its own questions.
            self.attempts.append(name)
            message = f"a test tried to reach {name}"
            raise RuntimeError(message)


_confinement = _Confinement()
sys.addaudithook(_confinement)


@pytest.fixture(autouse=True)
def _on_loopback() -> Iterator[None]:
    _confinement.attempts.clear()
    _confinement.on = True
    yield
    _confinement.on = False
    assert not _confinement.attempts


@pytest.fixture(scope="session")
def simulated_aws() -> Iterator[SimulatedAws]:
    with SimulatedAws() as running:
        yield running


@pytest.fixture
def account(simulated_aws: SimulatedAws) -> Account:
    """Return an account that no other test has."""
    number = str(next(_numbers))
    settings = {
        "endpoint_url": simulated_aws.endpoint_url,
        "role_arn": f"arn:aws:iam::{number}:role/duetime",
        "dummy_credentials": True,
    }
    return Account(number, provider="aws", regions=(REGION,), settings=settings)


@pytest.fixture
def aws() -> Iterator[AwsProvider]:
    provider = AwsProvider(loopback_only=True)
    yield provider
    provider.close()


@pytest.fixture
def ec2(aws: AwsProvider, account: Account) -> Any:
    """Return the SDK's client, for what only the test does."""
    return aws.client("ec2", account=account, region=REGION)


@pytest.fixture
def launch(ec2: Any) -> Callable[..., list[str]]:
    """Return a function that launches instances and returns their ids."""

    def run(number: int, **tags: str) -> list[str]:
        specification = {
            "ResourceType": "instance",
            "Tags": [{"Key": key, "Value": value} for key, value in (tags or {"env": "dev"}).items()],
        }
        answer = ec2.run_instances(
            ImageId="ami-00000000", MinCount=number, MaxCount=number, TagSpecifications=[specification]
        )
        return [instance["InstanceId"] for instance in answer["Instances"]]

    return run
