"""The tracker: all of a block or nothing of it, and never the same wish twice."""

import threading
from datetime import UTC, datetime
from typing import Any

import pytest
from tests.scheduling.asking import HOUR, VM, Bot, Events, ask, on_both, run

from duetime.core.bots import Bot as StoredBot
from duetime.core.bots import BotDefinition
from duetime.core.clock import SystemClock
from duetime.core.errors import (
    Invalid,
    InvalidArguments,
    NoCurrentApp,
    NotAllowed,
    Unavailable,
    UnknownEventType,
)
from duetime.core.events import OnExisting
from duetime.core.run_context import RunContext, bound
from duetime.core.statuses import EventStatus, Wish
from duetime.scheduling.action_slot import action_slot
from duetime.scheduling.client import Client
from duetime.scheduling.tracker import ScheduledEventTracker
from duetime.store.hot_path import Want
from duetime.store.store import Store

# All of it, or nothing.


@on_both
def test_everything_of_a_block_is_written_when_it_ends(client: Client, events: Events, now: datetime) -> None:
    with ScheduledEventTracker() as tracker:
        for number in range(3):
            ask(tracker, now + HOUR, resource=f"instance:10:us-east-1:i-{number}:", description="Stop it.")
        assert not events()
        assert tracker.report is None
    assert tracker.report is not None
    assert tracker.report.created == 3
    first = events()[0]
    assert (first.event_type, first.resource_id, first.due_at) == ("test.job", "instance:10:us-east-1:i-0:", now + HOUR)
    assert (first.bot_id, first.user_resource_id, first.created_by) == (1, "divvyuser:7", "bot:nightly")
    assert (first.description, first.status) == ("Stop it.", EventStatus.SCHEDULED)


def test_a_block_that_raises_writes_nothing(client: Client, events: Events, now: datetime) -> None:
    def deed(tracker: ScheduledEventTracker) -> None:
        ask(tracker, now + HOUR)
        message = "half-way"
        raise RuntimeError(message)

    with pytest.raises(RuntimeError, match="half-way"):
        run(deed)
    assert not events()
    run(lambda tracker: ask(tracker, now + HOUR))
    assert len(events()) == 1


@on_both
def test_a_write_that_breaks_half_way_writes_nothing(client: Client, events: Events, now: datetime) -> None:
    live = client.schedule("test.job", now + HOUR)

    def deed(tracker: ScheduledEventTracker) -> None:
        ask(tracker, now + HOUR)
        tracker.unschedule_bot_events(bot=None, resource=VM)
        tracker._buffer.operations.append(object())  # type: ignore[union-attr, arg-type]

    with pytest.raises(Exception, match=r".*"):
        run(deed)
    assert [event.event_id for event in events()] == [live.event_id]


def test_a_block_inside_another_is_written_with_it(client: Client, events: Events, now: datetime) -> None:
    with ScheduledEventTracker() as outer:
        ask(outer, now + HOUR, bot=None)
        with ScheduledEventTracker() as inner:
            ask(inner, now + HOUR, bot=None)
        assert not events()
        assert inner.report is None
    assert len(events()) == 2


def test_an_inner_block_that_raises_drops_only_its_own(client: Client, events: Events, now: datetime) -> None:
    def inner() -> None:
        with ScheduledEventTracker() as tracker:
            ask(tracker, now + HOUR, description="inner")
            with ScheduledEventTracker() as innermost:
                ask(innermost, now + HOUR, description="innermost")
            message = "no"
            raise RuntimeError(message)

    with ScheduledEventTracker() as outer:
        ask(outer, now + HOUR, description="before")
        with pytest.raises(RuntimeError):
            inner()
        ask(outer, now + HOUR, description="after")
    assert [event.description for event in events()] == ["before", "after"]
    # What was dropped was not counted either: the same block asks for the same two again.
    with ScheduledEventTracker() as again:
        ask(again, now + HOUR)
        ask(again, now + HOUR)
    assert len(events()) == 2


def test_an_outer_block_that_raises_drops_the_inner_ones_too(client: Client, events: Events, now: datetime) -> None:
    def deed(tracker: ScheduledEventTracker) -> None:
        with ScheduledEventTracker() as inner:
            ask(inner, now + HOUR)
        message = "no"
        raise RuntimeError(message)

    with pytest.raises(RuntimeError):
        run(deed)
    assert not events()


