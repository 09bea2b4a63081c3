"""Taking snapshots and deleting what they were taken of: in the Lab, with faults and cut off at every line."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from duetime.core.events import Event
from duetime.core.resources import Resource
from duetime.core.statuses import EventStatus, RunStatus
from duetime.providers.faults import FakeCall
from duetime.testing.lab import Lab

THEN_DELETE = "duetime.snapshot_then_delete"
TAKE = "duetime.snapshot"
DUE = "20260302T190000"


@pytest.fixture
def lab() -> Iterator[Lab]:
    with Lab(now=datetime(2026, 3, 2, 19, tzinfo=UTC)) as lab:
        yield lab


def volumes(lab: Lab, number: int = 1, **parts: Any) -> list[Resource]:
    found = [lab.cloud.add(resource_type="volume", state="available", **parts) for _ in range(number)]
    lab.harvest()
    return found


def schedule(lab: Lab, *resources: Resource, event_type: str = THEN_DELETE, **args: Any) -> list[Event]:
    return [
        lab.client.schedule(event_type, lab.now, resource_id=resource.resource_id, args=args) for resource in resources
    ]


def snapshots(lab: Lab) -> list[Resource]:
    return [resource for resource in lab.cloud.resources() if resource.resource_type == "snapshot"]


def note(lab: Lab, event: Event) -> dict[str, Any]:
    with lab.app.store.read() as tx:
        return dict(tx.notes.read([(event.event_id, event.due_at)]).get(event.event_id, {}))


def status(lab: Lab, event: Event) -> EventStatus:
    return lab.client.get(event.event_id).status


def acts(lab: Lab) -> list[str]:
    return [call.operation for call in lab.cloud.calls() if call.operation in {"snapshot", "delete"}]


def test_a_volume_is_deleted_once_its_snapshot_is_complete(lab: Lab) -> None:
    (volume,) = volumes(lab, tags={"team": "data"})
    lab.cloud.faults.linger(volume, operation="snapshot", reads=3)
    (event,) = schedule(lab, volume, tags={"why": "unused"})
    lab.settle()
    (taken,) = snapshots(lab)
    assert taken.state == "pending"
    assert taken.tags == {"why": "unused", "duetime:event": f"{event.event_id}@{DUE}.000000Z"}
    assert taken.name == f"duetime-vol-000001-{event.event_id}-{DUE}Z"
    waiting = lab.client.get(event.event_id)
    assert waiting.status is EventStatus.SCHEDULED
    assert waiting.status_reason == "snoozed: snapshot snap-000001 is pending"
    assert lab.cloud.get(volume) is not None
    lab.advance(minutes=5)
    assert status(lab, event) is EventStatus.SUCCEEDED
    assert lab.cloud.get(volume) is None
    assert [run.status for run in lab.runs(event_id=event.event_id)] == [
        *[RunStatus.SNOOZED] * 3,
        RunStatus.SUCCEEDED,
    ]
    assert '"snapshot_id":"snap-000001"' in (lab.runs(event_id=event.event_id)[-1].result or "").replace(" ", "")
    assert note(lab, event)["resource"] == {"name": "vol-000001", "tags": {"team": "data"}, "data": {}}
    assert lab.cloud.calls("delete")[0].arguments == {"final_snapshot": None}


def test_no_snapshot_no_deletion(lab: Lab) -> None:
    (volume,) = volumes(lab)
    lab.cloud.faults.refuse(volume, operation="snapshot", error="SnapshotLimitExceeded")
    (event,) = schedule(lab, volume)
    lab.advance(hours=1)
    assert status(lab, event) is EventStatus.FAILED
    assert lab.cloud.get(volume) == volume
    assert "SnapshotLimitExceeded" in lab.runs(event_id=event.event_id)[-1].error
    assert acts(lab) == ["snapshot"]


def test_a_snapshot_that_fails_is_taken_again(lab: Lab) -> None:
    (volume,) = volumes(lab)
    lab.cloud.faults.linger(volume, operation="snapshot", reads=9, times=1)
    (event,) = schedule(lab, volume)
    lab.settle()
    lab.cloud.set_state(snapshots(lab)[0], "error")
    lab.advance(seconds=15)
    assert "snapshot snap-000001 is error" in lab.runs(event_id=event.event_id)[-1].error
    assert lab.cloud.get(volume) is not None
    lab.advance(minutes=5)
    assert status(lab, event) is EventStatus.SUCCEEDED
    assert [one.provider_id for one in snapshots(lab)] == ["snap-000001", "snap-000002"]
    assert note(lab, event)["snapshot"]["snapshot_id"] == "snap-000002"


def test_a_snapshot_that_never_completes_keeps_the_volume(lab: Lab) -> None:
    (volume,) = volumes(lab)
    lab.cloud.faults.linger(volume, operation="snapshot", reads=10_000)
    (event,) = schedule(lab, volume)
    lab.advance(hours=13)
    assert status(lab, event) is EventStatus.FAILED
    assert "snapshot snap-000001 is pending, still after 12 h" in lab.runs(event_id=event.event_id)[-1].error
    assert lab.cloud.get(volume) is not None


def test_a_snapshot_that_is_not_listed_yet_is_waited_for(lab: Lab) -> None:
    (volume,) = volumes(lab)
    lab.cloud.faults.linger(volume, operation="snapshot", reads=9)
    (event,) = schedule(lab, volume)
    lab.settle()
    lab.cloud.remove(snapshots(lab)[0])
    lab.advance(seconds=15)
    assert lab.client.get(event.event_id).status_reason == "snoozed: snapshot snap-000001 is not listed yet"
    assert acts(lab) == ["snapshot"]


def test_what_cannot_be_deleted_gets_no_snapshot_either(lab: Lab) -> None:
    (volume,) = volumes(lab)
    lab.cloud.offer_only("volume", ["snapshot", "detach"])
    (event,) = schedule(lab, volume)
    lab.settle()
    assert status(lab, event) is EventStatus.FAILED
    assert not acts(lab)


def test_one_bad_member_harms_none_of_its_group(lab: Lab) -> None:
    group = volumes(lab, 5)
    lab.cloud.faults.refuse(group[2], operation="snapshot")
    lab.cloud.faults.refuse(group[3], operation="delete")
    events = schedule(lab, *group)
    lab.advance(hours=1)
    assert [status(lab, event) for event in events] == [
        EventStatus.SUCCEEDED,
        EventStatus.SUCCEEDED,
        EventStatus.FAILED,
        EventStatus.FAILED,
        EventStatus.SUCCEEDED,
    ]
    assert [resource for resource in group if lab.cloud.get(resource)] == [group[2], group[3]]
    assert len(snapshots(lab)) == 4


class _Cut(BaseException):
    """Ends a job at a line, as the end of its process would."""


def _cut(lab: Lab, operation: str) -> None:
    def strike(_call: FakeCall) -> None:
        raise _Cut

    lab.cloud.faults.slow(strike, operation=operation, times=1)


@pytest.mark.parametrize("operation", ["snapshot", "delete"])
@pytest.mark.parametrize("fault", ["before", "after"])
def test_an_attempt_that_is_cut_off_at_an_act_is_safely_made_again(lab: Lab, operation: str, fault: str) -> None:
    """Before the act nothing was done; after it the work was done and nobody could write that down."""
    (volume,) = volumes(lab)
    lab.cloud.faults.linger(volume, operation="snapshot", reads=2)
    if fault == "before":
        _cut(lab, operation)
    else:
        lab.cloud.faults.cut(operation=operation)
    (event,) = schedule(lab, volume)
    lab.advance(hours=1)
    assert len(snapshots(lab)) == 1
    assert lab.cloud.get(volume) is None
    if (operation, fault) == ("delete", "after"):  # it finds nothing left to delete, and says so
        assert status(lab, event) is EventStatus.SKIPPED
    else:
        assert status(lab, event) is EventStatus.SUCCEEDED


@pytest.mark.parametrize("number", range(4))
def test_an_attempt_whose_note_cannot_be_written_goes_no_further(
    lab: Lab, monkeypatch: pytest.MonkeyPatch, number: int
) -> None:
    """Each write of a note fails once: nothing that it was to precede is done, and the next attempt goes on."""
    from duetime.core.errors import DatabaseUnavailable
    from duetime.store.note_table import NoteTable

    (volume,) = volumes(lab)
    lab.cloud.faults.linger(volume, operation="snapshot", reads=2)
    (event,) = schedule(lab, volume)
    plain, seen = NoteTable.write, []

    def write(self: NoteTable, new: Any) -> None:
        seen.append(acts(lab))
        if len(seen) == number + 1:
            raise DatabaseUnavailable("it is full", remedy="Make room.")
        plain(self, new)

    monkeypatch.setattr(NoteTable, "write", write)
    lab.advance(hours=1)
    assert seen[:1] == [[]]
    assert status(lab, event) is EventStatus.SUCCEEDED
    assert len(snapshots(lab)) == 1
    assert acts(lab) == ["snapshot", "delete"]
    assert lab.cloud.get(volume) is None


def test_two_volumes_share_no_snapshot(lab: Lab) -> None:
    """Each finds its own again although both were asked for in one group."""
    group = volumes(lab, 2)
    lab.cloud.faults.cut(operation="snapshot", times=2)
    events = schedule(lab, *group)
    lab.advance(hours=1)
    assert {status(lab, event) for event in events} == {EventStatus.SUCCEEDED}
    assert sorted(one.data["source"] for one in snapshots(lab)) == ["vol-000001", "vol-000002"]
    kept = [note(lab, event)["snapshot"]["snapshot_id"] for event in events]
    sources = {one.provider_id: one.data["source"] for one in snapshots(lab)}
    assert [sources[key] for key in kept] == ["vol-000001", "vol-000002"]


def test_a_snapshot_alone_keeps_its_volume_and_succeeds_when_complete(lab: Lab) -> None:
    (volume,) = volumes(lab)
    lab.cloud.faults.linger(volume, operation="snapshot", reads=2)
    (event,) = schedule(lab, volume, event_type=TAKE, name="weekly copy")
    lab.settle()
    assert status(lab, event) is EventStatus.SCHEDULED
    lab.advance(minutes=2)
    assert status(lab, event) is EventStatus.SUCCEEDED
    assert lab.cloud.get(volume) == volume
    assert snapshots(lab)[0].name == f"weekly-copy-vol-000001-{event.event_id}-{DUE}Z"


def test_a_databases_snapshot_is_of_a_type_of_its_own(lab: Lab) -> None:
    database = lab.cloud.add(resource_type="dbinstance", state="available")
    lab.harvest()
    lab.cloud.faults.cut(operation="snapshot")
    (event,) = schedule(lab, database)
    lab.advance(minutes=5)
    assert status(lab, event) is EventStatus.SUCCEEDED
    (left,) = lab.cloud.resources()
    assert left.resource_type == "dbsnapshot"


def test_a_deletion_that_waits_for_its_resource_does_not_take_another_snapshot(lab: Lab) -> None:
    (volume,) = volumes(lab)

    def become_busy(_call: FakeCall) -> None:
        lab.cloud.set_state(volume, "pending")

    lab.cloud.faults.slow(become_busy, operation="snapshot", times=1)
    (event,) = schedule(lab, volume)
    lab.settle()
    lab.advance(minutes=1)
    reason = lab.client.get(event.event_id).status_reason
    assert reason == "snoozed: it is pending; delete waits until that has passed"
    lab.cloud.set_state(volume, "available")
    lab.advance(minutes=2)
    assert status(lab, event) is EventStatus.SUCCEEDED
    assert acts(lab) == ["snapshot", "delete", "delete"]
    assert lab.now - event.due_at < timedelta(minutes=5)
