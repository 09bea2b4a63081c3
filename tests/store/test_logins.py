from datetime import timedelta

import pytest
from tests.store.scene import Scene

from duetime.core.access import EVERYTHING, Feature, Grant, Grants, Role
from duetime.core.errors import Conflict, Invalid, UnknownName
from duetime.core.logins import Attempts, LoginStatus
from duetime.store.store import Store
from duetime.testing.clock import ManualClock

VIEWER = Grants((Grant(Feature.EVENTS, Role.VIEWER, frozenset({"dev"})),))
HOUR = timedelta(hours=1)


def test_logins_are_added_changed_and_found(scene: Scene) -> None:
    with scene.store.read() as tx:
        assert not tx.logins.is_any()
        assert tx.logins.find("ann") is None
    with scene.store.write() as tx:
        added = tx.logins.add(" Ann ", name="  Ann\n Other ", user_resource_id="divvyuser:7", password_hash="x")
        tx.logins.add("ben", oidc=("https://issuer.example", "7"))
    assert (added.login, added.name, added.status) == ("ann", "Ann Other", LoginStatus.ACTIVE)
    assert added.created_at == scene.now
    assert "x" not in repr(added).partition("password_hash")[2][:3]
    with scene.store.write() as tx:
        changed = tx.logins.change(added.login_id, name="A", status=LoginStatus.DISABLED, must_change=True)
        assert (changed.name, changed.status, changed.must_change) == ("A", LoginStatus.DISABLED, True)
        tx.logins.note_seen(added.login_id)
    with scene.store.read() as tx:
        assert tx.logins.is_any()
        assert tx.logins.get("ANN").seen_at == scene.now
        assert tx.logins.by_ids({added.login_id, 77, 78}) == {added.login_id: tx.logins.get("ann")}
        ben = tx.logins.by_oidc("https://issuer.example", "7")
        assert ben is not None
        assert ben.login == "ben"
        assert tx.logins.by_oidc("https://other.example", "7") is None


@pytest.mark.parametrize("bad", ["", " ", "a b", "-a", "a/b", "\u00e4nn", "a\x00", "a" * 101, "a\nb", "<b>"])
def test_names_that_nobody_could_type_are_refused(scene: Scene, bad: str) -> None:
    with scene.store.write() as tx:
        with pytest.raises(Invalid, match="A login has up to 100 letters"):
            tx.logins.add(bad)
        assert tx.logins.find(bad) is None


def test_a_login_and_an_identity_are_somebodys_alone(scene: Scene) -> None:
    with scene.store.write() as tx:
        tx.logins.add("ann", oidc=("https://issuer.example", "7"))
        ben = tx.logins.add("ben")
    with pytest.raises(Conflict, match="There is a login ann already"), scene.store.write() as tx:
        tx.logins.add("ANN")
    with pytest.raises(Conflict, match="linked to this subject"), scene.store.write() as tx:
        tx.logins.add("eve", oidc=("https://issuer.example", "7"))
    with pytest.raises(Conflict, match="linked to this subject"), scene.store.write() as tx:
        tx.logins.link(ben.login_id, ("https://issuer.example", "7"))
    with scene.store.write() as tx:
        assert tx.logins.link(tx.logins.get("ann").login_id, None).oidc_subject is None
        assert tx.logins.link(ben.login_id, ("https://issuer.example", "7")).oidc_subject == "7"
        assert tx.logins.link(ben.login_id, ("https://issuer.example", "7")).oidc_subject == "7"
        tx.logins.link(ben.login_id, None)
        tx.logins.add("eve")  # two without an identity are no conflict


def test_a_login_that_is_not_there_is_answered_with_the_nearest(scene: Scene) -> None:
    with scene.store.write() as tx:
        tx.logins.add("ann")
        with pytest.raises(UnknownName, match="Did you mean ann"):
            tx.logins.get("anna")
        with pytest.raises(UnknownName):
            tx.logins.require(77)
        with pytest.raises(UnknownName):
            tx.logins.get("a\x00")


