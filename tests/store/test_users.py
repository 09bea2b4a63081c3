import pytest
from tests.store.scene import Scene

from duetime.core.errors import Conflict, Invalid, UnknownName
from duetime.core.users import User, UserStatus


def test_users_are_registered_changed_and_found(scene: Scene) -> None:
    with scene.store.read() as tx:
        assert not tx.users.is_any()
    with scene.store.write() as tx:
        added = tx.users.add("divvyuser:7", name="Ann", event_types=["divvy.stop_*", "divvy.stop_*", "x.y"])
        tx.users.add("divvyuser:8")
    assert added == User("divvyuser:7", "Ann", UserStatus.ACTIVE, ("divvy.stop_*", "x.y"), scene.now)
    with scene.store.write() as tx:
        assert tx.users.set_status("divvyuser:7", UserStatus.DISABLED).status is UserStatus.DISABLED
        assert tx.users.allow("divvyuser:8", ["divvy.*"]).event_types == ("divvy.*",)
    with scene.store.read() as tx:
        assert tx.users.is_any()
        assert [user.user_resource_id for user in tx.users.all()] == ["divvyuser:7", "divvyuser:8"]
        assert tx.users.get("divvyuser:7").status is UserStatus.DISABLED
        assert set(tx.users.by_ids({"divvyuser:8", "nobody"})) == {"divvyuser:8"}
        assert tx.users.by_ids([]) == {}


def test_a_user_is_registered_once(scene: Scene) -> None:
    with scene.store.write() as tx:
        tx.users.add("divvyuser:7")
    with pytest.raises(Conflict, match="registered already"), scene.store.write() as tx:
        tx.users.add("divvyuser:7", name="again")
    with scene.store.read() as tx:
        assert tx.users.get("divvyuser:7").name == ""


def test_a_user_that_is_not_there_is_answered_with_the_nearest(scene: Scene) -> None:
    with scene.store.write() as tx:
        tx.users.add("divvyuser:7")
        for verb in (tx.users.get, lambda user: tx.users.set_status(user, UserStatus.ACTIVE)):
            with pytest.raises(UnknownName, match="divvyuser:7"):
                verb("divvyuser:77")


@pytest.mark.parametrize("bad", ["", "divvy user", "a\x00b", "x" * 201, "a\nb"])
def test_ids_and_patterns_that_nobody_could_type_are_refused(scene: Scene, bad: str) -> None:
    with scene.store.write() as tx:
        tx.users.add("divvyuser:7")
        with pytest.raises(Invalid, match="printable characters without spaces"):
            tx.users.add(bad)
        with pytest.raises(Invalid, match="printable characters without spaces"):
            tx.users.allow("divvyuser:7", ["divvy.*", bad])


def test_to_allow_nothing_is_to_disable(scene: Scene) -> None:
    with scene.store.write() as tx:
        tx.users.add("divvyuser:7")
        with pytest.raises(Invalid, match="disable the user"):
            tx.users.allow("divvyuser:7", [])


@pytest.mark.parametrize(
    ("patterns", "allowed"),
    [(("*",), True), (("divvy.stop_*",), True), (("divvy.start_*",), False), (("DIVVY.*",), False), ((), False)],
)
def test_a_pattern_covers_event_types_in_their_own_case(patterns: tuple[str, ...], allowed: bool) -> None:
    assert User("divvyuser:7", event_types=patterns).may("divvy.stop_resource") is allowed
