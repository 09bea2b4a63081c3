"""The inventory: saved page by page, and marked gone after a complete harvest."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from tests.store.scene import Scene

from duetime.core.bots import Hookpoint
from duetime.core.harvests import Merged, PartId
from duetime.core.predicates import All, TagIn, TagPresent
from duetime.core.resources import Resource
from duetime.testing.clock import ManualClock

SECOND = timedelta(seconds=1)
PART = PartId("10", "us-east-1", "instance")


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
        first = tx.resources.mark_gone(PART, not_seen_since=began, most=1)
        rest = tx.resources.mark_gone(PART, not_seen_since=began)
        assert [found.provider_id for found in first + rest] == ["i-1", "i-3"]
        assert [found.gone_at for found in first + rest] == [scene.now, scene.now]
        assert tx.resources.mark_gone(PART, not_seen_since=began) == []
    assert {found.provider_id for found in _all(scene)} == {"i-0", "i-2", "i-7", "i-8", "i-9"}
    with scene.store.read() as tx:
        gone = tx.resources.by_ids([_instance(1).resource_id])[_instance(1).resource_id]
    assert gone.gone_at == scene.now


def test_what_comes_back_is_there_again(scene: Scene, clock: ManualClock) -> None:
    _save(scene, _instance(1))
    clock.move_to(clock.now() + SECOND)
    with scene.store.write() as tx:
        assert len(tx.resources.mark_gone(PART, not_seen_since=scene.now)) == 1
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


# Merging: what a harvest does.


def _merge(scene: Scene, *found: Resource) -> Merged:
    with scene.store.write() as tx:
        return tx.resources.merge(found)


def _happened(merged: Merged) -> dict[str, set[Hookpoint]]:
    return {change.resource.provider_id: set(change.hookpoints) for change in merged.changes}


def test_merging_says_what_is_otherwise_and_only_that(scene: Scene, clock: ManualClock) -> None:
    base = {"state": "running", "tags": {"env": "dev"}, "data": {"x": [1, {"y": None}]}, "created_at": scene.now}
    assert _happened(_merge(scene, *(_instance(n, **base) for n in range(5)))) == {
        f"i-{n}": {Hookpoint.CREATED} for n in range(5)
    }
    clock.move_to(clock.now() + SECOND)
    merged = _merge(
        scene,
        _instance(0, **base),
        _instance(1, **{**base, "state": "stopped"}),
        _instance(2, **{**base, "tags": {}}),
        _instance(3, **{**base, "tags": {"env": "prod"}, "data": {}}),
        _instance(4, **base, last_used_at=scene.now),
    )
    assert merged.seen == 5
    assert _happened(merged) == {
        "i-1": {Hookpoint.MODIFIED},
        "i-2": {Hookpoint.TAGS_MODIFIED},
        "i-3": {Hookpoint.MODIFIED, Hookpoint.TAGS_MODIFIED},
    }
    before = {change.resource.provider_id: change.before for change in merged.changes}
    assert before["i-1"] is not None
    assert before["i-1"].state == "running"
    # All were read now, those of which nothing else is new too; and of one, when it was used is kept without a word.
    assert {found.harvested_at for found in _all(scene)} == {scene.now}
    assert _all(scene)[4].last_used_at == scene.now
    assert _merge(scene, *_all(scene)).changes == ()


@pytest.mark.parametrize(
    "other",
    [
        {"name": "b"},
        {"size": "m5.large"},
        {"attached": False},
        {"public": True},
        {"protected": True},
        {"created_at": datetime(2026, 1, 1, tzinfo=UTC)},
        {"data": {"x": 2}},
    ],
)
def test_every_fact_counts(scene: Scene, other: dict[str, Any]) -> None:
    _merge(scene, _instance(1, name="a", data={"x": 1}))
    merged = _merge(scene, _instance(1, **{"name": "a", "data": {"x": 1}, **other}))
    assert _happened(merged) == {"i-1": {Hookpoint.MODIFIED}}
    (kept,) = _all(scene)
    assert all(getattr(kept, name) == value for name, value in other.items())


def test_what_was_gone_is_new_when_it_is_back(scene: Scene, clock: ManualClock) -> None:
    _merge(scene, _instance(1, state="running"))
    clock.move_to(clock.now() + SECOND)
    with scene.store.write() as tx:
        tx.resources.mark_gone(PART, not_seen_since=scene.now)
    merged = _merge(scene, _instance(1, state="running"))
    assert _happened(merged) == {"i-1": {Hookpoint.CREATED}}
    assert [change.before for change in merged.changes] == [None]
    assert [found.gone_at for found in _all(scene)] == [None]


def test_of_a_resource_that_a_page_names_twice_the_last_word_counts(scene: Scene) -> None:
    merged = _merge(scene, _instance(1, state="pending"), _instance(1, state="running"))
    assert (merged.seen, len(merged.changes)) == (1, 1)
    assert [found.state for found in _all(scene)] == ["running"]


@pytest.mark.parametrize("odd", ["zero \x00 byte", "half \ud800 pair", "größer 🚀"])
def test_odd_characters_are_no_change_for_ever(scene: Scene, odd: str) -> None:
    """What databases cannot keep is compared as it is kept; else it would be a change at every harvest."""
    one = _instance(1, tags={odd: odd}, name=odd, state=odd, size=odd, data={"x": odd})
    assert len(_merge(scene, one).changes) == 1
    assert _merge(scene, one).changes == ()


def test_pages_larger_than_one_query(scene: Scene) -> None:
    assert len(_merge(scene, *map(_instance, range(1200))).changes) == 1200
    again = _merge(scene, *map(_instance, range(1200)))
    assert (again.seen, again.changes) == (1200, ())


def test_an_account_is_forgotten_in_parts(scene: Scene) -> None:
    _save(scene, *map(_instance, range(3)), _instance(9, account="11"))
    with scene.store.write() as tx:
        first = tx.resources.of_account("10", most=2)
        tx.resources.forget(first)
        assert len(first) == 2
        assert tx.resources.of_account("10", most=2) == [_instance(2).resource_id]
    assert {found.account for found in _all(scene)} == {"10", "11"}