def test_logins_are_paged_by_name(scene: Scene) -> None:
    with scene.store.write() as tx:
        for name in ("eve", "ann", "ben"):
            tx.logins.add(name)
    with scene.store.read() as tx:
        first = tx.logins.page(most=2)
        assert ([login.login for login in first.rows], first.next) == (["ann", "ben"], "ben")
        last = tx.logins.page(after=first.next, most=2)
        assert ([login.login for login in last.rows], last.next) == (["eve"], None)
        assert tx.logins.page(after="zz\x00\ud800").rows == ()


def test_groups_add_up(scene: Scene) -> None:
    with scene.store.write() as tx:
        ann, ben = tx.logins.add("ann"), tx.logins.add("ben")
        saved = tx.access_groups.save("viewers", grants=VIEWER, description=" see\n it ")
        tx.access_groups.save("admins", grants=EVERYTHING)
        assert tx.access_groups.add_member("viewers", ann.login_id)
        assert not tx.access_groups.add_member("viewers", ann.login_id)
        tx.access_groups.add_member("admins", ann.login_id)
    assert (saved.description, saved.grants, saved.changed_at) == ("see it", VIEWER, scene.now)
    with scene.store.read() as tx:
        assert [group.name for group in tx.access_groups.all()] == ["admins", "viewers"]
        assert [group.name for group in tx.access_groups.of(ann.login_id)] == ["admins", "viewers"]
        assert tx.access_groups.of_logins([ben.login_id]) == {}
        assert tx.access_groups.grants_of(ann.login_id) == Grants((*EVERYTHING.grants, *VIEWER.grants))
        assert tx.access_groups.grants_of(ben.login_id) == Grants()
        assert [login.login for login in tx.access_groups.members("viewers")] == ["ann"]
        assert tx.access_groups.sizes() == {"admins": 1, "viewers": 1}
        assert [(login.login, grants) for login, grants in tx.access_groups.everybody()] == [
            ("ann", Grants((*EVERYTHING.grants, *VIEWER.grants)))
        ]


def test_a_group_that_is_deleted_opens_nothing_when_it_comes_back(scene: Scene) -> None:
    with scene.store.write() as tx:
        ann = tx.logins.add("ann")
        tx.access_groups.save("viewers", grants=VIEWER)
        tx.access_groups.add_member("viewers", ann.login_id)
        tx.access_groups.save("viewers", grants=EVERYTHING)
        assert tx.access_groups.grants_of(ann.login_id) == EVERYTHING
        tx.access_groups.delete("viewers")
        tx.access_groups.save("viewers", grants=VIEWER)
        assert tx.access_groups.grants_of(ann.login_id) == Grants()
        assert not tx.access_groups.remove_member("viewers", ann.login_id)
        for verb in (tx.access_groups.get, tx.access_groups.delete):
            with pytest.raises(UnknownName, match="Did you mean viewers"):
                verb("viewer")
        with pytest.raises(UnknownName):
            tx.access_groups.add_member("viewer", ann.login_id)


@pytest.mark.parametrize("bad", ["", " a", "a ", "a/b", "a\nb", "\u00e4", "a" * 101, "a\x00"])
def test_names_of_groups_that_nobody_could_type_are_refused(scene: Scene, bad: str) -> None:
    with scene.store.write() as tx, pytest.raises(Invalid, match="The name of an access group"):
        tx.access_groups.save(bad, grants=VIEWER)


