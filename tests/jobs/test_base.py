"""The classes that jobs derive from: what they are given, and how they say what came of it."""

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any, cast

import pytest

from duetime.core.clock import SystemClock
from duetime.core.cloud import Cloud
from duetime.core.errors import NoCurrentApp
from duetime.core.outcomes import Failed, Skipped, Succeeded
from duetime.core.resources import Resource
from duetime.core.run_context import RunContext, bound
from duetime.jobs.base import MultiResourceScheduledEventJob, ScheduledEventJob

NOW = datetime(2026, 3, 2, 12, tzinfo=UTC)
FIRST, SECOND = "instance:10:us-east-1:i-1:", "instance:10:us-east-1:i-2:"


class Inventory:
    """Knows the first resource alone."""

    def resources(self, resource_ids: Sequence[str]) -> Mapping[str, Resource]:
        known = Resource.of(
            resource_type="instance", account="10", region="us-east-1", provider_id="i-1", name="web-1", state="running"
        )
        return {known.resource_id: known} if FIRST in resource_ids else {}


def context(*resource_ids: str, fresh: Mapping[str, Resource] | None = None) -> RunContext:
    return RunContext(
        clock=SystemClock(),
        inventory=Inventory(),
        cloud=cast("Cloud", None),
        resource_ids=resource_ids,
        occurrences=((7, NOW), (8, NOW + timedelta(microseconds=1))),
        fresh=fresh or {},
    )


def built(job_class: type[ScheduledEventJob] = ScheduledEventJob, **parts: Any) -> Any:
    usual: dict[str, Any] = {
        "resource_id": FIRST,
        "user_resource_id": "divvyuser:7",
        "scheduled_event_id": 7,
        "scheduled_event_type": "test.job",
    }
    return job_class(**(usual | parts))


def test_a_job_knows_the_four_things_it_is_given() -> None:
    job = built()
    assert (job.resource_id, job.user_resource_id) == (FIRST, "divvyuser:7")
    assert (job.scheduled_event_id, job.scheduled_event_type) == (7, "test.job")


def test_a_subclass_must_say_what_it_does() -> None:
    with pytest.raises(NotImplementedError):
        built().run()


def test_built_by_hand_it_runs_outside_any_app_and_says_so_when_it_needs_one() -> None:
    job = built()
    assert not job.cancel_requested
    with pytest.raises(NoCurrentApp, match="ScheduledEventJob needs a current duetime app"):
        _ = job.context
    with pytest.raises(NoCurrentApp):
        _ = job.idempotency_key


def test_the_resource_is_the_fresh_one_else_the_known_one_else_its_id() -> None:
    fresh = Resource.of(
        resource_type="instance", account="10", region="us-east-1", provider_id="i-1", name="web-1", state="stopped"
    )
    with bound(context(FIRST, fresh={FIRST: fresh})):
        assert built().resource.state == "stopped"
    with bound(context(FIRST)):
        assert built().resource.state == "running"
    with bound(context(SECOND)):
        assert built(resource_id=SECOND).resource.name == "i-2"
    with bound(context()):
        assert built(resource_id=None).resource is None


def test_the_key_names_every_event_and_due_time_of_the_call() -> None:
    with bound(context(FIRST, SECOND)):
        assert built().idempotency_key == "7@20260302T120000.000000Z,8@20260302T120000.000001Z"


def test_a_job_keeps_its_context_when_it_moves_to_another_thread() -> None:
    with bound(context(FIRST)) as run:
        job = built()
    assert job.context is run
    run.cancel.set()
    assert job.cancel_requested


# The older way to say what came of it.


@pytest.mark.parametrize(
    ("said", "outcome"),
    [
        ([], None),
        ([{}], Succeeded()),
        ([{"status": "SUCCESS", "result_data": {"a": 1}}], Succeeded({"a": 1})),
        ([{"status": "success", "result_data": "text"}], Succeeded("text")),
        ([{"status": "ERROR", "result_data": "no"}], Failed("no", "no")),
        ([{"status": "ERROR", "result_data": {"code": 7}}], Failed("{'code': 7}", {"code": 7})),
        ([{"status": "ERROR"}], Failed("status ERROR")),
        ([{"status": "WARNING"}], Failed("status WARNING")),
        ([{"status": "ERROR"}, {"status": "SUCCESS"}], Succeeded()),
        ([{"status": "SUCCESS"}, {"status": "ERROR", "result_data": "no"}], Failed("no", "no")),
    ],
)
def test_the_last_word_counts(said: list[dict[str, Any]], outcome: Any) -> None:
    job = built()
    for words in said:
        job.store_event_history(job.utcnow(), job.utcnow(), **words)
    assert job.recorded_outcome == outcome


def test_the_older_clock_is_naive_utc() -> None:
    moment = ScheduledEventJob.utcnow()
    assert moment.tzinfo is None
    assert abs(moment.replace(tzinfo=UTC) - datetime.now(UTC)) < timedelta(minutes=1)


# Several resources in one call.


def test_a_group_reports_each_of_its_resources_and_the_last_report_counts() -> None:
    with bound(context(FIRST, SECOND)) as run:
        job = built(MultiResourceScheduledEventJob)
        first, second = job.resources
        job.succeeded(first, {"was": "running"})
        job.failed(second.resource_id, ValueError("no"))
        assert run.outcomes == {FIRST: Succeeded({"was": "running"}), SECOND: Failed("no")}
        job.report(second, Skipped("gone"))
        assert run.outcomes[SECOND] == Skipped("gone")
