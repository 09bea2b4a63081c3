import pytest

from duetime.core.errors import DuplicateRegistration, UnknownName
from duetime.core.registry import BUILTIN, Registration, Registry


@pytest.fixture
def registry() -> Registry[str]:
    return Registry("event type")


def test_a_name_stands_for_what_was_registered(registry: Registry[str]) -> None:
    registry.add("my.stop", "stop", owner="mine")
    assert registry.get("my.stop") == registry.require("my.stop") == Registration("my.stop", "stop", "mine")
    assert "my.stop" in registry
    assert list(registry) == ["my.stop"]


def test_an_unknown_name_is_named_with_the_nearest(registry: Registry[str]) -> None:
    registry.add("divvy.stop_resource", "stop", owner=BUILTIN)
    registry.add("my.thing", "thing", owner="mine")
    assert registry.get("divvy.stop") is None
    with pytest.raises(UnknownName, match=r"no event type 'divvy\.stop_resorce'\. Did you mean divvy\.stop_resource\?"):
        registry.require("divvy.stop_resorce")


def test_between_two_plugins_a_name_is_refused_and_both_are_named(registry: Registry[str]) -> None:
    registry.add("x", "first", owner="plugin a")
    with pytest.raises(DuplicateRegistration, match="already registered by plugin a; plugin b may not"):
        registry.add("x", "second", owner="plugin b")
    with pytest.raises(DuplicateRegistration):
        registry.add("x", "first", owner="plugin b")
    assert registry.require("x").item == "first"


def test_the_same_object_twice_is_no_error_and_another_one_is(registry: Registry[object]) -> None:
    item = object()
    registry.add("x", item, owner="mine")
    registry.add("x", item, owner="mine")
    with pytest.raises(DuplicateRegistration):
        registry.add("x", object(), owner="mine")


def test_a_plugin_stands_before_a_builtin_and_uncovers_it_again(registry: Registry[str]) -> None:
    registry.add("x", "ours", owner=BUILTIN)
    registry.add("x", "theirs", owner="mine")
    assert registry.require("x").item == "theirs"
    assert registry.overridden() == ("x",)
    assert list(registry) == ["x"]
    registry.remove("x", owner="mine")
    assert registry.require("x").item == "ours"
    assert registry.overridden() == ()


def test_a_builtin_may_come_after_the_plugin_that_overrides_it(registry: Registry[str]) -> None:
    registry.add("x", "theirs", owner="mine")
    registry.add("x", "ours", owner=BUILTIN)
    assert registry.require("x").item == "theirs"
    with pytest.raises(DuplicateRegistration):
        registry.add("x", "others", owner=BUILTIN)


def test_only_its_owner_removes_a_name(registry: Registry[str]) -> None:
    registry.add("x", "mine", owner="mine")
    registry.remove("x", owner="other")
    registry.remove("x", owner=BUILTIN)
    registry.remove("never", owner="mine")
    assert "x" in registry
    registry.remove("x", owner="mine")
    assert "x" not in registry


def test_removing_an_owner_removes_every_trace(registry: Registry[str]) -> None:
    registry.add("x", "1", owner="mine")
    registry.add("y", "2", owner="mine")
    registry.add("z", "3", owner="other")
    registry.add("x", "0", owner=BUILTIN)
    assert set(registry.remove_owner("mine")) == {"x", "y"}
    assert registry.entries() == (Registration("x", "0", BUILTIN), Registration("z", "3", "other"))
    assert registry.remove_owner("mine") == ()


def test_entries_are_by_name_and_each_once(registry: Registry[str]) -> None:
    registry.add("b", "ours", owner=BUILTIN)
    registry.add("a", "ours", owner=BUILTIN)
    registry.add("b", "theirs", owner="mine")
    assert [(entry.name, entry.item) for entry in registry.entries()] == [("a", "ours"), ("b", "theirs")]


def test_a_copy_is_apart_from_its_original(registry: Registry[str]) -> None:
    registry.add("x", "1", owner="mine")
    copy = registry.without("other")
    copy.add("y", "2", owner="mine")
    assert "y" not in registry
    registry.take_over(copy)
    assert set(registry) == {"x", "y"}


def test_a_reader_keeps_what_it_looks_at(registry: Registry[str]) -> None:
    registry.add("x", "1", owner="mine")
    names = iter(registry)
    registry.add("y", "2", owner="mine")
    registry.remove_owner("mine")
    assert list(names) == ["x"]