def test_threads_do_not_join_each_others_blocks(client: Client, events: Events, now: datetime) -> None:
    with ScheduledEventTracker() as tracker:
        ask(tracker, now + HOUR, bot=None)

        def elsewhere() -> None:
            with ScheduledEventTracker(client) as own:
                ask(own, now + HOUR, bot=None)

        thread = threading.Thread(target=elsewhere)
        thread.start()
        thread.join()
        assert len(events()) == 1
    assert len(events()) == 2


# A block in which nothing is asked for costs nothing.


def unreachable() -> Client:
    """Return a client whose database cannot be connected to."""
    return Client(Store("sqlite:////nowhere/at/all/duetime.db"))


def test_an_unused_block_touches_no_database() -> None:
    with ScheduledEventTracker(unreachable()) as tracker, ScheduledEventTracker(unreachable()):
        assert tracker.report is None
    ScheduledEventTracker()
    with ScheduledEventTracker():
        pass


def test_a_used_one_does() -> None:
    with pytest.raises(Unavailable), ScheduledEventTracker(unreachable()) as tracker:
        ask(tracker, datetime.now(UTC))


def test_the_event_types_are_read_once_per_block(client: Client, now: datetime) -> None:
    reads: list[int] = []

    class Counting(Client):
        def event_types(self) -> Any:
            reads.append(1)
            return super().event_types()

    with ScheduledEventTracker(Counting(client.store)) as tracker:
        for _ in range(5):
            ask(tracker, now + HOUR, bot=None)
    assert len(reads) == 1


def test_outside_its_block_a_tracker_refuses(client: Client, now: datetime) -> None:
    tracker = ScheduledEventTracker()
    with pytest.raises(RuntimeError, match="inside its own block"):
        ask(tracker, now)
    with tracker:
        pass
    with pytest.raises(RuntimeError, match="inside its own block"):
        tracker.unschedule_bot_events(bot=Bot(), resource=VM)


def test_without_a_current_app_it_says_what_to_do() -> None:
    errors: list[BaseException] = []

    def elsewhere() -> None:
        try:
            with ScheduledEventTracker() as tracker:
                ask(tracker, datetime.now(UTC))
        except NoCurrentApp as error:
            errors.append(error)

    thread = threading.Thread(target=elsewhere)
    thread.start()
    thread.join()
    assert "ScheduledEventTracker needs a current duetime app" in str(errors[0])
    assert "with app.current():" in str(errors[0])


# What is already there.


def test_asking_again_keeps_the_first(client: Client, events: Events, now: datetime) -> None:
    run(lambda tracker: ask(tracker, now + HOUR, description="first"))
    again = run(lambda tracker: ask(tracker, now + 2 * HOUR, description="second"))
    (event,) = events()
    assert (event.due_at, event.description) == (now + HOUR, "first")
    assert again.report is not None
    assert (again.report.created, again.report.kept) == (0, 1)


@on_both
def test_replacing_gives_it_the_new_schedule_arguments_and_description(
    client: Client, events: Events, now: datetime
) -> None:
    run(lambda tracker: ask(tracker, now + HOUR, description="first", action_data={"a": 1}))
    again = run(
        lambda tracker: ask(
            tracker, now + 2 * HOUR, description="second", action_data={"b": 2}, on_existing=OnExisting.REPLACE
        )
    )
    (event,) = events()
    assert (event.due_at, event.ready_at, event.description) == (now + 2 * HOUR, now + 2 * HOUR, "second")
    assert event.args == {"b": 2}
    assert again.report is not None
    assert (again.report.created, again.report.replaced) == (0, 1)


def test_adding_adds(client: Client, events: Events, now: datetime) -> None:
    for _ in range(2):
        run(lambda tracker: ask(tracker, now + HOUR, on_existing="add"))
    run(lambda tracker: ask(tracker, now + HOUR))
    assert len(events()) == 3


def test_without_a_bot_nothing_is_the_same(client: Client, events: Events, now: datetime) -> None:
    for _ in range(2):
        run(lambda tracker: ask(tracker, now + HOUR, bot=None))
    assert len(events()) == 2


def test_an_unknown_way_to_meet_what_exists_is_refused(client: Client, now: datetime) -> None:
    with pytest.raises(ValueError, match="'merge' is not a valid OnExisting"):
        run(lambda tracker: ask(tracker, now, on_existing="merge"))


