"""The start and stop jobs, run as the engine runs them, on the fake cloud."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import pytest

from duetime.builtin import instances
from duetime.builtin.instances import StartResource, StopResource
from duetime.core.clock import SystemClock
from duetime.core.errors import ProviderFailed
from duetime.core.outcomes import Failed, GroupRefused, Skipped, Succeeded
from duetime.core.registration import Batch, Registries, registering_with
from duetime.core.registry import BUILTIN
from duetime.core.resources import Resource
from duetime.core.run_context import RunContext, bound
from duetime.core.statuses import OnLost
from duetime.jobs.describe import event_type_of
from duetime.providers.clouds import Clouds
from duetime.providers.fake import FakeCloud

Job = type[StartResource] | type[StopResource]
Run = Callable[..., RunContext]


class Inventory:
    """Knows what it was given, which may be long out of date."""

    def __init__(self) -> None:
        self.rows: dict[str, Resource] = {}

    def resources(self, resource_ids: Sequence[str]) -> Mapping[str, Resource]:
        return {key: self.rows[key] for key in resource_ids if key in self.rows}


@pytest.fixture
def cloud() -> FakeCloud:
    return FakeCloud()


@pytest.fixture
def inventory() -> Inventory:
    return Inventory()


@pytest.fixture
def run(cloud: FakeCloud, inventory: Inventory) -> Run:
    def call(job: Job, *resources: Resource, fresh: bool = True, context: RunContext | None = None) -> RunContext:
        read = {one.resource_id: now for one in resources if (now := cloud.get(one)) is not None}
        context = context or RunContext(
            clock=SystemClock(),
            inventory=inventory,
            cloud=Clouds(cloud.accounts, providers={"fake": cloud}),
            resource_ids=tuple(one.resource_id for one in resources),
            fresh=read if fresh else {},
        )
        with bound(context):
            assert job(resource_id=context.resource_ids[0]).run() is None
        return context

    return call


def test_a_group_is_stopped_and_started_in_one_call_each(cloud: FakeCloud, run: Run) -> None:
    group = [cloud.add() for _ in range(50)]
    stopped = run(StopResource, *group)
    assert {one.state for one in cloud.resources()} == {"stopped"}
    started = run(StartResource, *group)
    assert {one.state for one in cloud.resources()} == {"running"}
    assert [(call.operation, len(call.provider_ids)) for call in cloud.calls()] == [("stop", 50), ("start", 50)]
    assert set(stopped.outcomes) == set(started.outcomes) == {one.resource_id for one in group}
    assert stopped.outcomes[group[0].resource_id] == Succeeded({"before": "running", "after": "stopped"})


@pytest.mark.parametrize(("job", "state"), [(StopResource, "stopped"), (StartResource, "running")])
def test_what_a_fresh_read_shows_to_be_so_already_needs_no_call(
    cloud: FakeCloud, run: Run, job: Job, state: str
) -> None:
    one = cloud.add(state=state)
    outcomes = run(job, one).outcomes
    assert outcomes == {one.resource_id: Succeeded({"before": state, "after": state, "note": f"already {state}"})}
    assert not cloud.calls()


def test_what_only_the_inventory_shows_to_be_so_is_asked_for(cloud: FakeCloud, inventory: Inventory, run: Run) -> None:
    one = cloud.add(state="stopped")
    inventory.rows[one.resource_id] = one
    cloud.set_state(one, "running")
    run(StopResource, one, fresh=False)
    assert [one.state for one in cloud.resources()] == ["stopped"]


@pytest.mark.parametrize(
    ("job", "state"),
    [
        (StartResource, "stopping"),
        (StartResource, "shutting-down"),
        (StopResource, "pending"),
        (StopResource, "shutting-down"),
    ],
)
def test_one_on_its_way_elsewhere_waits_and_does_not_hold_up_its_group(
    cloud: FakeCloud, run: Run, job: Job, state: str
) -> None:
    busy, ready = cloud.add(state=state), cloud.add(state="somewhere")
    outcomes = run(job, busy, ready).outcomes
    waiting = outcomes[busy.resource_id]
    assert isinstance(waiting, Failed)
    assert waiting.retry
    assert state in waiting.error
    assert isinstance(outcomes[ready.resource_id], Succeeded)
    assert [call.provider_ids for call in cloud.calls()] == [(ready.provider_id,)]


def test_a_refused_group_is_said_to_be_refused_and_reports_nobody(cloud: FakeCloud, run: Run) -> None:
    protected, other = cloud.add(), cloud.add()
    cloud.faults.refuse(protected)
    context = _context(cloud, protected, other)
    with pytest.raises(GroupRefused):
        run(StopResource, context=context)
    assert not context.outcomes
    alone = run(StopResource, protected).outcomes[protected.resource_id]
    assert isinstance(alone, Failed)
    assert not alone.retry


def test_a_refusal_of_one_resource_type_leaves_the_others_done(cloud: FakeCloud, run: Run) -> None:
    database = cloud.add(resource_type="database_instance")
    one, two = cloud.add(), cloud.add()
    volume = cloud.add(resource_type="volume")
    cloud.faults.refuse(two)
    context = _context(cloud, volume, one, database, two)
    with pytest.raises(GroupRefused):
        run(StopResource, context=context)
    assert set(context.outcomes) == {database.resource_id, volume.resource_id}
    assert [call.resource_type for call in cloud.calls()] == ["database_instance", "instance", "volume"]


def test_a_throttled_call_fails_as_a_whole(cloud: FakeCloud, run: Run) -> None:
    context = _context(cloud, cloud.add(), cloud.add())
    cloud.faults.throttle()
    with pytest.raises(ProviderFailed):
        run(StopResource, context=context)
    assert not context.outcomes


def test_one_that_is_gone_is_skipped(cloud: FakeCloud, run: Run) -> None:
    one = cloud.add()
    cloud.faults.gone(one)
    assert isinstance(run(StopResource, one).outcomes[one.resource_id], Skipped)


def test_a_cancelled_job_calls_nobody(cloud: FakeCloud, run: Run) -> None:
    one = cloud.add()
    context = _context(cloud, one)
    context.cancel.set()
    run(StopResource, context=context)
    assert isinstance(context.outcomes[one.resource_id], Failed)
    assert not cloud.calls()


def test_an_event_without_a_resource_fails_for_good(cloud: FakeCloud) -> None:
    with bound(_context(cloud)):
        outcome = StopResource().run()
    assert isinstance(outcome, Failed)
    assert not outcome.retry


def test_both_are_published_as_repeatable_group_types_that_undo_each_other() -> None:
    registries = Registries()
    batch = Batch(BUILTIN)
    with registering_with(registries, batch=batch):
        instances.load()
    registries.adopt(batch)
    published = {
        entry.name: event_type_of(entry.name, entry.item, plugin=entry.owner)
        for entry in registries.event_types.entries()
    }
    assert {name: one.inverse for name, one in published.items()} == {
        "divvy.start_resource": "divvy.stop_resource",
        "divvy.stop_resource": "divvy.start_resource",
    }
    for one in published.values():
        assert (one.max_group, one.on_lost, one.changes, one.destructive) == (50, OnLost.RETRY, ("state",), False)
        assert one.retry.attempts == 5
        assert one.timeout is not None
    with registering_with(registries, batch=batch):
        instances.unload()
    assert not registries.event_types.entries()


def _context(cloud: FakeCloud, *resources: Resource) -> RunContext:
    everything: dict[str, Any] = {one.resource_id: one for one in resources}
    return RunContext(
        clock=SystemClock(),
        inventory=Inventory(),
        cloud=Clouds(cloud.accounts, providers={"fake": cloud}),
        resource_ids=tuple(everything),
        fresh=everything,
    )
