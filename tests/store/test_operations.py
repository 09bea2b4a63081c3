"""What tracker blocks ask for: bulk insert with `keep`, `replace` and `add`, and unscheduling."""

from datetime import timedelta

import pytest
from tests.store.scene import HOUR, INSTANCE, MINUTE, START, STOP, Scene

from duetime.core.errors import Invalid
from duetime.core.events import OnExisting
from duetime.core.operations import CancelEvents, OperationReport, ScheduleEvent, UnscheduleEvents
from duetime.core.outcomes import Failed, Succeeded
from duetime.core.retry import Retry
from duetime.core.statuses import EventStatus, OnLost, RunStatus, Wish
from duetime.schedule.once import Once
from duetime.schedule.periodic import Periodic

KEY = b"k" * 16
ON_EXISTING = [OnExisting.KEEP, OnExisting.REPLACE]


def test_everything_that_was_given_is_stored(scene: Scene) -> None:
    parent = scene.add()
    new = scene.new(
        event_type=START,
        resource_id=INSTANCE,
        bot_id=7,
        description="Größe ändern 🚀, 'quoted' and \"quoted\", {braces}, back\\slash",
        args_text='{"a":[1,null,"NULL",""],"b":"\\u0001 \\\\ \\" , } {"}',
        due_at=scene.now + HOUR,
        ready_at=scene.now + 2 * HOUR,
        expires_at=scene.now + 3 * HOUR,
        dedupe_key=bytes(range(16)),
        group_key=-(2**63),
        on_lost=OnLost.HOLD,
        catch_up="all",
        recheck=True,
        parent_id=parent,
        user_resource_id="divvyuser:7",
        created_by="bot:nightly",
    )
    assert scene.add_many([new]) == OperationReport(created=1)
    in_bulk, by_itself = scene.ids()[-1], scene.add(**new._asdict() | {"dedupe_key": None})
    for event_id in (in_bulk, by_itself):
        event = scene.event(event_id)
        for name in (
            "event_type",
            "resource_id",
            "bot_id",
            "description",
            "schedule",
            "due_at",
            "ready_at",
            "expires_at",
        ):
            assert getattr(event, name) == getattr(new, name), name
        for name in ("on_lost", "catch_up", "recheck", "parent_id", "user_resource_id", "created_by"):
            assert getattr(event, name) == getattr(new, name), name
        assert event.args == {"a": [1, None, "NULL", ""], "b": '\x01 \\ " , } {'}
        assert event.status is EventStatus.SCHEDULED
        assert event.created_at == scene.now
        assert (event.attempt, event.failures, event.claim_token, event.session_id) == (0, 0, 0, None)
        assert scene.column("group_key", event_id) == -(2**63)
    assert scene.column("dedupe_key", in_bulk) == bytes(range(16))


def test_many_go_in_together_in_their_order(scene: Scene) -> None:
    wished = [scene.new(description=str(number), group_key=number or None) for number in range(1200)]
    assert scene.add_many(wished).created == 1200
    assert [scene.event(event_id).description for event_id in scene.ids()[::100]] == [
        str(n) for n in range(0, 1200, 100)
    ]


def test_nothing_asked_for_is_nothing_done(scene: Scene) -> None:
    assert scene.apply() == OperationReport()


@pytest.mark.parametrize("on_existing", OnExisting)
def test_without_a_live_one_there_is_a_new_one(scene: Scene, on_existing: OnExisting) -> None:
    assert scene.schedule(on_existing).created == 1
    assert len(scene.ids()) == 1


def test_keep_lets_the_live_one_stand(scene: Scene) -> None:
    scene.schedule("keep", description="first")
    before = scene.event(1)
    report = scene.schedule("keep", description="second", due_at=scene.now + HOUR)
    assert (report.created, report.kept) == (0, 1)
    assert scene.ids() == [1]
    assert scene.event(1) == before


def test_keep_takes_one_of_two_in_the_same_block(scene: Scene) -> None:
    report = scene.add_many([scene.new(dedupe_key=KEY), scene.new(dedupe_key=KEY), scene.new(dedupe_key=b"l" * 16)])
    assert (report.created, report.kept) == (2, 1)