def test_a_bot_action_resource_and_type_are_what_makes_a_wish(client: Client, events: Events, now: datetime) -> None:
    def deed(tracker: ScheduledEventTracker) -> None:
        ask(tracker, now + HOUR)
        ask(tracker, now + HOUR, bot=Bot(2))
        ask(tracker, now + HOUR, event_type="test.group")
        ask(tracker, now + HOUR, resource=None)
        ask(tracker, now + HOUR, resource="instance:10:us-east-1:i-2:")
        with action_slot("second action"):
            ask(tracker, now + HOUR)

    run(deed)
    assert len(events()) == 6
    run(deed)
    assert len(events()) == 6


@on_both
def test_two_messages_of_one_bot_are_two_events_and_the_next_run_finds_both(
    client: Client, events: Events, now: datetime
) -> None:
    def deed(tracker: ScheduledEventTracker) -> None:
        ask(tracker, now + HOUR, description="a day ahead")
        ask(tracker, now + 2 * HOUR, description="an hour ahead")

    for _ in range(3):
        run(deed)
    assert [event.description for event in events()] == ["a day ahead", "an hour ahead"]


def test_a_refused_one_is_not_counted(client: Client, events: Events, now: datetime) -> None:
    with ScheduledEventTracker() as tracker:
        with pytest.raises(UnknownEventType):
            ask(tracker, now, event_type="test.jobs")
        with pytest.raises(InvalidArguments):
            ask(tracker, now, action_data="{")
        ask(tracker, now + HOUR)
    run(lambda tracker: ask(tracker, now + 2 * HOUR))
    assert len(events()) == 1


def test_one_that_has_ended_is_in_nobodys_way(client: Client, events: Events, now: datetime) -> None:
    run(lambda tracker: ask(tracker, now + HOUR))
    client.cancel(events()[0].event_id, actor="ada")
    run(lambda tracker: ask(tracker, now + HOUR))
    assert [event.status for event in events()] == [EventStatus.CANCELLED, EventStatus.SCHEDULED]


def claim(client: Client) -> None:
    """Claim everything that is due."""
    with client.store.write() as tx:
        session_id = tx.sessions.open(worker="test", lease_seconds=30, slots=1)
        assert tx.claims.take(session_id=session_id, wants=[Want("test.job", 10)], most=10)


def test_a_running_one_is_kept(client: Client, events: Events, now: datetime) -> None:
    run(lambda tracker: ask(tracker, now))
    claim(client)
    run(lambda tracker: ask(tracker, now + HOUR))
    (event,) = events()
    assert (event.status, event.wish) == (EventStatus.RUNNING, None)


@on_both
def test_a_running_one_that_is_replaced_is_detached(client: Client, events: Events, now: datetime) -> None:
    run(lambda tracker: ask(tracker, now))
    claim(client)
    for _ in range(2):
        run(lambda tracker: ask(tracker, now + HOUR, on_existing="replace"))
    old, new = events()
    assert (old.status, old.wish, old.due_at) == (EventStatus.RUNNING, Wish.DETACH, now)
    assert (new.status, new.due_at) == (EventStatus.SCHEDULED, now + HOUR)


# Taking back.


@on_both
def test_unscheduling_takes_back_what_a_bot_asked_for(client: Client, events: Events, now: datetime) -> None:
    def deed(tracker: ScheduledEventTracker) -> None:
        ask(tracker, now + HOUR, description="mine")
        ask(tracker, now + HOUR, event_type="test.group", description="other type")
        ask(tracker, now + HOUR, resource="instance:10:us-east-1:i-2:", description="other resource")
        ask(tracker, now + HOUR, bot=Bot(2), description="other bot")

    run(deed)
    again = run(
        lambda tracker: tracker.unschedule_bot_events(
            bot=Bot(), resource=VM, event_type="test.job", reason="it was tagged"
        )
    )
    cancelled = events(statuses=(EventStatus.CANCELLED,))
    assert [(event.description, event.status_reason) for event in cancelled] == [("mine", "it was tagged")]
    assert again.report is not None
    assert again.report.cancelled == 1
    run(lambda tracker: tracker.unschedule_bot_events(bot=Bot(), resource=VM))
    assert [event.description for event in events(statuses=(EventStatus.SCHEDULED,))] == [
        "other resource",
        "other bot",
    ]


