"""What our own event types say of themselves, and that each of them is undone by what it names."""

import re
from collections.abc import Iterator, Mapping
from typing import Any

import pytest
from tests.builtin.job_call import JobCall

from duetime.builtin import access, disposal, instances, retention, scaling, snapshots, tags
from duetime.builtin.event_ids import EVENT_TYPE_OF
from duetime.builtin.resource_operation import ResourceOperation
from duetime.core.event_types import EventType
from duetime.core.outcomes import Failed, Succeeded
from duetime.core.registration import Batch, Registries, registering_with
from duetime.core.registry import BUILTIN
from duetime.core.resources import Resource
from duetime.core.statuses import OnLost
from duetime.jobs.arguments import check_arguments
from duetime.jobs.describe import event_type_of
from duetime.providers.fake import FakeCloud
from duetime.providers.fake_operations import DEEDS
from duetime.scheduling.client import Client
from duetime.scheduling.current import using
from duetime.store.store import Store

MODULES = (instances, disposal, snapshots, scaling, retention, tags, access)
IRREVERSIBLE = {
    "duetime.reboot",
    "duetime.delete",
    "duetime.release",
    "duetime.snapshot",
    "duetime.snapshot_then_delete",
}
DESTRUCTIVE = {"duetime.delete", "duetime.release", "duetime.snapshot_then_delete"}
POLICY = {"Version": "2012-10-17", "Statement": []}


@pytest.fixture
def registries() -> Registries:
    registries = Registries()
    batch = Batch(BUILTIN)
    with registering_with(registries, batch=batch):
        for module in MODULES:
            module.load()
    registries.adopt(batch)
    return registries


@pytest.fixture
def classes(registries: Registries) -> Mapping[str, type[Any]]:
    return {entry.name: entry.item for entry in registries.event_types.entries()}


@pytest.fixture
def kinds(classes: Mapping[str, type[Any]]) -> Mapping[str, EventType]:
    return {name: event_type_of(name, job, plugin=BUILTIN) for name, job in classes.items()}


@pytest.fixture
def call(sqlite_store: Store) -> Iterator[JobCall]:
    with using(Client(sqlite_store)):
        yield JobCall()


@pytest.fixture
def cloud(call: JobCall) -> FakeCloud:
    return call.cloud


def test_there_is_one_for_every_operation(kinds: Mapping[str, EventType]) -> None:
    assert set(kinds) == {*EVENT_TYPE_OF.values(), "duetime.snapshot_then_delete", "duetime.restore_scale"}
    assert set(EVENT_TYPE_OF) == set(DEEDS) - {"terminate"}


def test_each_is_served_in_groups_and_says_what_undoes_it(kinds: Mapping[str, EventType]) -> None:
    for name, kind in kinds.items():
        assert kind.max_group == 50
        assert kind.description.endswith(".")
        assert kind.retry.attempts == 5
        assert kind.timeout is not None
        assert (kind.inverse is None) is (name in IRREVERSIBLE)
        assert kind.inverse is None or kind.inverse in kinds
        assert kind.destructive is (name in DESTRUCTIVE)
    on_lost = {name: kind.on_lost for name, kind in kinds.items() if kind.on_lost is not OnLost.RETRY}
    assert on_lost == dict.fromkeys(("duetime.delete", "duetime.release", "duetime.reboot"), OnLost.HOLD)


def test_unloading_takes_all_of_them_back(registries: Registries) -> None:
    with registering_with(registries, batch=Batch(BUILTIN)):
        for module in MODULES:
            module.unload()
    assert not registries.event_types.entries()


UNDOABLE: list[tuple[str, dict[str, Any], dict[str, Any]]] = [
    ("divvy.start_resource", {"state": "stopped"}, {}),
    ("divvy.stop_resource", {"state": "running"}, {}),
    ("duetime.hibernate", {"state": "running"}, {}),
    ("duetime.detach", {"attached": True, "data": {"attached_to": "i-1"}}, {}),
    ("duetime.attach", {"attached": False}, {"to": "i-2"}),
    ("duetime.scale", {"data": {"minimum": 1, "maximum": 9, "desired": 4}}, {"minimum": 0, "desired": 0}),
    ("duetime.tag", {"tags": {"env": "dev", "keep": "1"}}, {"tags": {"env": "prod", "new": "x"}}),
    ("duetime.untag", {"tags": {"env": "dev", "keep": "1"}}, {"keys": ["env", "never-there"]}),
    ("duetime.restore_tags", {"tags": {"env": "prod", "new": "x"}}, {"tags": {"env": "dev"}, "absent": ["new"]}),
    ("duetime.disable", {"state": "enabled"}, {}),
    ("duetime.enable", {"state": "disabled"}, {}),
    ("duetime.block_public_access", {"public": True}, {}),
    ("duetime.restore_public_access", {"public": False}, {"public": True}),
    ("duetime.attach_policy", {"data": {"policy": {"Statement": ["old"]}}}, {"policy": POLICY}),
    ("duetime.attach_policy", {}, {"policy": POLICY}),
    ("duetime.set_retention", {"data": {"retention_days": 30}}, {"days": 7}),
    ("duetime.set_retention", {}, {"days": 7}),
    ("duetime.remove_policy", {"data": {"policy": POLICY}}, {}),
]


