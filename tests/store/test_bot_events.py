"""Live events by bot and by resource, and what is paused and resumed together."""

from tests.store.scene import HOUR, INSTANCE, START, STOP, Scene

from duetime.core.statuses import EventStatus
from duetime.store.bot_event_table import PAUSED_WITH_BOT, LiveEvent


def of_bot(scene: Scene, bot_id: int = 7, **which: object) -> list[LiveEvent]:
    with scene.store.read() as tx:
        return tx.bot_events.of_bot(bot_id, **which)  # type: ignore[arg-type]


def test_the_live_events_of_a_bot_are_found_with_what_is_known_of_them(scene: Scene) -> None:
    flagged = scene.add(bot_id=7, resource_id=INSTANCE, cancel_when_compliant=True, due_at=scene.now + HOUR)
    plain = scene.add(bot_id=7, event_type=START)
    scene.end(scene.claim_one(bot_id=7))
    scene.add(bot_id=8)
    found = of_bot(scene)
    assert [each.event_id for each in found] == [flagged, plain]
    assert found[0] == LiveEvent(flagged, STOP, INSTANCE, 7, scene.now + HOUR, EventStatus.SCHEDULED, "", True)
    assert found[1].cancel_when_compliant is False
    assert [each.event_id for each in of_bot(scene, flagged=True)] == [flagged]
    assert [each.event_id for each in of_bot(scene, besides=START)] == [flagged]
    with scene.store.read() as tx:
        assert (tx.bot_events.count(7), tx.bot_events.count(7, besides=START), tx.bot_events.count(9)) == (2, 1, 0)


def test_events_of_resources_are_found_whoever_scheduled_them(scene: Scene) -> None:
    ids = [f"instance:10:us-east-1:i-{n}:" for n in range(1203)]
    scene.add_many([scene.new(resource_id=resource_id, bot_id=7) for resource_id in ids])
    by_hand = scene.add(resource_id=ids[0])
    with scene.store.read() as tx:
        found = tx.bot_events.of_resources(ids[:1201])
        assert tx.bot_events.of_resources([]) == []
        assert tx.bot_events.of_resources(ids, flagged=True) == []
    assert len(found) == 1202
    assert [each.event_id for each in found] == sorted(each.event_id for each in found)
    assert found[-1][:4] == (by_hand, STOP, ids[0], None)


def test_what_waits_is_paused_and_resumed_and_nothing_else(scene: Scene) -> None:
    running = scene.claim_one(bot_id=7)
    waiting = scene.add(bot_id=7, due_at=scene.now + HOUR)
    token = scene.event(waiting).claim_token
    with scene.store.write() as tx:
        assert tx.bot_events.pause([running.event_id, waiting], reason="by ann: holidays") == 1
    event = scene.event(waiting)
    assert (event.status, event.status_reason) == (EventStatus.PAUSED, f"{PAUSED_WITH_BOT} by ann: holidays")
    assert event.claim_token == token + 1
    assert scene.event(running.event_id).status is EventStatus.RUNNING
    with scene.store.write() as tx:
        assert tx.bot_events.resume([running.event_id, waiting]) == 1
    event = scene.event(waiting)
    assert (event.status, event.status_reason, event.due_at) == ("scheduled", "was paused", scene.now + HOUR)


def test_standing_keyed_and_described_events_are_read_at_once(scene: Scene) -> None:
    key = b"0123456789abcdef"
    first = scene.add(bot_id=7, resource_id=INSTANCE, dedupe_key=key, description="a", due_at=scene.now + HOUR)
    other = scene.add(bot_id=7, resource_id=INSTANCE, event_type=START, description="b")
    scene.add(bot_id=8, resource_id=INSTANCE, description="c")
    scene.add(bot_id=7, resource_id=None, description="d")
    with scene.store.read() as tx:
        (standing,) = tx.bot_events.standing(7, [STOP])
        assert (standing.event_id, standing.resource_id, standing.schedule) == (
            first,
            INSTANCE,
            scene.event(first).schedule,
        )
        assert [each.event_id for each in tx.bot_events.standing(7, [STOP, START])] == [first, other]
        assert tx.bot_events.by_key(7) == {key: (first, scene.now + HOUR)}
        assert tx.bot_events.described(7, STOP, [INSTANCE]) == {(INSTANCE, "a")}
    with scene.store.write() as tx:
        tx.verbs.cancel(first, actor="ann", reason="")
    with scene.store.read() as tx:
        assert (tx.bot_events.standing(7, [STOP]), tx.bot_events.by_key(7)) == ([], {})
        assert tx.bot_events.described(7, STOP, [INSTANCE]) == set()  # what was cancelled told nobody
