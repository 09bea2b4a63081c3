"""The whole way: an event that is due, a real worker, the AWS provider, the fault proxy, a simulated AWS.

Each misbehaviour: what history says of it, and how many calls were made.
"""

from collections import Counter
from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from itertools import count
from typing import Any

import pytest

from duetime.app.app import App
from duetime.app.shared_budgets import SharedBudgets
from duetime.cli.simulated_aws import SimulatedAws
from duetime.core.events import Event, Run
from duetime.core.resources import Account, Resource
from duetime.core.statuses import EventStatus, RunStatus
from duetime.engine.executors import InlineExecutor
from duetime.engine.worker import WorkerSettings
from duetime.providers.aws.provider import AwsProvider
from duetime.schedule import Once
from duetime.store.event_table import EventQuery
from duetime.store.run_table import RunQuery
from duetime.store.store import Store
from duetime.testing.clock import ManualClock
from duetime.testing.cloud_faults import (
    Cut,
    Fault,
    LeftOut,
    Throttle,
    expired_credentials,
    insufficient_capacity,
    protected,
)
from duetime.testing.fault_proxy import FaultProxy
from duetime.testing.lagging_faults import Lingering, NotYetVisible

REGION = "us-east-1"
_numbers = count(410_000_000_000)


@pytest.fixture(scope="module")
def simulated() -> Iterator[SimulatedAws]:
    with SimulatedAws() as running:
        yield running


class Stage:
    """A worker stepped by hand before an AWS that does as it is told."""

    def __init__(self, store: Store, clock: ManualClock, proxy: FaultProxy) -> None:
        self.store, self.clock, self.proxy = store, clock, proxy
        number = str(next(_numbers))
        settings = {
            "endpoint_url": proxy.endpoint_url,
            "role_arn": f"arn:aws:iam::{number}:role/duetime",
            "dummy_credentials": True,
        }
        self.account = Account(number, provider="aws", regions=(REGION,), settings=settings)
        self.aws = AwsProvider(loopback_only=True, budgets=SharedBudgets(store), clock=clock)
        self.app = App(store, clock=clock, providers={"aws": self.aws}, installed_plugins=False)
        with store.write() as tx:
            tx.accounts.save(self.account)
        self.worker = self.app.worker(settings=WorkerSettings(), executor=InlineExecutor())
        self.worker.plugins.round()
        self.worker.heartbeat.round()

    def launch(self, number: int) -> list[str]:
        client = self.aws.client("ec2", account=self.account, region=REGION)
        answer = client.run_instances(ImageId="ami-00000000", MinCount=number, MaxCount=number)
        self.proxy.clear()
        return [instance["InstanceId"] for instance in answer["Instances"]]

    def schedule(self, verb: str, ids: list[str]) -> None:
        for one in ids:
            resource_id = f"instance:{self.account.account}:{REGION}:{one}:"
            self.app.client.schedule(f"divvy.{verb}_resource", Once(self.clock.now()), resource_id=resource_id)

    def settle(self, *, seconds: float = 0) -> None:
        self.clock.move_to(self.clock.now() + timedelta(seconds=seconds))
        self.clock.elapsed += seconds
        self.worker.heartbeat.round()
        for _ in range(50):
            delay = self.worker.dispatcher.round()
            if not self.worker.outbox.flush() and delay > 0:
                return
        pytest.fail("events keep falling due")

    def runs(self) -> list[Run]:
        with self.store.read() as tx:
            return tx.runs.find(RunQuery(most=1000))[::-1]

    def events(self) -> list[Event]:
        with self.store.read() as tx:
            return tx.events.find(EventQuery(most=1000))[::-1]

    def calls(self) -> Counter[str]:
        return Counter(call.operation for call in self.proxy.calls())

    def stopped(self) -> list[str]:
        pages = self.aws.pages(account=self.account, region=REGION, resource_type="instance")
        return [one.provider_id for page in pages for one in page if one.state == "stopped"]