@pytest.mark.parametrize(("event_type", "columns", "arguments"), UNDOABLE)
def test_what_the_note_says_undoes_it(
    call: JobCall,
    classes: Mapping[str, type[ResourceOperation]],
    kinds: Mapping[str, EventType],
    event_type: str,
    columns: dict[str, Any],
    arguments: dict[str, Any],
) -> None:
    cloud = call.cloud
    one = cloud.add(**columns)
    check_arguments(event_type, arguments, kinds[event_type].arguments)
    assert isinstance(call(classes[event_type], one, **arguments)[one.resource_id], Succeeded)
    assert cloud.get(one) != one
    undo: Any = (call.note(one) or {})["undo"]
    check_arguments(undo["event_type"], undo["args"], kinds[undo["event_type"]].arguments)
    call.notebook.notes.clear()
    assert isinstance(call(classes[undo["event_type"]], one, **undo["args"])[one.resource_id], Succeeded)
    assert cloud.get(one) == one


def test_the_first_attempts_note_stands(
    cloud: FakeCloud, call: JobCall, classes: Mapping[str, type[ResourceOperation]]
) -> None:
    """What a retry reads may be what the first attempt has made of it."""
    one = cloud.add(tags={"env": "dev"})
    call(classes["duetime.tag"], one, tags={"env": "prod"})
    call(classes["duetime.tag"], one, tags={"env": "prod"})
    assert (call.note(one) or {})["undo"] == {
        "event_type": "duetime.restore_tags",
        "args": {"tags": {"env": "dev"}, "absent": []},
    }
    assert len(cloud.calls("before")) == 1


@pytest.mark.parametrize("event_type", ["duetime.delete", "duetime.release"])
def test_what_is_deleted_is_described_in_its_note(
    cloud: FakeCloud, call: JobCall, classes: Mapping[str, type[ResourceOperation]], event_type: str
) -> None:
    one = cloud.add(name="db", tags={"env": "dev"}, data={"size": 8})
    call(classes[event_type], one)
    assert cloud.get(one) is None
    assert call.note(one) == {
        "operation": event_type.removeprefix("duetime."),
        "state": "running",
        "resource": {"name": "db", "tags": {"env": "dev"}, "data": {"size": 8}},
        "undo": None,
    }


def test_a_final_snapshot_is_said_or_left_to_the_cloud_to_ask_for(
    cloud: FakeCloud, call: JobCall, classes: Mapping[str, type[ResourceOperation]]
) -> None:
    for arguments in ({}, {"final_snapshot": None}, {"final_snapshot": "last"}):
        call(classes["duetime.delete"], cloud.add(), **arguments)
    assert [each.arguments for each in cloud.calls("delete")] == [
        {},
        {"final_snapshot": None},
        {"final_snapshot": "last"},
    ]


WRONG: list[tuple[str, dict[str, Any], str]] = [
    ("duetime.tag", {"tags": {}}, "at least one tag"),
    ("duetime.tag", {"tags": {"a": 1}}, "not 1"),
    ("duetime.untag", {"keys": []}, "at least one tag"),
    ("duetime.untag", {"keys": [None]}, "not None"),
    ("duetime.restore_tags", {}, "at least one tag"),
    ("duetime.restore_tags", {"tags": {"a": "x"}, "absent": ["a"]}, "'a' cannot be put back and be absent"),
    ("duetime.scale", {}, "one of minimum, maximum and desired"),
    ("duetime.scale", {"desired": -1}, "desired must not be negative"),
    ("duetime.scale", {"minimum": 3, "maximum": 2}, r"minimum \(3\) must not be above maximum \(2\)"),
    ("duetime.scale", {"desired": 3, "maximum": 2}, "desired"),
    ("duetime.snapshot", {"tags": {"a": 1}}, "not 1"),
    ("duetime.attach_policy", {"policy": [1]}, "must be an object, its JSON text or null"),
    ("duetime.set_retention", {"days": 0}, "above 0"),
    ("duetime.attach", {}, "needs the argument 'to'"),
]


@pytest.mark.parametrize(("event_type", "arguments", "said"), WRONG)
def test_arguments_that_mean_nothing_fail_for_good_and_change_nothing(
    cloud: FakeCloud,
    call: JobCall,
    classes: Mapping[str, type[ResourceOperation]],
    event_type: str,
    arguments: dict[str, Any],
    said: str,
) -> None:
    one = cloud.add()
    outcomes = call(classes[event_type], one, **arguments)
    outcome = call.overall or outcomes[one.resource_id]
    assert isinstance(outcome, Failed)
    assert not outcome.retry
    assert re.search(said, outcome.error)
    assert cloud.resources() == (one,)


def test_other_tags_stay(cloud: FakeCloud, call: JobCall, classes: Mapping[str, type[ResourceOperation]]) -> None:
    one = cloud.add(tags={"keep": "1"})
    call(classes["duetime.tag"], one, tags={"ö" * 256: "=\"'\\ 💾"})
    changed = cloud.get(one)
    assert isinstance(changed, Resource)
    assert changed.tags == {"keep": "1", "ö" * 256: "=\"'\\ 💾"}