def test_add_has_no_key_and_always_adds(scene: Scene) -> None:
    scene.schedule("keep")
    assert scene.schedule("add", dedupe_key=None).created == 1
    assert len(scene.ids()) == 2


@pytest.mark.parametrize("on_existing", ON_EXISTING)
def test_the_key_is_free_when_the_event_has_ended(scene: Scene, on_existing: OnExisting) -> None:
    scene.schedule(on_existing)
    (claim,) = scene.claim()
    scene.end(claim)
    assert scene.schedule(on_existing).created == 1
    assert len(scene.ids()) == 2


def test_the_key_stays_while_a_recurring_event_goes_on(scene: Scene) -> None:
    scene.schedule("keep", schedule=scene.hourly())
    (claim,) = scene.claim()
    assert scene.end(claim).status is EventStatus.SCHEDULED
    assert scene.schedule("keep").kept == 1


@pytest.mark.parametrize("status", [EventStatus.SCHEDULED, EventStatus.PAUSED])
def test_replace_gives_the_live_one_the_new_schedule(scene: Scene, status: EventStatus) -> None:
    scene.schedule("keep", description="first", due_at=scene.now + HOUR)
    if status is EventStatus.PAUSED:
        with scene.store.write() as tx:
            tx.verbs.pause(1, actor="tester")
    due_at = scene.now + 2 * HOUR
    report = scene.schedule(
        "replace", description="second", due_at=due_at, expires_at=due_at + HOUR, args_text='{"x":1}', group_key=5
    )
    assert (report.created, report.replaced) == (0, 1)
    event = scene.event(1)
    assert scene.ids() == [1]
    assert event.status is status
    assert (event.description, event.args, event.schedule) == ("second", {"x": 1}, Once(when=due_at))
    assert (event.due_at, event.ready_at, event.expires_at) == (due_at, due_at, due_at + HOUR)
    assert scene.column("group_key", 1) == 5
    assert scene.runs(1) == []  # it was not due: nothing is owed


def test_replace_answers_for_a_due_time_that_was_reached(scene: Scene) -> None:
    scene.schedule("keep")
    scene.schedule("replace", due_at=scene.now + HOUR)
    (run,) = scene.runs(1)
    assert (run.status, run.reason, run.final, run.attempt) == (RunStatus.SKIPPED, "rescheduled", True, 1)
    assert run.started_at is None
    assert run.due_at == scene.now - MINUTE


def test_replace_detaches_a_running_one_and_adds_another(scene: Scene) -> None:
    scene.schedule("keep", schedule=scene.hourly(), description="first")
    (claim,) = scene.claim()
    report = scene.schedule("replace", description="second", due_at=scene.now + HOUR)
    assert (report.created, report.replaced) == (0, 1)
    running, added = scene.event(1), scene.event(2)
    assert (running.status, running.wish, running.description) == (EventStatus.RUNNING, Wish.DETACH, "first")
    assert scene.column("dedupe_key", 1) is None
    assert scene.column("dedupe_key", 2) == KEY
    assert (added.status, added.description) == (EventStatus.SCHEDULED, "second")
    ended = scene.end(claim, wish=Wish.DETACH)
    assert ended.status is EventStatus.CANCELLED
    assert ended.status_reason == "replaced by a newer event"
    assert [run.status for run in scene.runs(1)] == [RunStatus.SUCCEEDED]


def test_replacing_a_retry_at_its_own_due_time_goes_on_counting(scene: Scene) -> None:
    """The history has a row for the first attempt at this due time; the next one needs another number."""
    scene.schedule("keep")
    (claim,) = scene.claim()
    scene.end(claim, Failed("no"), retry=Retry(attempts=3, first=timedelta(0)))
    scene.schedule("replace", due_at=claim.due_at)
    (again,) = scene.claim()
    assert (again.event_id, again.due_at) == (claim.event_id, claim.due_at)
    scene.end(again)
    assert [(run.attempt, run.status) for run in scene.runs(1)] == [
        (1, RunStatus.FAILED),
        (2, RunStatus.SKIPPED),
        (3, RunStatus.SUCCEEDED),
    ]