@pytest.fixture
def stage(sqlite_store: Store, clock: ManualClock, simulated: SimulatedAws) -> Iterator[Stage]:
    with FaultProxy(simulated.endpoint_url, clock=clock) as proxy:
        stage = Stage(sqlite_store, clock, proxy)
        yield stage
        stage.app.clouds.close()


def statuses(stage: Stage) -> Counter[RunStatus]:
    return Counter(run.status for run in stage.runs())


def test_without_faults_fifty_stops_are_one_call(stage: Stage) -> None:
    ids = stage.launch(50)
    stage.schedule("stop", ids)
    stage.settle()
    assert statuses(stage) == {RunStatus.SUCCEEDED: 50}
    assert stage.calls() == {"DescribeInstances": 1, "StopInstances": 1}


def test_a_busy_cloud_is_waited_for_without_a_thread(stage: Stage) -> None:
    ids = stage.launch(3)
    throttle = stage.proxy.add(Throttle(operation="StopInstances", retry_after=30))
    stage.schedule("stop", ids)
    stage.settle()
    assert statuses(stage) == {RunStatus.SNOOZED: 3}
    assert {event.status for event in stage.events()} == {EventStatus.SCHEDULED}
    assert all("AWS is busy" in str(run.reason or run.error) for run in stage.runs())
    # One was sent and refused; the answer named 30 s, so no other was.
    assert (throttle.struck, stage.calls()["StopInstances"]) == (1, 1)
    stage.proxy.clear()
    stage.settle(seconds=20)
    assert not stage.calls()["StopInstances"]
    stage.settle(seconds=15)
    assert statuses(stage)[RunStatus.SUCCEEDED] == 3
    assert stage.calls()["StopInstances"] == 1
    (traffic,) = [one for key, one in stage.aws.traffic().items() if key.family == "ec2 writes"]
    assert traffic.throttles == 1
    with stage.store.read() as tx:
        (budget,) = [one for key, one in tx.budgets.all().items() if key.family == "ec2 writes"]
    assert budget.throttles == 1


def test_a_busy_read_defers_until_the_time_named(stage: Stage) -> None:
    ids = stage.launch(2)
    stage.proxy.add(Throttle(operation="DescribeInstances", retry_after=40))
    stage.schedule("stop", ids)
    stage.settle()
    assert not stage.runs()
    assert {event.status for event in stage.events()} == {EventStatus.SCHEDULED}
    stage.proxy.clear()
    stage.settle(seconds=42)
    assert statuses(stage) == {RunStatus.SUCCEEDED: 2}


def test_one_protected_of_fifty_fails_alone(stage: Stage) -> None:
    ids = stage.launch(50)
    stage.proxy.add(protected(ids[7]))
    stage.schedule("stop", ids)
    stage.settle()
    # Fifty single calls after the refused one are more than the budget holds: the last ones wait for their turn.
    assert 0 < statuses(stage)[RunStatus.SNOOZED] < 5
    stage.settle(seconds=30)
    assert statuses(stage)[RunStatus.SUCCEEDED] == 49
    assert statuses(stage)[RunStatus.FAILED] == 1
    (failed,) = [run for run in stage.runs() if run.status is RunStatus.FAILED]
    assert failed.resource_id is not None
    assert ids[7] in failed.resource_id
    assert "OperationNotPermitted" in str(failed.error)
    # The two that had to wait came back as one group.
    assert stage.calls()["StopInstances"] <= 51
    assert set(stage.stopped()) == {*ids} - {ids[7]}


def test_half_of_a_batch_that_is_left_out_fails_and_is_tried_again(stage: Stage) -> None:
    ids = stage.launch(6)
    stage.proxy.add(LeftOut(operation="StopInstances", ids=tuple(ids[:3]), times=1))
    stage.schedule("stop", ids)
    stage.settle()
    assert statuses(stage) == {RunStatus.SUCCEEDED: 3, RunStatus.FAILED: 3}
    stage.settle(seconds=60)
    assert statuses(stage)[RunStatus.SUCCEEDED] == 6
    assert set(stage.stopped()) == {*ids}


