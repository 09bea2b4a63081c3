"""When a resource that is not found is gone."""

from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from typing import Any, cast

import pytest

from duetime.core.claims import Claim
from duetime.core.guards import Defer, Skip, Verdict
from duetime.core.resources import Resource
from duetime.providers.guard import ASK_AGAIN_AFTER, GRACE, GoneGuard

NOW = datetime(2026, 3, 2, 19, tzinfo=UTC)
ONE = Resource.of(resource_type="instance", account="10", region="us-east-1", provider_id="i-1")


@dataclass
class Wanted:
    """As much of a claim as the guard looks at."""

    resource_id: str | None = ONE.resource_id
    event_id: int = 1


@dataclass
class Reading:
    """A read that found nothing, or failed."""

    failure: str | None = None
    later: datetime | None = None

    def covers(self, resource_id: str) -> bool:
        return True

    def problem(self, resource_id: str) -> str | None:
        return self.failure

    def ask_again_at(self, resource_id: str) -> datetime | None:
        return self.later

    def resource(self, resource_id: str) -> Resource | None:
        return None


def verdict(seen: Resource | None, reading: Reading) -> Verdict:
    guard = GoneGuard(lambda _ids: {} if seen is None else {seen.resource_id: seen})
    return guard.judge([cast("Claim", Wanted())], reading, now=NOW)[1]


@pytest.mark.parametrize("seen", ["harvested_at", "created_at"])
def test_what_was_seen_within_the_grace_is_looked_for_again(seen: str) -> None:
    parts: dict[str, Any] = {seen: NOW - timedelta(seconds=30)}
    answer = verdict(replace(ONE, **parts), Reading())
    assert isinstance(answer, Defer)
    assert answer.until == NOW + timedelta(seconds=20)


def test_the_last_look_is_when_the_grace_ends() -> None:
    answer = verdict(replace(ONE, harvested_at=NOW - GRACE + timedelta(seconds=5)), Reading())
    assert isinstance(answer, Defer)
    assert answer.until == NOW + timedelta(seconds=5)


@pytest.mark.parametrize(
    "seen",
    [None, ONE, replace(ONE, harvested_at=NOW - GRACE), replace(ONE, harvested_at=NOW, gone_at=NOW)],
    ids=["unknown", "never seen", "long ago", "gone in the inventory too"],
)
def test_otherwise_it_is_gone(seen: Resource | None) -> None:
    assert verdict(seen, Reading()) == Skip("resource is gone")


def test_a_busy_cloud_says_when_to_ask_again() -> None:
    later = NOW + timedelta(seconds=7)
    assert verdict(None, Reading("busy", later)) == Defer(later, "busy")
    assert verdict(None, Reading("broken")) == Defer(NOW + ASK_AGAIN_AFTER, "broken")
