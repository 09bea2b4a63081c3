"""The parts of harvests: begun, held, completed; the later reading wins."""

from datetime import timedelta

from tests.store.scene import Scene

from duetime.core.harvests import HarvestPart, PartId
from duetime.testing.clock import ManualClock

HERE = PartId("10", "us-east-1", "instance")
THERE = PartId("10", "eu-west-1", "volume")
MINUTE = timedelta(minutes=1)


def _begin(scene: Scene, *parts: PartId) -> list[HarvestPart]:
    with scene.store.write() as tx:
        return tx.harvests.begin("10", parts)


def _parts(scene: Scene) -> dict[PartId, HarvestPart]:
    with scene.store.read() as tx:
        return tx.harvests.of_account("10")


def test_a_part_is_open_until_it_is_completed(scene: Scene, clock: ManualClock) -> None:
    there, here = _begin(scene, HERE, THERE)
    assert (here.part, there.part) == (HERE, THERE)
    assert (here.is_first, here.is_open) == (True, True)
    clock.move_to(clock.now() + MINUTE)
    with scene.store.write() as tx:
        tx.harvests.complete(here, seen=7)
        tx.harvests.fail(there, error="not \x00 now")
    known = _parts(scene)
    assert (known[HERE].is_open, known[HERE].is_first, known[HERE].seen) == (False, False, 7)
    assert known[HERE].is_completed_since(scene.now)
    assert not known[HERE].is_completed_since(scene.now + MINUTE)
    assert (known[THERE].is_open, known[THERE].is_first) == (True, True)
    assert known[THERE].error.startswith("not ")
    clock.move_to(clock.now() + MINUTE)
    (again,) = _begin(scene, HERE)
    assert (again.is_open, again.is_first, again.seen) == (True, False, 7)
    assert _parts(scene)[THERE].error.startswith("not ")


def test_only_the_later_of_two_readings_holds_a_part(scene: Scene) -> None:
    """The clock stands still: what tells them apart is not the time."""
    there, first = _begin(scene, HERE, THERE)
    (second,) = _begin(scene, HERE)
    assert second.begun_at > first.begun_at
    with scene.store.write() as tx:
        assert tx.harvests.hold([first, there]) == {THERE}
        assert tx.harvests.hold([second]) == {HERE}


def test_a_clock_that_was_put_back_does_not_make_a_reading_older(scene: Scene, clock: ManualClock) -> None:
    (first,) = _begin(scene, HERE)
    clock.move_to(clock.now() - timedelta(hours=1))
    (second,) = _begin(scene, HERE)
    assert second.begun_at > first.begun_at
    with scene.store.write() as tx:
        tx.harvests.complete(second, seen=0)
    assert not _parts(scene)[HERE].is_open


def test_parts_of_an_account_are_forgotten_with_it(scene: Scene) -> None:
    part = _begin(scene, HERE)[0]
    with scene.store.write() as tx:
        tx.harvests.forget("10")
        assert tx.harvests.hold([part]) == set()
    assert _parts(scene) == {}
