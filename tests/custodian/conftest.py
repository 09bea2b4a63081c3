"""A cloud with a simulated AWS behind it, for the bridge to Cloud Custodian."""

from collections.abc import Callable
from typing import Any

import pytest
from tests.providers.conftest import (  # noqa: F401 - fixtures
    REGION,
    _on_loopback,
    account,
    aws,
    ec2,
    launch,
    simulated_aws,
)

from duetime.core.resources import Account
from duetime.custodian.policy import PolicyPart
from duetime.providers.aws.provider import AwsProvider
from duetime.providers.clouds import Clouds

MakePart = Callable[..., PolicyPart]


@pytest.fixture
def clouds(aws: AwsProvider, account: Account) -> Clouds:  # noqa: F811 - fixtures
    return Clouds(lambda: {account.account: account}, providers={"aws": aws})


@pytest.fixture
def part(clouds: Clouds, account: Account) -> MakePart:  # noqa: F811 - a fixture
    """Return a function that makes a part of a policy in this test's account."""

    def make(filters: list[Any], *, resource: str = "ec2") -> PolicyPart:
        return PolicyPart(resource, filters, cloud=clouds, account=account.account, region=REGION)

    return make
