"""The inventory: saved page by page, and marked gone after a complete harvest."""

from datetime import timedelta
from typing import Any

import pytest
from tests.store.scene import Scene

from duetime.core.predicates import All, TagIn, TagPresent
from duetime.core.resources import Resource
from duetime.testing.clock import ManualClock

SECOND = timedelta(seconds=1)


def _instance(number: int, **given: Any) -> Resource:
    given = {"resource_type": "instance", "account": "10", "region": "us-east-1", **given}
    return Resource.of(provider_id=f"i-{number}", **given)


def _save(scene: Scene, *found: Resource) -> int:
    with scene.store.write() as tx:
        return tx.resources.save(found)


def _all(scene: Scene) -> list[Resource]:
    with scene.store.read() as tx:
        return tx.resources.matching(All())


def test_what_was_found_is_kept(scene: Scene) -> None:
    harvested_at = scene.now - SECOND
    found = _instance(
        1,
        name="größer 🚀",
        state="running",
        tags={"env": "dev", "": "empty key", "a.b": ""},
        data={"size": "m5.large", "nested": [{"x": None}, 1.5]},
        harvested_at=harvested_at,
    )
    assert _save(scene, found) == 1
    assert _all(scene) == [found]
    with scene.store.read() as tx:
        assert tx.resources.by_ids([found.resource_id, "instance:10:us-east-1:i-9:"]) == {found.resource_id: found}
        assert tx.resources.by_ids([]) == {}


def test_a_later_reading_replaces_all_of_the_earlier_one(scene: Scene) -> None:
    _save(scene, _instance(1, state="running", tags={"env": "dev", "old": "1"}), _instance(2))
    _save(scene, _instance(1, state="stopped", tags={"env": "prod"}, name="renamed"))
    one, two = _all(scene)
    assert (one.state, one.tags, one.name) == ("stopped", {"env": "prod"}, "renamed")
    assert two.provider_id == "i-2"


def test_one_page_may_name_a_resource_twice(scene: Scene) -> None:
    _save(scene, _instance(1, state="pending"), _instance(1, state="running"))
    assert [found.state for found in _all(scene)] == ["running"]


def test_an_empty_page_is_no_page(scene: Scene) -> None:
    assert _save(scene) == 0


def test_a_complete_harvest_marks_what_it_did_not_see(scene: Scene, clock: ManualClock) -> None:
    _save(scene, *(_instance(number) for number in range(4)))
    others = [_instance(7, account="11"), _instance(8, region="eu-west-1"), _instance(9, resource_type="volume")]
    _save(scene, *others)
    clock.move_to(clock.now() + SECOND)
    began = scene.now
    _save(scene, _instance(0), _instance(2))
    with scene.store.write() as tx:
        place = {"account": "10", "region": "us-east-1", "resource_type": "instance"}
        assert tx.resources.mark_gone(**place, not_seen_since=began) == 2
        assert tx.resources.mark_gone(**place, not_seen_since=began) == 0
    assert {found.provider_id for found in _all(scene)} == {"i-0", "i-2", "i-7", "i-8", "i-9"}
    with scene.store.read() as tx:
        gone = tx.resources.by_ids([_instance(1).resource_id])[_instance(1).resource_id]
    assert gone.gone_at == scene.now


def test_what_comes_back_is_there_again(scene: Scene, clock: ManualClock) -> None:
    _save(scene, _instance(1))
    clock.move_to(clock.now() + SECOND)
    with scene.store.write() as tx:
        tx.resources.mark_gone(account="10", region="us-east-1", resource_type="instance", not_seen_since=scene.now)
    assert _all(scene) == []
    _save(scene, _instance(1))
    assert [found.gone_at for found in _all(scene)] == [None]


def test_more_ids_than_one_query_names(scene: Scene) -> None:
    everyone = [_instance(number) for number in range(1100)]
    _save(scene, *everyone)
    with scene.store.read() as tx:
        assert len(tx.resources.by_ids([found.resource_id for found in everyone])) == 1100
        assert len(tx.resources.matching(All(), most=7)) == 7


@pytest.mark.parametrize("odd", ["zero \x00 byte", "half \ud800 pair"])
def test_a_text_that_databases_refuse_does_not_hide_the_others(scene: Scene, odd: str) -> None:
    """One tag that PostgreSQL cannot read as JSON would fail every search for every resource."""
    _save(scene, _instance(1, tags={odd: odd, "env": "dev"}, name=odd, state=odd, data={"x": odd}), _instance(2))
    assert [found.provider_id for found in _all(scene)] == ["i-1", "i-2"]
    with scene.store.read() as tx:
        (found,) = tx.resources.matching(TagIn("env", ("dev",)))
        assert len(tx.resources.matching(TagPresent("env"))) == 1
    assert set(found.tags) == {"env", found.name}
    assert not {"\x00", "\ud800"} & set(found.name + found.state + "".join(found.tags))