def test_operations_are_carried_out_in_their_order(scene: Scene) -> None:
    scene.schedule("keep", bot_id=7, resource_id=INSTANCE, description="old")
    unschedule = UnscheduleEvents(reason="new plan", bot_id=7, resource_id=INSTANCE)
    new = scene.new(bot_id=7, resource_id=INSTANCE, dedupe_key=KEY, description="new")
    report = scene.apply(unschedule, ScheduleEvent(new), ScheduleEvent(new._replace(description="newer")))
    assert report == OperationReport(created=1, kept=1, cancelled=1)
    assert [scene.event(event_id).status for event_id in scene.ids()] == [EventStatus.CANCELLED, EventStatus.SCHEDULED]
    assert scene.event(2).description == "new"


def test_unscheduling_ends_what_waits(scene: Scene) -> None:
    due = scene.add(bot_id=7, dedupe_key=KEY)
    later = scene.add(bot_id=7, due_at=scene.now + HOUR)
    paused = scene.add(bot_id=7)
    with scene.store.write() as tx:
        tx.verbs.pause(paused, actor="tester")
    assert scene.unschedule(bot_id=7) == 3
    for event_id in (due, later, paused):
        event = scene.event(event_id)
        assert (event.status, event.status_reason) == (EventStatus.CANCELLED, "no longer wanted")
        assert event.finished_at == scene.now
        assert scene.column("dedupe_key", event_id) is None
    for event_id in (due, paused):
        (run,) = scene.runs(event_id)
        assert (run.status, run.reason, run.final) == (RunStatus.CANCELLED, "no longer wanted", True)
    assert scene.runs(later) == []
    assert scene.unschedule(bot_id=7) == 0


def test_unscheduling_lets_a_running_one_end(scene: Scene) -> None:
    claim = scene.claim_one(bot_id=7, schedule=scene.hourly(), dedupe_key=KEY)
    assert scene.unschedule(bot_id=7) == 1
    assert scene.unschedule(bot_id=7) == 0
    event = scene.event(claim.event_id)
    assert (event.status, event.wish) == (EventStatus.RUNNING, Wish.CANCEL)
    assert scene.schedule("keep", bot_id=7).created == 1  # the key is free for what is scheduled from now on
    ended = scene.end(claim, Succeeded(), wish=Wish.CANCEL)
    assert ended.status is EventStatus.CANCELLED


@pytest.mark.parametrize(
    ("which", "gone"),
    [
        ({"bot_id": 7}, {1, 2, 3}),
        ({"resource_id": INSTANCE}, {1, 3, 4}),
        ({"bot_id": 7, "resource_id": INSTANCE}, {1, 3}),
        ({"bot_id": 7, "resource_id": INSTANCE, "event_type": START}, {3}),
        ({"bot_id": 9}, set()),
    ],
)
def test_unscheduling_hits_what_it_names_and_nothing_else(
    scene: Scene, which: dict[str, object], gone: set[int]
) -> None:
    scene.add(bot_id=7, resource_id=INSTANCE, event_type=STOP)
    scene.add(bot_id=7, resource_id="instance:10:us-east-1:i-2:", event_type=STOP)
    scene.add(bot_id=7, resource_id=INSTANCE, event_type=START)
    scene.add(bot_id=8, resource_id=INSTANCE, event_type=STOP)
    scene.add()
    assert scene.unschedule(**which) == len(gone)
    cancelled = {event_id for event_id in scene.ids() if scene.event(event_id).status is EventStatus.CANCELLED}
    assert cancelled == gone


def test_unscheduling_everything_is_refused(scene: Scene) -> None:
    scene.add()
    with pytest.raises(Invalid, match="needs a bot or a resource"):
        scene.unschedule()
    assert scene.event(1).status is EventStatus.SCHEDULED


