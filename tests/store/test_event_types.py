from datetime import timedelta

from tests.store.scene import Scene

from duetime.core.event_types import EventType
from duetime.core.retry import Retry
from duetime.core.statuses import OnLost
from duetime.testing.clock import ManualClock

DELETE = EventType(
    "divvy.delete_resource",
    plugin="builtin",
    generation=3,
    arguments={"type": "object", "properties": {"force": {"type": "boolean"}}, "required": []},
    destructive=True,
    on_lost=OnLost.HOLD,
    retry=Retry(attempts=4, first=timedelta(milliseconds=1500), factor=1.5, longest=timedelta(minutes=7), jitter=0.1),
    timeout=timedelta(seconds=2.5),
    max_group=50,
    inverse=None,
    catch_up="skip",
    expires_after=timedelta(hours=24),
    changes=("state", "tags"),
)
PLAIN = EventType("my.plain", plugin="mine")


def _publish(scene: Scene, *kinds: EventType) -> None:
    with scene.store.write() as tx:
        tx.event_types.publish(kinds)


def _published_at(scene: Scene) -> list[object]:
    with scene.store.engine.connect() as connection:
        rows = connection.exec_driver_sql("SELECT published_at FROM event_types ORDER BY event_type").all()
    return [row[0] for row in rows]


def test_event_types_are_data(scene: Scene) -> None:
    _publish(scene, PLAIN, DELETE)
    with scene.store.read() as tx:
        assert tx.event_types.all() == [DELETE, PLAIN]
        assert tx.event_types.by_ids(["my.plain", "unknown"]) == {"my.plain": PLAIN}
        assert tx.event_types.by_ids([]) == {}


def test_publishing_again_changes_what_has_changed(scene: Scene, clock: ManualClock) -> None:
    _publish(scene, PLAIN, DELETE)
    before = _published_at(scene)
    clock.move_to(clock.now() + timedelta(seconds=1))
    changed = EventType("my.plain", plugin="mine", generation=2, inverse="my.other")
    _publish(scene, changed, DELETE)
    after = _published_at(scene)
    with scene.store.read() as tx:
        assert tx.event_types.all() == [DELETE, changed]
    assert after[0] == before[0]
    assert after[1] != before[1]


def test_a_type_stays_known_when_it_is_not_published_again(scene: Scene) -> None:
    _publish(scene, PLAIN)
    _publish(scene, DELETE)
    _publish(scene)
    with scene.store.read() as tx:
        assert [kind.event_type for kind in tx.event_types.all()] == ["divvy.delete_resource", "my.plain"]