def test_sessions_live_until_they_are_too_old_unused_or_ended(store: Store, clock: ManualClock) -> None:
    with store.write() as tx:
        for number, life in ((1, 3), (2, 30), (3, 30)):
            tx.web_sessions.open(bytes([number]), login_id=7, csrf_token="t", life=life * HOUR, agent="a" * 1000)
        now = tx.now
    with store.read() as tx:
        first = tx.web_sessions.find(b"\x01")
        assert first is not None
        assert (first.created_at, first.expires_at, len(first.agent)) == (now, now + 3 * HOUR, 300)
        assert first.is_live(now=now + 2 * HOUR, idle=4 * HOUR)
        assert not first.is_live(now=now + 2 * HOUR, idle=2 * HOUR)
        assert not first.is_live(now=now + 3 * HOUR, idle=4 * HOUR)
        assert tx.web_sessions.find(b"\x09") is None
        assert len(tx.web_sessions.of_login(7, idle=HOUR)) == 3
        assert tx.web_sessions.of_login(8, idle=HOUR) == []
    with store.write() as tx:
        assert tx.web_sessions.revoke(b"\x03")
        assert not tx.web_sessions.revoke(b"\x03")
        assert tx.web_sessions.prune(idle=HOUR) == 0
    clock.move_to(clock.now() + 2 * HOUR)
    with store.write() as tx:
        tx.web_sessions.touch(b"\x01")
        assert [session.token_hash for session in tx.web_sessions.of_login(7, idle=HOUR)] == [b"\x01"]
        assert tx.web_sessions.prune(idle=HOUR) == 1
        assert tx.web_sessions.find(b"\x02") is None
    clock.move_to(clock.now() + HOUR)
    with store.write() as tx:
        assert tx.web_sessions.prune(idle=4 * HOUR) == 1
        for number in (4, 5, 6):
            tx.web_sessions.open(bytes([number]), login_id=7, csrf_token="t", life=HOUR)
        tx.web_sessions.open(b"\x07", login_id=8, csrf_token="t", life=HOUR)
        assert tx.web_sessions.revoke_all(7, but=b"\x05") == 2
        assert tx.web_sessions.revoke_all(7) == 1
        assert tx.web_sessions.find(b"\x07") is not None


def test_keys_are_added_used_and_revoked(scene: Scene) -> None:
    with scene.store.write() as tx:
        first = tx.api_keys.add(b"1", login_id=7, prefix="aaaaaaaa", grants=VIEWER, name=" a\nb ")
        second = tx.api_keys.add(b"2", login_id=7, prefix="b", grants=EVERYTHING, expires_at=tx.now + HOUR)
        third = tx.api_keys.add(b"3", login_id=8, prefix="c", grants=VIEWER)
        assert (first.name, first.grants, first.used_at, first.is_live(now=tx.now)) == ("a b", VIEWER, None, True)
        assert second.is_live(now=tx.now)
        assert not second.is_live(now=tx.now + HOUR)
        tx.api_keys.note_used(first.key_id)
        assert tx.api_keys.get(first.key_id).used_at == tx.now
        assert tx.api_keys.find(b"2") == second
        assert tx.api_keys.find(b"9") is None
        page = tx.api_keys.page(most=2)
        assert [key.key_id for key in page.rows] == [third.key_id, second.key_id]
        assert [key.key_id for key in tx.api_keys.page(before=page.next).rows] == [first.key_id]
        assert [key.key_id for key in tx.api_keys.page(login_id=8).rows] == [third.key_id]
        assert tx.api_keys.live_of(7) == (second, tx.api_keys.get(first.key_id))
        assert tx.api_keys.revoke(first.key_id)
        assert tx.api_keys.live_of(7) == (second,)
        assert not tx.api_keys.revoke(first.key_id)
        assert tx.api_keys.revoke_all(7) == 1
        assert not tx.api_keys.get(second.key_id).is_live(now=tx.now)
        assert tx.api_keys.get(third.key_id).is_live(now=tx.now)
        tx.api_keys.add(b"4", login_id=8, prefix="d", grants=VIEWER, expires_at=tx.now)
        assert tx.api_keys.live_of(8) == (third,)
        with pytest.raises(UnknownName):
            tx.api_keys.get(2**62)


def test_attempts_are_counted_and_forgotten(scene: Scene) -> None:
    with scene.store.write() as tx:
        assert tx.login_attempts.find("login:a") is None
        counts = tx.login_attempts.locked(["login:a", "address:x"])
        assert {count.who: count.failures for count in counts.values()} == {"login:a": 0, "address:x": 0}
        tx.login_attempts.write([Attempts("login:a", 3, tx.now, tx.now + HOUR)])
        tx.login_attempts.write([])
    with scene.store.write() as tx:
        assert tx.login_attempts.find("login:a") == Attempts("login:a", 3, scene.now, scene.now + HOUR)
        assert tx.login_attempts.locked(["login:a"])["login:a"].failures == 3
        tx.login_attempts.write([Attempts("login_x", 1, scene.now, None)])
        assert tx.login_attempts.prune("login:", before=scene.now) == 0
        assert tx.login_attempts.prune("login:", before=scene.now + HOUR) == 1
        assert tx.login_attempts.find("login_x") is not None
        assert tx.login_attempts.forget(["address:x", "login_x", "nobody"]) == 2