def test_an_overdue_recurring_event_that_is_unscheduled_answers_for_all_its_owed_times(scene: Scene) -> None:
    first = scene.now - 3 * HOUR - MINUTE
    hourly = Periodic(hours=1).anchored(first)
    event_id = scene.add(bot_id=7, schedule=hourly, due_at=first)
    once = scene.add(bot_id=7, due_at=first)
    assert scene.unschedule(bot_id=7) == 2
    (run,) = scene.runs(event_id)
    assert (run.due_at, run.covers_until, run.covers_count) == (first, first + 3 * HOUR, 4)
    assert (run.status, run.reason, run.final) == (RunStatus.CANCELLED, "no longer wanted", True)
    (run,) = scene.runs(once)
    assert (run.covers_until, run.covers_count) == (None, 1)


def test_events_are_cancelled_by_id_whatever_they_wait_for(scene: Scene) -> None:
    scheduled, paused, held, other = (scene.add(due_at=scene.now + HOUR, dedupe_key=bytes([n] * 16)) for n in range(4))
    scene.sql("UPDATE events SET status = 'paused' WHERE event_id = :id", id=paused)
    scene.sql("UPDATE events SET status = 'held' WHERE event_id = :id", id=held)
    running = scene.claim_one(bot_id=7)
    ended = scene.claim_one(bot_id=7)
    scene.end(ended)
    these = (scheduled, paused, held, running.event_id, ended.event_id, 999)
    report = scene.apply(CancelEvents(these, "exempt by tag keep"))
    assert report == OperationReport(cancelled=4)
    for event_id in (scheduled, paused, held):
        event = scene.event(event_id)
        assert (event.status, event.status_reason) == (EventStatus.CANCELLED, "exempt by tag keep")
        assert scene.column("dedupe_key", event_id) is None
    assert (scene.event(running.event_id).status, scene.event(running.event_id).wish) == ("running", Wish.CANCEL)
    assert scene.event(ended.event_id).status is EventStatus.SUCCEEDED
    assert scene.event(other).status is EventStatus.SCHEDULED


def test_more_events_than_one_statement_names_are_cancelled(scene: Scene) -> None:
    scene.add_many([scene.new(due_at=scene.now + HOUR) for _ in range(1201)])
    assert scene.apply(CancelEvents(tuple(scene.ids()[1:]), "gone")).cancelled == 1200
    assert [scene.event(event_id).status for event_id in scene.ids()[:2]] == ["scheduled", "cancelled"]


def test_neighbours_that_unschedule_alike_go_together_and_others_apart(scene: Scene) -> None:
    resources = [f"instance:10:us-east-1:i-{n}:" for n in range(3)]
    for resource_id in resources:
        scene.add(bot_id=7, resource_id=resource_id)
        scene.add(bot_id=8, resource_id=resource_id)
    reasons = ["one", "one", "another"]
    operations = [
        UnscheduleEvents(reason, bot_id=7, resource_id=resource_id)
        for reason, resource_id in zip(reasons, resources, strict=True)
    ]
    assert scene.apply(*operations, UnscheduleEvents("all", bot_id=8, resource_id=None)).cancelled == 6
    assert [scene.event(event_id).status_reason for event_id in (1, 3, 5)] == reasons
    assert [scene.event(event_id).status_reason for event_id in (2, 4, 6)] == ["all"] * 3


def test_replacing_takes_the_new_flags_and_user_too(scene: Scene) -> None:
    scene.schedule("keep", user_resource_id="divvyuser:1")
    scene.schedule("replace", recheck=True, cancel_when_compliant=True, user_resource_id="divvyuser:2")
    event = scene.event(1)
    assert (event.recheck, event.cancel_when_compliant, event.user_resource_id) == (True, True, "divvyuser:2")


def test_a_block_that_fails_half_way_leaves_nothing(scene: Scene) -> None:
    scene.schedule("keep", bot_id=7)
    before = scene.event(1)
    with pytest.raises(Invalid):
        scene.apply(
            UnscheduleEvents(reason="x", bot_id=7, resource_id=None),
            ScheduleEvent(scene.new()),
            UnscheduleEvents(reason="x", bot_id=None, resource_id=None),
        )
    assert scene.ids() == [1]
    assert scene.event(1) == before
    assert scene.runs(1) == []
