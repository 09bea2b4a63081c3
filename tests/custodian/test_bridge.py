"""A Custodian policy as a bot, from its file to a stopped instance, on the engine and a simulated AWS."""

from collections.abc import Iterator
from contextlib import closing
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
import yaml
from tests.providers.conftest import REGION

from duetime.app.app import App, Inventory
from duetime.app.publishing import publish
from duetime.bots.document import load_bots
from duetime.bots.lifecycle import apply_bot
from duetime.bots.plan import plan_bot
from duetime.bots.planned_run import request_run
from duetime.builtin.harvest import listeners_of
from duetime.cli.main import run
from duetime.core.errors import CannotUndo, InvalidSetting, Throttled
from duetime.core.resources import Account
from duetime.core.statuses import EventStatus, RunStatus
from duetime.custodian.documents import ACT, read_policies
from duetime.custodian.policy import PolicyPart
from duetime.engine.executors import InlineExecutor
from duetime.engine.worker import Worker, WorkerSettings
from duetime.providers.aws.provider import AwsProvider
from duetime.providers.harvest import harvest_account
from duetime.providers.harvest_options import HarvestOptions
from duetime.scheduling.undo import undo_run
from duetime.store.event_table import EventQuery
from duetime.store.run_table import RunQuery
from duetime.store.schema import upgrade
from duetime.store.store import Store

pytestmark = [
    # Custodian's own imports and its SDK's.
    pytest.mark.filterwarnings("ignore::DeprecationWarning"),
    pytest.mark.filterwarnings("ignore::PendingDeprecationWarning"),
]

POLICY = """
policies:
  - name: stop-dev
    resource: aws.ec2
    filters:
      - "tag:env": dev
      - State.Name: running
    actions:
      - stop
      - {type: mark-for-op, op: terminate, days: 7}
"""


class Bridge:
    """An app on a database of its own, stepped by hand."""

    def __init__(self, app: App, account: Account) -> None:
        self.app = app
        self.account = account
        self.worker: Worker = app.worker(settings=WorkerSettings(), executor=InlineExecutor())

    def harvest(self) -> None:
        harvest_account(
            self.account,
            store=self.app.store,
            cloud=self.app.clouds,
            options=HarvestOptions(resource_types=("instance",), threads=1),
            listeners=listeners_of(self.app.client),
        )

    def run_bot(self) -> None:
        request_run(self.app.client, "stop-dev")
        self.settle()

    def settle(self) -> None:
        with self.app.current():
            self.worker.heartbeat.round()
            for _ in range(8):
                self.worker.dispatcher.round()
                self.worker.outbox.flush()

    def events(self, **query: Any) -> list[Any]:
        with self.app.store.read() as tx:
            return tx.events.find(EventQuery(event_type=ACT, **query))

    def runs(self) -> list[Any]:
        with self.app.store.read() as tx:
            return tx.runs.find(RunQuery(event_type=ACT))


@pytest.fixture
def bridge(tmp_path: Path, aws: AwsProvider, account: Account) -> Iterator[Bridge]:
    app = App(Store(f"sqlite:///{tmp_path / 'bridge.db'}"), providers={"aws": aws}, installed_plugins=False)
    with closing(app):
        upgrade(app.store.engine)
        publish(app, plugins=False)
        with app.store.write() as tx:
            tx.accounts.save(account)
        yield Bridge(app, account)


def states(ec2: Any) -> dict[str, str]:
    return {
        instance["InstanceId"]: instance["State"]["Name"]
        for reservation in ec2.describe_instances()["Reservations"]
        for instance in reservation["Instances"]
    }


def test_a_policy_is_a_bot_that_stops_what_matches_and_plans_what_was_marked(
    bridge: Bridge, launch: Any, ec2: Any
) -> None:
    dev, prod = launch(2, env="dev"), launch(1, env="prod")
    bridge.harvest()
    (definition,) = read_policies(yaml.safe_load(POLICY))
    apply_bot(bridge.app.client, definition)
    with bridge.app.current():
        plan = plan_bot(bridge.app.client, "stop-dev", inventory=Inventory(bridge.app.store), cloud=bridge.app.clouds)
    assert plan.matches == 2
    assert states(ec2) == dict.fromkeys([*dev, *prod], "running")

    bridge.run_bot()
    assert states(ec2) == {**dict.fromkeys(dev, "stopped"), prod[0]: "running"}
    assert {run.status for run in bridge.runs()} == {RunStatus.SUCCEEDED}
    pending = bridge.events(statuses=[EventStatus.SCHEDULED])
    assert {event.resource_id for event in pending} == {
        f"instance:{bridge.account.account}:{REGION}:{instance_id}:" for instance_id in dev
    }
    assert all(event.recheck and event.cancel_when_compliant for event in pending)


def test_what_no_longer_matches_is_skipped_when_due_and_cancelled_when_the_bot_runs_again(
    bridge: Bridge, launch: Any, ec2: Any
) -> None:
    kept, fixed = launch(2, env="dev")
    bridge.harvest()
    (definition,) = read_policies(yaml.safe_load(POLICY))
    only_marks = replace(definition, actions=definition.actions[1:])
    apply_bot(bridge.app.client, only_marks)
    bridge.run_bot()
    assert len(bridge.events(statuses=[EventStatus.SCHEDULED])) == 2

    ec2.create_tags(Resources=[fixed], Tags=[{"Key": "env", "Value": "prod"}])
    (event_id,) = (event.event_id for event in bridge.events() if fixed in event.resource_id)
    bridge.app.client.run_now(event_id)
    bridge.settle()
    (run,) = bridge.runs()
    assert (run.status, run.event_id) == (RunStatus.SKIPPED, event_id)
    assert run.reason.startswith("no longer matches bot stop-dev: wants Custodian's aws.ec2 filters")

    ec2.create_tags(Resources=[kept], Tags=[{"Key": "env", "Value": "prod"}])
    bridge.run_bot()
    (cancelled,) = bridge.events(statuses=[EventStatus.CANCELLED])
    assert kept in cancelled.resource_id
    assert cancelled.status_reason.startswith("no longer matches bot stop-dev: wants Custodian's aws.ec2 filters")
    assert states(ec2) == {kept: "running", fixed: "running"}


