"""What operations would do, said beforehand: the same as what they then do."""

from collections import Counter

import pytest
from tests.store.scene import HOUR, INSTANCE, START, STOP, Scene

from duetime.core.bots import BotDefinition, BotStatus
from duetime.core.events import OnExisting
from duetime.core.operations import CancelEvents, Operation, OperationReport, ScheduleEvent, UnscheduleEvents
from duetime.store.operation_preview import Effect, Foreseen

KEY, OTHER = b"k" * 16, b"o" * 16


def foresee(scene: Scene, *operations: Operation) -> list[Foreseen]:
    with scene.store.read() as tx:
        return tx.operations.foresee(operations)


def as_report(foreseen: list[Foreseen]) -> OperationReport:
    counts = Counter(each.effect for each in foreseen)
    return OperationReport(
        created=counts[Effect.SCHEDULE],
        kept=counts[Effect.KEEP],
        replaced=counts[Effect.REPLACE],
        cancelled=counts[Effect.CANCEL],
        dropped=counts[Effect.DROP],
    )


@pytest.fixture
def bot_id(scene: Scene) -> int:
    with scene.store.write() as tx:
        return tx.bots.save(BotDefinition("nightly"))[0].bot_id


def wish(scene: Scene, bot_id: int, key: bytes | None, on_existing: str = "keep", **given: object) -> ScheduleEvent:
    usual = {"bot_id": bot_id, "resource_id": INSTANCE, "dedupe_key": key, "due_at": scene.now + HOUR}
    return ScheduleEvent(scene.new(on_existing=OnExisting(on_existing), **{**usual, **given}))


def test_it_says_what_then_comes_of_it(scene: Scene, bot_id: int) -> None:
    live = scene.add(bot_id=bot_id, resource_id=INSTANCE, dedupe_key=KEY)
    other = scene.add(bot_id=bot_id, resource_id=INSTANCE, event_type=START)
    elsewhere = scene.add(bot_id=9, resource_id=INSTANCE)
    operations: list[Operation] = [
        wish(scene, bot_id, KEY),
        wish(scene, bot_id, KEY, "replace", due_at=scene.now + 2 * HOUR),
        wish(scene, bot_id, OTHER),
        wish(scene, bot_id, OTHER),
        wish(scene, bot_id, None, "add"),
        UnscheduleEvents("enough", bot_id=bot_id, resource_id=INSTANCE, event_type=START),
        CancelEvents((elsewhere, 999), "gone"),
    ]
    foreseen = foresee(scene, *operations)
    assert [(each.effect, each.event_id) for each in foreseen] == [
        ("keep", live),
        ("replace", live),
        ("schedule", None),
        ("keep", None),
        ("schedule", None),
        ("cancel", other),
        ("cancel", elsewhere),
    ]
    assert foreseen[1].due_at == scene.now + 2 * HOUR
    assert [each.reason for each in foreseen[-2:]] == ["enough", "gone"]
    assert scene.ids() == [live, other, elsewhere]
    assert scene.apply(*operations) == as_report(foreseen)


def test_what_is_cancelled_first_is_not_kept(scene: Scene, bot_id: int) -> None:
    live = scene.add(bot_id=bot_id, resource_id=INSTANCE, dedupe_key=KEY)
    operations = (CancelEvents((live,), "no longer matches"), wish(scene, bot_id, KEY))
    foreseen = foresee(scene, *operations)
    assert [each.effect for each in foreseen] == [Effect.CANCEL, Effect.SCHEDULE]
    assert scene.apply(*operations) == as_report(foreseen)


def test_a_new_event_may_be_unscheduled_in_the_same_block(scene: Scene, bot_id: int) -> None:
    operations = (wish(scene, bot_id, KEY), UnscheduleEvents("no", bot_id=None, resource_id=INSTANCE))
    foreseen = foresee(scene, *operations)
    assert [each.effect for each in foreseen] == [Effect.SCHEDULE, Effect.CANCEL]
    assert scene.apply(*operations) == as_report(foreseen)


def test_all_of_a_bot_and_ended_ones_are_told_apart(scene: Scene, bot_id: int) -> None:
    claim = scene.claim_one(bot_id=bot_id, dedupe_key=KEY)
    scene.end(claim)
    live = [scene.add(bot_id=bot_id, event_type=event_type) for event_type in (START, STOP)]
    foreseen = foresee(scene, UnscheduleEvents("all", bot_id=bot_id, resource_id=None), wish(scene, bot_id, KEY))
    assert [(each.effect, each.event_id) for each in foreseen] == [
        *(("cancel", event_id) for event_id in live),
        ("schedule", None),
    ]


def test_an_archived_bot_leaves_nothing(scene: Scene, bot_id: int) -> None:
    with scene.store.write() as tx:
        tx.bots.set_status(bot_id, BotStatus.ARCHIVED)
    (foreseen,) = foresee(scene, wish(scene, bot_id, KEY))
    assert foreseen.effect is Effect.DROP
    assert scene.apply(wish(scene, bot_id, KEY)).dropped == 1


def test_nothing_asked_for_is_nothing_done(scene: Scene) -> None:
    assert foresee(scene) == []