@on_both
def test_operations_happen_in_the_order_in_which_they_were_asked_for(
    client: Client, events: Events, now: datetime
) -> None:
    def deed(tracker: ScheduledEventTracker) -> None:
        ask(tracker, now + HOUR, description="first", on_existing="add")
        tracker.unschedule_bot_events(bot=Bot(), resource=VM)
        ask(tracker, now + HOUR, description="second", on_existing="add")

    run(deed)
    assert [(event.description, event.status) for event in events()] == [
        ("first", EventStatus.CANCELLED),
        ("second", EventStatus.SCHEDULED),
    ]


def test_unscheduling_everything_there_is_must_be_a_mistake(client: Client) -> None:
    with pytest.raises(Invalid, match="needs a bot or a resource"), ScheduledEventTracker() as tracker:
        tracker.unschedule_bot_events(bot=None, resource=None)


def test_unscheduling_one_that_runs_lets_it_end(client: Client, events: Events, now: datetime) -> None:
    run(lambda tracker: ask(tracker, now))
    claim(client)
    run(lambda tracker: tracker.unschedule_bot_events(bot=Bot(), resource=VM))
    (event,) = events()
    assert (event.status, event.wish) == (EventStatus.RUNNING, Wish.CANCEL)


# Inside a run.


def test_in_a_run_nothing_is_written_before_the_run_ends(client: Client, events: Events, now: datetime) -> None:
    def failing(tracker: ScheduledEventTracker) -> None:
        ask(tracker, now + HOUR)
        raise RuntimeError

    context = RunContext(clock=SystemClock(), inventory=None, cloud=None)  # type: ignore[arg-type]
    with bound(context):
        tracker = run(lambda tracker: ask(tracker, now + HOUR))
        with pytest.raises(RuntimeError):
            run(failing)
    assert tracker.report is None
    assert len(context.operations) == 1
    assert not events()


# What becomes of it when its reason goes, and whether it may be asked for at all.


@pytest.mark.parametrize(
    ("asked", "of_bot", "flagged"),
    [(None, None, False), (None, True, True), (None, False, False), (True, False, True), (False, True, False)],
)
def test_what_is_asked_goes_before_what_the_bot_says_and_that_before_the_type(
    client: Client, events: Events, now: datetime, asked: bool | None, of_bot: bool | None, flagged: bool
) -> None:
    bot = StoredBot(1, BotDefinition("nightly", cancel_when_compliant=of_bot))
    run(lambda tracker: ask(tracker, now + HOUR, bot=bot, cancel_when_compliant=asked))
    (event,) = events()
    assert event.cancel_when_compliant is flagged


def test_what_is_asked_for_the_rest_of_the_scope_has_another_reason(
    client: Client, events: Events, now: datetime
) -> None:
    bot = StoredBot(1, BotDefinition("nightly", cancel_when_compliant=True))
    with action_slot("0:act", beyond=[VM]), ScheduledEventTracker() as tracker:
        ask(tracker, now + HOUR, bot=bot)
        ask(tracker, now + HOUR, bot=bot, recheck=True, cancel_when_compliant=True)
        ask(tracker, now + HOUR, bot=bot, resource="instance:10:us-east-1:i-9:")
    flags = sorted((event.resource_id or "", event.recheck, event.cancel_when_compliant) for event in events())
    assert flags == sorted([(VM, False, False), (VM, True, True), ("instance:10:us-east-1:i-9:", False, True)])


def test_an_event_without_a_resource_cannot_be_compliant(client: Client, events: Events, now: datetime) -> None:
    bot = StoredBot(1, BotDefinition("nightly", cancel_when_compliant=True))
    run(lambda tracker: ask(tracker, now + HOUR, bot=bot, resource=None))
    assert events()[0].cancel_when_compliant is False


def test_what_the_owner_may_not_have_done_is_refused_when_it_is_asked_for(
    client: Client, events: Events, now: datetime
) -> None:
    def permit(event_type: str) -> None:
        raise NotAllowed("divvyuser:7", event_type, "user divvyuser:7 is disabled")

    refused = pytest.raises(NotAllowed, match="duetime users enable divvyuser:7")
    with action_slot("0:act", permit=permit), ScheduledEventTracker() as tracker, refused:
        ask(tracker, now + HOUR)
    assert not events()