def test_a_refusal_for_one_does_not_stop_the_other(bridge: Bridge, launch: Any, ec2: Any) -> None:
    plain, protected = launch(2, env="dev")
    ec2.modify_instance_attribute(InstanceId=protected, DisableApiTermination={"Value": True})
    bridge.harvest()
    (definition,) = read_policies(yaml.safe_load(POLICY))
    apply_bot(bridge.app.client, replace(definition, actions=definition.actions[1:]))
    bridge.run_bot()
    for event in bridge.events():
        bridge.app.client.run_now(event.event_id)
    bridge.settle()
    found = {run.resource_id.split(":")[3]: run.status for run in bridge.runs()}
    assert found[plain] is RunStatus.SUCCEEDED
    assert found[protected] is RunStatus.FAILED
    assert states(ec2)[plain] == "terminated"
    assert states(ec2)[protected] == "running"


def test_an_action_is_for_its_own_type_alone_whatever_shares_its_name(bridge: Bridge) -> None:
    where = {"account": bridge.account.account, "region": REGION}
    rds = bridge.app.clouds.client("rds", **where)
    rds.create_db_instance(DBInstanceIdentifier="reports", DBInstanceClass="db.t3.micro", Engine="mysql")
    bridge.app.clouds.client("s3", **where).create_bucket(Bucket="reports")
    bucket = f"storagecontainer:{bridge.account.account}:{REGION}:reports:"
    action = {"resource": "aws.rds", "action": {"type": "delete", "skip-snapshot": True}}
    bridge.app.client.schedule(ACT, bridge.app.store.now(), resource_id=bucket, args=action)
    bridge.settle()
    (run,) = bridge.runs()
    assert (run.status, run.error) == (
        RunStatus.FAILED,
        "aws.rds is duetime's dbinstance, and this is of type storagecontainer",
    )
    assert rds.describe_db_instances()["DBInstances"]


def test_an_action_waits_while_the_cloud_has_no_room(
    bridge: Bridge, launch: Any, ec2: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    (one,) = launch(1, env="dev")
    bridge.harvest()
    (definition,) = read_policies(yaml.safe_load(POLICY))
    apply_bot(bridge.app.client, replace(definition, actions=definition.actions[:1]))
    until = bridge.app.store.now() + timedelta(hours=1)

    def busy(*_: Any) -> None:
        raise Throttled("AWS", "no room", until=until)

    monkeypatch.setattr(PolicyPart, "do", busy)
    bridge.run_bot()
    (run,), (event,) = bridge.runs(), bridge.events()
    assert (run.status, event.status, event.ready_at) == (RunStatus.SNOOZED, EventStatus.SCHEDULED, until)
    assert states(ec2) == {one: "running"}


def test_what_it_was_is_kept_before_the_action(bridge: Bridge, launch: Any) -> None:
    launch(1, env="dev")
    bridge.harvest()
    (definition,) = read_policies(yaml.safe_load(POLICY))
    apply_bot(bridge.app.client, replace(definition, actions=definition.actions[:1]))
    bridge.run_bot()
    (run,) = bridge.runs()
    with bridge.app.store.write() as tx:
        note = tx.notes.locked(run.event_id, due_at=run.due_at)
    assert note is not None
    assert (note.note["operation"], note.note["state"]) == ("custodian: stop", "running")
    kept: Any = note.note["resource"]
    assert kept["tags"] == {"env": "dev"}
    with pytest.raises(CannotUndo, match="irreversible"):
        undo_run(bridge.app.client, run.run_id)


@pytest.mark.parametrize(
    ("settings", "said"),
    [
        ({"resource": "aws.kms-key", "filters": ["x"]}, "no such resource type"),
        ({"resource": "aws.ec2", "filters": "x"}, "one or more filters"),
        ({"resource": "aws.ec2", "filters": [3]}, "mappings and texts"),
        ({"resource": "aws.ec2", "filters": ["no-such"]}, "Cloud Custodian refuses them"),
        ({"filters": ["x"]}, "resource"),
    ],
)
def test_settings_that_custodian_cannot_take_are_refused(bridge: Bridge, settings: Any, said: str) -> None:
    item = bridge.app.registries.filters.get("custodian.filter")
    assert item is not None
    with pytest.raises(InvalidSetting, match=said):
        item.item.predicate(settings)


def test_policies_are_written_as_bots_that_can_be_read_again(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file = tmp_path / "policies.yml"
    file.write_text(POLICY, encoding="utf-8")
    assert run(["bots", "import", "--custodian", str(file)]) == 0
    written = capsys.readouterr().out
    (bot,) = load_bots(written)
    assert bot == read_policies(yaml.safe_load(POLICY))[0]
    file.write_text(POLICY + "    mode: {type: periodic}\n", encoding="utf-8")
    assert run(["bots", "import", "--custodian", str(file)]) == 2
    assert "'mode' cannot be taken over: when it runs is the bot's schedule" in capsys.readouterr().err
