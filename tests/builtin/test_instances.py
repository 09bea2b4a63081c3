"""The jobs that ask a cloud for one operation, run as the engine runs them, on the fake cloud."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta

import pytest
from tests.builtin.job_call import JobCall

from duetime.builtin.instances import Reboot, StartResource, StopResource
from duetime.core.errors import DatabaseUnavailable, ProviderFailed
from duetime.core.outcomes import Failed, GroupRefused, Skipped, Snoozed, Succeeded
from duetime.providers.errors import OutcomeUnknown
from duetime.providers.fake import FakeCloud
from duetime.providers.faults import FakeCall
from duetime.scheduling.client import Client
from duetime.scheduling.current import using
from duetime.store.store import Store
from duetime.testing.clock import ManualClock

Job = type[StartResource] | type[StopResource]


@pytest.fixture
def call(sqlite_store: Store) -> Iterator[JobCall]:
    with using(Client(sqlite_store)):
        yield JobCall()


@pytest.fixture
def cloud(call: JobCall) -> FakeCloud:
    return call.cloud


def test_a_group_is_stopped_and_started_in_one_call_each(cloud: FakeCloud, call: JobCall) -> None:
    group = [cloud.add() for _ in range(50)]
    stopped = call(StopResource, *group)
    assert {one.state for one in cloud.resources()} == {"stopped"}
    call.notebook.notes.clear()
    started = call(StartResource, *group)
    assert {one.state for one in cloud.resources()} == {"running"}
    assert [(each.operation, len(each.provider_ids)) for each in cloud.calls()] == [("stop", 50), ("start", 50)]
    assert set(stopped) == set(started) == {one.resource_id for one in group}
    assert stopped[group[0].resource_id] == Succeeded({"before": "running", "after": "stopped"})
    assert [len(notes) for notes in call.notebook.writes] == [50, 50]


@pytest.mark.parametrize(("job", "state"), [(StopResource, "stopped"), (StartResource, "running")])
def test_what_a_fresh_read_shows_to_be_so_already_needs_no_call_and_no_note(
    cloud: FakeCloud, call: JobCall, job: Job, state: str
) -> None:
    one = cloud.add(state=state)
    said = {"before": state, "after": state, "note": f"already {state}", "changed": False}
    assert call(job, one) == {one.resource_id: Succeeded(said)}
    assert not cloud.calls()
    assert not call.notebook.writes


def test_what_an_earlier_attempt_has_brought_there_is_not_said_to_be_unchanged(cloud: FakeCloud, call: JobCall) -> None:
    one = cloud.add()
    call(StopResource, one)
    outcome = call(StopResource, one)[one.resource_id]
    assert isinstance(outcome, Succeeded)
    assert outcome.data["before"] == "running"
    assert "changed" not in outcome.data
    assert len(cloud.calls("stop")) == 1


def test_what_only_the_inventory_shows_to_be_so_is_asked_for(cloud: FakeCloud, call: JobCall) -> None:
    one = cloud.add(state="stopped")
    call.inventory.rows[one.resource_id] = one
    cloud.set_state(one, "running")
    call(StopResource, one, fresh=False)
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
    cloud: FakeCloud, call: JobCall, job: Job, state: str, clock: ManualClock
) -> None:
    busy, ready = cloud.add(state=state), cloud.add(state="somewhere")
    outcomes = call(job, busy, ready)
    assert outcomes[busy.resource_id] == Snoozed(
        clock.now() + timedelta(seconds=15), f"it is {state}; {job.operation} waits until that has passed"
    )
    assert isinstance(outcomes[ready.resource_id], Succeeded)
    assert [each.provider_ids for each in cloud.calls()] == [(ready.provider_id,)]


def test_waits_grow_up_to_a_limit_and_then_the_event_has_failed(
    cloud: FakeCloud, call: JobCall, clock: ManualClock
) -> None:
    busy = cloud.add(state="pending")
    waits = []
    outcome = call(StopResource, busy)[busy.resource_id]
    while isinstance(outcome, Snoozed):
        waits.append((outcome.until - clock.now()).total_seconds())
        clock.move_to(outcome.until)
        outcome = call(StopResource, busy)[busy.resource_id]
    assert waits[:6] == [15, 15, 30, 60, 120, 240]
    assert max(waits) == 300
    assert sum(waits) == 3600
    assert isinstance(outcome, Failed)
    assert not outcome.retry
    assert "still after 1 h" in outcome.error
    assert not cloud.calls()
    assert len(call.notebook.writes) == 1


def test_a_wait_that_is_over_leaves_the_note_of_the_act(cloud: FakeCloud, call: JobCall) -> None:
    one = cloud.add(state="pending")
    call(StopResource, one)
    cloud.set_state(one, "running")
    call(StopResource, one)
    undo = {"event_type": "divvy.start_resource", "args": {}}
    assert call.note(one) == {"operation": "stop", "state": "running", "undo": undo}


def test_nothing_is_done_when_the_note_cannot_be_written(cloud: FakeCloud, call: JobCall) -> None:
    one = cloud.add()
    call.notebook.error = DatabaseUnavailable("it is full", remedy="Make room.")
    with pytest.raises(DatabaseUnavailable):
        call(StopResource, one)
    assert cloud.get(one) == one
    assert not cloud.calls("stop")


def test_the_note_is_there_before_the_act(cloud: FakeCloud, call: JobCall) -> None:
    one = cloud.add()
    seen: list[object] = []
    cloud.faults.slow(lambda _call: seen.append(call.note(one)), operation="stop")
    call(StopResource, one)
    assert seen == [call.note(one)] != [None]


def test_an_operation_that_nothing_undoes_is_noted_as_such(cloud: FakeCloud, call: JobCall) -> None:
    one = cloud.add()
    call(Reboot, one)
    assert call.note(one) == {"operation": "reboot", "state": "running", "undo": None}


def test_a_type_without_the_operation_fails_for_good_and_says_what_it_has(cloud: FakeCloud, call: JobCall) -> None:
    bucket = cloud.add(resource_type="storagecontainer")
    cloud.offer_only("storagecontainer", ["tag", "block_public_access"])
    error = "resources of type storagecontainer have no operation stop; they have: block_public_access, tag"
    assert call(StopResource, bucket) == {bucket.resource_id: Failed(error, retry=False)}
    assert not cloud.calls()


def test_a_refused_group_is_said_to_be_refused_and_reports_nobody(cloud: FakeCloud, call: JobCall) -> None:
    protected, other = cloud.add(), cloud.add()
    cloud.faults.refuse(protected)
    with pytest.raises(GroupRefused):
        call(StopResource, protected, other)
    assert not call.outcomes
    alone = call(StopResource, protected)[protected.resource_id]
    assert isinstance(alone, Failed)
    assert not alone.retry


def test_a_refusal_of_one_resource_type_leaves_the_others_done(cloud: FakeCloud, call: JobCall) -> None:
    database = cloud.add(resource_type="database_instance")
    one, two = cloud.add(), cloud.add()
    volume = cloud.add(resource_type="volume")
    cloud.faults.refuse(two)
    with pytest.raises(GroupRefused):
        call(StopResource, volume, one, database, two)
    assert set(call.outcomes) == {database.resource_id, volume.resource_id}
    assert [each.resource_type for each in cloud.calls()] == ["database_instance", "instance", "volume"]


def test_only_what_had_no_answer_is_unknown(cloud: FakeCloud, call: JobCall) -> None:
    database, volume = cloud.add(resource_type="database_instance"), cloud.add(resource_type="volume")
    one, two = cloud.add(), cloud.add()
    outcomes = {one.provider_id: Succeeded()}

    def cut(asked: FakeCall) -> None:
        if asked.resource_type == "instance":
            error = OutcomeUnknown("The fake cloud", "no answer")
            error.known = outcomes
            raise error

    cloud.faults.slow(cut, operation="stop")
    with pytest.raises(OutcomeUnknown):
        call(StopResource, volume, one, database, two)
    assert isinstance(untried := call.outcomes.pop(volume.resource_id), Failed)
    assert untried.error.startswith("not tried")
    assert untried.retry
    assert call.outcomes == {database.resource_id: Succeeded({"before": "running", "after": "stopped"})} | {
        one.resource_id: Succeeded()
    }


def test_what_takes_many_calls_is_done_a_few_at_a_time_and_stops_when_asked_to(
    cloud: FakeCloud, call: JobCall, monkeypatch: pytest.MonkeyPatch
) -> None:
    facts = cloud.resource_types()["instance"]
    one_by_one = replace(facts, operations={"stop": replace(facts.operations["stop"], batch=1)})
    monkeypatch.setattr(cloud, "resource_types", lambda: {"instance": one_by_one})
    many = [cloud.add() for _ in range(50)]
    cloud.faults.slow(lambda _: call.cancel(), operation="stop")
    call(StopResource, *many)
    assert [len(each.provider_ids) for each in cloud.calls("stop")] == [10]
    assert [isinstance(call.outcomes[one.resource_id], Succeeded) for one in many] == [True] * 10 + [False] * 40
    assert {one.state for one in cloud.resources()} == {"stopped", "running"}


def test_a_throttled_call_fails_as_a_whole(cloud: FakeCloud, call: JobCall) -> None:
    cloud.faults.throttle()
    with pytest.raises(ProviderFailed):
        call(StopResource, cloud.add(), cloud.add())
    assert not call.outcomes


def test_one_that_goes_during_the_call_is_skipped(cloud: FakeCloud, call: JobCall) -> None:
    one = cloud.add()
    cloud.faults.gone(one)
    assert isinstance(call(StopResource, one)[one.resource_id], Skipped)


def test_one_that_the_cloud_does_not_know_any_more_is_not_acted_upon(cloud: FakeCloud, call: JobCall) -> None:
    one = cloud.add()
    cloud.remove(one)
    assert isinstance(call(StopResource, one)[one.resource_id], Skipped)
    assert not cloud.calls("stop")


def test_a_cancelled_job_calls_nobody(cloud: FakeCloud, call: JobCall) -> None:
    one = cloud.add()
    call.cancelled = True
    assert isinstance(call(StopResource, one)[one.resource_id], Failed)
    assert not cloud.calls()


def test_an_event_without_a_resource_fails_for_good(call: JobCall) -> None:
    call(StopResource)
    assert isinstance(call.overall, Failed)
    assert not call.overall.retry


def test_one_that_the_cloud_knows_by_another_id_fails_and_is_left_alone(cloud: FakeCloud, call: JobCall) -> None:
    one, other = cloud.add(), cloud.add()
    elsewhere = one.resource_id.replace("us-east-1", "global")
    call.inventory.rows[elsewhere] = one
    outcomes = call(StopResource, elsewhere, other, fresh=False)
    error = f"the cloud knows it as {one.resource_id}; schedule the event for that id"
    assert outcomes[elsewhere] == Failed(error, retry=False)
    assert isinstance(outcomes[other.resource_id], Succeeded)
    assert cloud.get(one) == one
