"""What a harvest keeps when a part of an account cannot be read."""

from collections.abc import Iterator, Sequence
from datetime import UTC, datetime

import pytest

from duetime.core.errors import ProviderFailed
from duetime.core.resources import Account, Resource
from duetime.providers.fake import FakeCloud
from duetime.testing import Lab


class _HalfACloud(FakeCloud):
    """Refuses one region."""

    def pages(self, *, account: Account, region: str, resource_type: str) -> Iterator[Sequence[Resource]]:
        if region == "eu-west-1":
            message = "not here"
            raise ProviderFailed("half", message)
        return super().pages(account=account, region=region, resource_type=resource_type)


def test_a_region_that_fails_does_not_keep_the_later_ones_from_being_read() -> None:
    with Lab(now=datetime(2026, 1, 31, tzinfo=UTC)) as lab:
        half = _HalfACloud()
        lab.app.clouds.close()
        lab.app.clouds._providers["fake"] = half
        lab.cloud = half
        for region in ("eu-west-1", "us-east-1"):
            half.add(account="1", region=region)
        with pytest.raises(ProviderFailed, match="instance in eu-west-1: half: not here"):
            lab.harvest()
        with lab.app.store.read() as tx:
            kept = tx.resources.by_ids([resource.resource_id for resource in half.resources()])
            account = tx.accounts.get("1")
        assert {resource.region for resource in kept.values()} == {"us-east-1"}
        assert account.failures == 1
        assert "eu-west-1" in account.last_error
