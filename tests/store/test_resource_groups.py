"""Resource groups: made by hand, asked about by bots, and never silently missing."""

from datetime import timedelta

import pytest
from tests.store.scene import Scene

from duetime.core.errors import Invalid, InvalidResourceId, UnknownName
from duetime.core.resource_groups import ResourceGroup
from duetime.core.resources import Resource
from duetime.testing.clock import ManualClock

ONE, TWO, THREE = (f"instance:10:us-east-1:i-{number}:" for number in (1, 2, 3))


def test_a_group_has_members_and_a_description(scene: Scene) -> None:
    with scene.store.write() as tx:
        tx.groups.save("legal hold", description="Not before the case is closed: 🚀\x00")
        assert tx.groups.add("legal hold", [TWO, ONE, TWO]) == 2
        assert tx.groups.add("legal hold", [ONE, THREE]) == 1
        assert tx.groups.add("legal hold", []) == 0
    with scene.store.read() as tx:
        assert tx.groups.members("legal hold") == [ONE, TWO, THREE]
        group = tx.groups.get("legal hold")
        assert group == ResourceGroup("legal hold", "Not before the case is closed: 🚀\ufffd", 3, scene.now)
        assert tx.groups.all() == [group]


def test_a_new_description_keeps_the_members(scene: Scene) -> None:
    with scene.store.write() as tx:
        tx.groups.save("ours", description="old")
        tx.groups.add("ours", [ONE])
        tx.groups.save("ours", description="new")
        assert (tx.groups.get("ours").description, tx.groups.members("ours")) == ("new", [ONE])


def test_members_go_and_it_is_known_when(scene: Scene, clock: ManualClock) -> None:
    with scene.store.write() as tx:
        tx.groups.save("ours")
        tx.groups.add("ours", [ONE, TWO])
    made_at = scene.now
    clock.move_to(clock.now() + timedelta(seconds=1))
    with scene.store.write() as tx:
        assert tx.groups.remove("ours", [THREE]) == 0
        assert tx.groups.add("ours", [ONE]) == 0
        assert tx.groups.get("ours").changed_at == made_at
        assert tx.groups.remove("ours", [ONE, ONE, THREE]) == 1
        assert tx.groups.get("ours").changed_at == scene.now
        assert tx.groups.members("ours") == [TWO]


def test_a_resource_is_in_several_groups(scene: Scene) -> None:
    with scene.store.write() as tx:
        for name in ("a", "b", "c"):
            tx.groups.save(name)
        tx.groups.add("a", [ONE, TWO])
        tx.groups.add("b", [ONE])
    with scene.store.read() as tx:
        assert tx.groups.of([ONE, TWO, THREE]) == {ONE: {"a", "b"}, TWO: {"a"}}
        assert tx.groups.of([]) == {}
        assert [(group.name, group.members) for group in tx.groups.all()] == [("a", 2), ("b", 1), ("c", 0)]


def test_a_deleted_group_leaves_nothing_behind(scene: Scene) -> None:
    with scene.store.write() as tx:
        for name in ("a", "b"):
            tx.groups.save(name)
            tx.groups.add(name, [ONE])
        tx.groups.delete("a")
        assert tx.groups.of([ONE]) == {ONE: {"b"}}
        tx.groups.save("a")
        assert tx.groups.members("a") == []


def test_many_members_are_more_than_one_query_names(scene: Scene) -> None:
    many = [f"instance:10:us-east-1:i-{number:05}:" for number in range(1300)]
    with scene.store.write() as tx:
        tx.groups.save("many")
        assert tx.groups.add("many", many) == 1300
        assert len(tx.groups.of(many)) == 1300
        assert tx.groups.remove("many", many[1:]) == 1299
        assert tx.groups.members("many") == many[:1]


@pytest.mark.parametrize("verb", ["add", "remove", "members", "delete", "get", "require"])
def test_a_group_that_does_not_exist_is_named_with_its_neighbours(scene: Scene, verb: str) -> None:
    with scene.store.write() as tx:
        tx.groups.save("legal hold")
        arguments = {"add": ("legal hodl", [ONE]), "remove": ("legal hodl", [ONE]), "require": (["legal hodl"],)}
        with pytest.raises(UnknownName, match=r"no resource group 'legal hodl'\. Did you mean legal hold"):
            getattr(tx.groups, verb)(*arguments.get(verb, ("legal hodl",)))
        assert tx.groups.of([ONE]) == {}
        tx.groups.require([])


@pytest.mark.parametrize("name", ["", " a", "a ", "a\nb", "a\x00", "a\x1b[2J", "x" * 201])
def test_a_name_that_nobody_could_write_down_is_refused(scene: Scene, name: str) -> None:
    with scene.store.write() as tx:
        with pytest.raises(Invalid, match="must be 1 to 200 printable characters"):
            tx.groups.save(name)
        assert tx.groups.all() == []


@pytest.mark.parametrize("odd", ["i-1", "", "instance:10:us-east-1:i\x00:", "instance:10:us-east-1:i-1"])
def test_what_is_no_resource_id_is_refused_and_nothing_is_added(scene: Scene, odd: str) -> None:
    with scene.store.write() as tx:
        tx.groups.save("ours")
        for change in (tx.groups.add, tx.groups.remove):
            with pytest.raises(InvalidResourceId):
                change("ours", [ONE, odd])
        assert tx.groups.members("ours") == []


def test_groups_of_some_accounts_hold_only_what_lies_in_them(scene: Scene) -> None:
    mine, theirs = (
        Resource.of(resource_type="instance", account=account, region="us-east-1", provider_id="i-1")
        for account in ("10", "20")
    )
    with scene.store.write() as tx:
        tx.resources.save([mine, theirs])
        for name, members in (("both", [mine, theirs]), ("other", [theirs]), ("unknown", [TWO])):
            tx.groups.save(name)
            tx.groups.add(name, [each if isinstance(each, str) else each.resource_id for each in members])
        only = frozenset({"10"})
        assert [(group.name, group.members) for group in tx.groups.all(accounts=only)] == [("both", 1)]
        assert tx.groups.members("both", accounts=only) == [mine.resource_id]
        assert tx.groups.members("both", after=mine.resource_id) == [theirs.resource_id]
        assert tx.groups.members("both", most=1) == [mine.resource_id]
        found = [tx.groups.find(name, accounts=only) for name in ("both", "other", "unknown", "absent")]
        assert [group.members if group else None for group in found] == [1, None, None, None]
        assert [group.name for group in tx.groups.all()] == ["both", "other", "unknown"]
        assert tx.groups.all(accounts=frozenset()) == []
