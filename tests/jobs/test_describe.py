"""What a job class says of its event type, and which of its attributes mean nothing."""

from datetime import timedelta
from typing import Any

import pytest

from duetime.core.errors import Invalid
from duetime.core.event_types import EventType
from duetime.core.retry import NO_RETRY, Retry
from duetime.core.statuses import OnLost
from duetime.jobs.base import MultiResourceScheduledEventJob, ScheduledEventJob
from duetime.jobs.describe import event_type_of


def described(base: type[Any] = ScheduledEventJob, **attributes: Any) -> EventType:
    return event_type_of("test.job", type("Job", (base,), attributes), plugin="nightly", generation=3)


def test_a_plain_class_is_repeated_when_lost_and_not_when_it_failed() -> None:
    kind = described()
    assert (kind.event_type, kind.plugin, kind.generation) == ("test.job", "nightly", 3)
    assert (kind.on_lost, kind.retry, kind.timeout) == (OnLost.RETRY, NO_RETRY, None)
    assert (kind.max_group, kind.catch_up, kind.expires_after) == (1, "latest", None)
    assert (kind.destructive, kind.inverse, kind.changes) == (False, None, ())


def test_a_class_of_any_other_origin_is_described_too() -> None:
    kind = event_type_of("test.job", type("Job", (), {"run": lambda _self: None}), plugin="nightly")
    assert kind.on_lost is OnLost.RETRY


def test_a_destructive_one_holds_and_expires_unless_it_says_otherwise() -> None:
    kind = described(destructive=True)
    assert (kind.on_lost, kind.expires_after) == (OnLost.HOLD, timedelta(hours=24))
    own = described(destructive=True, on_lost="retry", expires_after=timedelta(hours=1))
    assert (own.on_lost, own.expires_after) == (OnLost.RETRY, timedelta(hours=1))


def test_everything_that_is_said_is_kept() -> None:
    retry = Retry(attempts=3)
    kind = described(
        MultiResourceScheduledEventJob,
        retry=retry,
        timeout=timedelta(minutes=5),
        on_lost=OnLost.FAIL,
        inverse="test.undo",
        max_group=50,
        catch_up="all",
        changes=["state"],
    )
    assert (kind.retry, kind.timeout, kind.on_lost) == (retry, timedelta(minutes=5), OnLost.FAIL)
    assert (kind.inverse, kind.max_group, kind.catch_up, kind.changes) == ("test.undo", 50, "all", ("state",))


def test_only_a_job_for_several_resources_has_groups() -> None:
    assert described(ScheduledEventJob, max_group=50).max_group == 1


@pytest.mark.parametrize(
    ("attribute", "value"),
    [
        ("on_lost", "again"),
        ("on_lost", 5),
        ("retry", 5),
        ("retry", Retry),
        ("retry", Retry(attempts=2, first=timedelta.max)),
        ("retry", Retry(attempts=2, longest=timedelta.max)),
        ("timeout", 5),
        ("timeout", timedelta(0)),
        ("timeout", timedelta(seconds=-1)),
        ("timeout", timedelta.max),
        ("expires_after", "24h"),
        ("expires_after", timedelta.max),
        ("max_group", 0),
        ("max_group", -1),
        ("max_group", "50"),
        ("max_group", True),
        ("max_group", 2.5),
        ("max_group", 100_000),
        ("inverse", 5),
        ("inverse", ScheduledEventJob),
        ("inverse", "a\x00b"),
        ("changes", 5),
        ("changes", "state"),
        ("changes", [5]),
        ("catch_up", "newest"),
        ("catch_up", None),
    ],
)
def test_what_means_nothing_is_refused_by_name(attribute: str, value: Any) -> None:
    with pytest.raises(Invalid, match=rf"^Job\.{attribute} must be "):
        described(MultiResourceScheduledEventJob, **{attribute: value})


@pytest.mark.parametrize("thing", [5, None, ScheduledEventJob(), lambda: None])
def test_what_is_no_class_is_refused(thing: Any) -> None:
    with pytest.raises(Invalid, match="it is no class"):
        event_type_of("test.job", thing, plugin="nightly")