def test_no_capacity_is_tried_again_with_a_pause(stage: Stage) -> None:
    ids = stage.launch(1)
    stage.aws.client("ec2", account=stage.account, region=REGION).stop_instances(InstanceIds=ids)
    stage.proxy.clear()
    stage.proxy.add(insufficient_capacity(*ids, times=1))
    stage.schedule("start", ids)
    stage.settle()
    (run,) = stage.runs()
    assert run.status is RunStatus.FAILED
    assert "InsufficientInstanceCapacity" in str(run.error)
    assert stage.calls()["StartInstances"] == 1
    stage.settle(seconds=60)
    assert [run.status for run in stage.runs()] == [RunStatus.FAILED, RunStatus.SUCCEEDED]


def test_an_expired_session_is_renewed_once(stage: Stage) -> None:
    ids = stage.launch(1)
    stage.proxy.add(expired_credentials(service="ec2", times=1))
    stage.schedule("stop", ids)
    stage.settle()
    assert statuses(stage) == {RunStatus.SUCCEEDED: 1}
    assert stage.calls() == {"DescribeInstances": 2, "AssumeRole": 1, "StopInstances": 1}


@pytest.mark.parametrize("operation", ["DescribeInstances", "StopInstances"])
def test_refused_credentials_put_events_off(stage: Stage, operation: str) -> None:
    ids = stage.launch(1)
    stage.proxy.add(expired_credentials(service="ec2", operation=operation))
    stage.schedule("stop", ids)
    stage.settle()
    assert set(statuses(stage)) <= {RunStatus.SNOOZED}
    (event,) = stage.events()
    assert event.status is EventStatus.SCHEDULED
    assert stage.calls()[operation] == 2
    stage.proxy.clear()
    stage.settle(seconds=310)
    assert statuses(stage)[RunStatus.SUCCEEDED] == 1


def test_what_was_seen_a_moment_ago_is_not_gone_at_once(stage: Stage) -> None:
    (one,) = stage.launch(1)
    seen = Resource.of(resource_type="instance", account=stage.account.account, region=REGION, provider_id=one)
    with stage.store.write() as tx:
        tx.resources.save([replace(seen, harvested_at=stage.clock.now())])
    stage.proxy.add(NotYetVisible(ids=(one,), reads=2))
    stage.schedule("stop", [one])
    stage.settle()
    assert not stage.runs()
    stage.proxy.clear()
    stage.settle(seconds=30)
    assert statuses(stage) == {RunStatus.SUCCEEDED: 1}


def test_what_nobody_saw_for_long_is_gone(stage: Stage) -> None:
    stage.launch(1)
    stage.schedule("stop", ["i-0123456789abcdef0"])
    stage.settle()
    assert statuses(stage) == {RunStatus.SKIPPED: 1}


def test_a_connection_that_breaks_leaves_the_outcome_open_and_the_stop_is_repeated(stage: Stage) -> None:
    ids = stage.launch(2)
    stage.proxy.add(Cut(operation="StopInstances", forwarded=True, times=3))
    stage.schedule("stop", ids)
    stage.settle()
    assert statuses(stage) == {RunStatus.LOST: 2}
    assert all("what the call did is unknown" in f"{run.error}{run.reason}" for run in stage.runs()), stage.runs()
    assert stage.calls()["StopInstances"] == 3
    stage.settle(seconds=120)
    assert statuses(stage)[RunStatus.SUCCEEDED] == 2


def test_a_slow_stop_is_seen_as_such_and_a_start_waits_for_it(stage: Stage) -> None:
    ids = stage.launch(1)
    lingering: Fault = Lingering(operation="StopInstances", state="stopping", shows_for=timedelta(seconds=90))
    stage.proxy.add(lingering)
    stage.schedule("stop", ids)
    stage.settle()
    stage.schedule("start", ids)
    stage.settle()
    started: list[Any] = [run for run in stage.runs() if run.event_type == "divvy.start_resource"]
    assert stage.calls()["StartInstances"] == (0 if started[0].status is RunStatus.SNOOZED else 1)
    for _ in range(12):
        stage.settle(seconds=30)
    assert stage.runs()[-1].status is RunStatus.SUCCEEDED
    assert not stage.stopped()
