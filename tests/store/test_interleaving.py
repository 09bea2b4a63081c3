"""Two transactions that meet on one event: the second waits, and acts on what the first has made of it."""

import threading
from collections.abc import Callable

import pytest
from sqlalchemy import text
from tests.engine.waiting import until
from tests.store.scene import HOUR, STOP, Scene

from duetime.core.bots import BotDefinition, BotStatus
from duetime.core.claims import Claim
from duetime.core.operations import ScheduleEvent, UnscheduleEvents
from duetime.core.outcomes import Failed
from duetime.core.retry import Retry
from duetime.core.statuses import EventStatus, Wish
from duetime.store.finishing import FinishReport
from duetime.store.hot_path import Want
from duetime.store.store import Transaction

pytestmark = pytest.mark.postgres

_WAITING = text("SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'")


@pytest.fixture
def scene(postgresql_scene: Scene) -> Scene:
    return postgresql_scene


def _meet(
    scene: Scene,
    first: Callable[[Transaction], object],
    second: Callable[[], object],
    *,
    then: Callable[[Transaction], object] = lambda _tx: None,
) -> None:
    """Begin the first, let the second run into it, go on with `then`, and commit the first."""
    thread = threading.Thread(target=second)

    def is_waiting() -> bool:
        with scene.store.engine.connect() as connection:
            return bool(connection.execute(_WAITING).scalar_one())

    with scene.store.write() as tx:
        first(tx)
        thread.start()
        until(is_waiting, what="the second transaction to wait for the first")
        then(tx)
    thread.join(30)
    assert not thread.is_alive()


def _claim(scene: Scene, session_id: int) -> Callable[[Transaction], list[Claim]]:
    return lambda tx: tx.claims.take(session_id=session_id, wants=[Want(STOP, 9)], most=9)


def test_unscheduling_catches_an_event_that_goes_back_to_wait(scene: Scene) -> None:
    """It was running at the first look, and is scheduled at the second: it must escape neither."""
    claim = scene.claim_one(bot_id=7)
    ending = scene.ending(claim, Failed("no"), retry=Retry(attempts=3))
    _meet(scene, lambda tx: tx.claims.finish([ending]), lambda: scene.unschedule(bot_id=7))
    event = scene.event(claim.event_id)
    assert event.status is EventStatus.CANCELLED
    assert [run.attempt for run in scene.runs(event.event_id)] == [1, 2]


def test_unscheduling_catches_an_event_that_is_just_being_claimed(scene: Scene) -> None:
    event_id = scene.add(bot_id=7)
    _meet(scene, _claim(scene, scene.session()), lambda: scene.unschedule(bot_id=7))
    event = scene.event(event_id)
    assert (event.status, event.wish) == (EventStatus.RUNNING, Wish.CANCEL)
    assert scene.runs(event_id) == []


def test_replacing_detaches_an_event_that_is_just_being_claimed(scene: Scene) -> None:
    scene.schedule("keep", description="first")
    _meet(
        scene,
        _claim(scene, scene.session()),
        lambda: scene.schedule("replace", description="second", due_at=scene.now + HOUR),
    )
    first, second = (scene.event(event_id) for event_id in scene.ids())
    assert (first.status, first.wish, first.description) == (EventStatus.RUNNING, Wish.DETACH, "first")
    assert (second.status, second.description) == (EventStatus.SCHEDULED, "second")
    assert scene.runs(first.event_id) == []


def test_a_verb_sees_that_an_event_has_been_claimed(scene: Scene) -> None:
    event_id = scene.add()

    def cancel() -> None:
        with scene.store.write() as tx:
            tx.verbs.cancel(event_id, actor="ada")

    _meet(scene, _claim(scene, scene.session()), cancel)
    event = scene.event(event_id)
    assert (event.status, event.wish) == (EventStatus.RUNNING, Wish.CANCEL)
    assert scene.runs(event_id) == []


def test_an_ending_sees_what_was_asked_in_the_meantime(scene: Scene) -> None:
    claim = scene.claim_one(schedule=scene.hourly())
    ending = scene.ending(claim)
    reports = []
    _meet(
        scene,
        lambda tx: tx.verbs.cancel(claim.event_id, actor="ada"),
        lambda: reports.append(scene.finish(ending)),
    )
    assert reports[0].wished == [(ending, Wish.CANCEL)]
    assert scene.event(claim.event_id).status is EventStatus.RUNNING


def test_keeping_waits_for_one_that_is_just_being_scheduled(scene: Scene) -> None:
    kept = []
    new = scene.new(dedupe_key=b"k" * 16)
    _meet(scene, lambda tx: tx.events.add(new, now=tx.now), lambda: kept.append(scene.schedule("keep")))
    assert kept[0].kept == 1
    assert len(scene.ids()) == 1


def test_a_run_that_ends_while_its_bot_is_archived_waits_and_does_not_deadlock(scene: Scene) -> None:
    """Archiving locks the bot and then its events; so must the end of a run whose actions scheduled something."""
    with scene.store.write() as tx:
        bot, _ = tx.bots.save(BotDefinition("nightly"))
    claim = scene.claim_one(bot_id=bot.bot_id)
    wished = scene.new(bot_id=bot.bot_id, dedupe_key=b"k" * 16)
    ending = scene.ending(claim)._replace(operations=(ScheduleEvent(wished),))
    reports: list[FinishReport] = []

    def archive(tx: Transaction) -> None:
        tx.bots.set_status(bot.bot_id, BotStatus.ARCHIVED)

    def unschedule(tx: Transaction) -> None:
        tx.operations.apply([UnscheduleEvents("archived", bot_id=bot.bot_id, resource_id=None)])

    _meet(scene, archive, lambda: reports.append(scene.finish(ending)), then=unschedule)
    (report,) = reports
    assert [wish for _, wish in report.wished] == [Wish.CANCEL]
    assert scene.ids() == [claim.event_id]
