"""Somebody always remains who can say what is open to whom, whoever changes what at the same time."""

import threading
from collections.abc import Callable

import pytest

from duetime.core.access import EVERYTHING, Feature, Grant, Grants, Role
from duetime.core.logins import LoginStatus
from duetime.store.store import Store, Transaction
from duetime.web.access.group_steering import add_member, delete_group, remove_member, save_group
from duetime.web.access.login_steering import change_login, set_status
from duetime.web.errors import LastAdministrator

VIEWER = Grants((Grant(None, Role.VIEWER),))
IN_DEV = Grants((Grant(Feature.ACCESS, Role.ADMIN, frozenset({"dev"})),))


@pytest.fixture
def admins(store: Store) -> Store:
    with store.write() as tx:
        tx.access_groups.save("admins", grants=EVERYTHING)
        for name in ("ann", "ben"):
            login = tx.logins.add(name, password_hash="x")
            tx.access_groups.add_member("admins", login.login_id)
    return store


def _without_ben(tx: Transaction) -> None:
    remove_member(tx, actor="test", name="admins", login=tx.logins.get("ben"))


@pytest.mark.parametrize(
    "change",
    [
        lambda tx: set_status(tx, actor="test", login=tx.logins.get("ann"), status=LoginStatus.DISABLED),
        lambda tx: remove_member(tx, actor="test", name="admins", login=tx.logins.get("ann")),
        lambda tx: delete_group(tx, actor="test", name="admins"),
        lambda tx: save_group(tx, actor="test", name="admins", grants=VIEWER),
        lambda tx: save_group(tx, actor="test", name="admins", grants=IN_DEV),
        lambda tx: save_group(tx, actor="test", name="admins", grants=Grants()),
    ],
)
def test_the_last_administrator_stays(admins: Store, change: Callable[[Transaction], object]) -> None:
    with admins.write() as tx:
        _without_ben(tx)
    with pytest.raises(LastAdministrator), admins.write() as tx:
        change(tx)
    with admins.read() as tx:
        login = tx.logins.get("ann")
        assert login.status is LoginStatus.ACTIVE
        assert tx.access_groups.grants_of(login.login_id) == EVERYTHING
    with admins.write() as tx:
        add_member(tx, actor="test", name="admins", login=tx.logins.get("ben"))
        set_status(tx, actor="test", login=tx.logins.get("ann"), status=LoginStatus.DISABLED)


def test_unlinking_the_last_one_who_has_no_password_is_refused(store: Store) -> None:
    with store.write() as tx:
        tx.access_groups.save("admins", grants=EVERYTHING)
        login = tx.logins.add("ann", oidc=("https://issuer.example", "1"))
        tx.access_groups.add_member("admins", login.login_id)
    with pytest.raises(LastAdministrator), store.write() as tx:
        change_login(tx, actor="test", login=tx.logins.get("ann"), identity=None)


def test_where_nobody_administers_changes_are_made_all_the_same(store: Store) -> None:
    with store.write() as tx:
        login = tx.logins.add("ann", password_hash="x")
        set_status(tx, actor="test", login=login, status=LoginStatus.DISABLED)
        save_group(tx, actor="test", name="viewers", grants=VIEWER)
        delete_group(tx, actor="test", name="viewers")


def test_two_administrators_cannot_take_the_role_from_each_other_at_once(admins: Store) -> None:
    both = threading.Barrier(2)
    said: list[str] = []

    def demote(name: str) -> None:
        both.wait(10)
        try:
            with admins.write() as tx:
                remove_member(tx, actor="test", name="admins", login=tx.logins.get(name))
            said.append("done")
        except LastAdministrator:
            said.append("refused")

    threads = [threading.Thread(target=demote, args=(name,)) for name in ("ann", "ben")]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(20)
    assert sorted(said) == ["done", "refused"]
    with admins.read() as tx:
        assert len(tx.access_groups.members("admins")) == 1


def test_what_changes_nothing_is_not_in_the_audit_trail(admins: Store) -> None:
    with admins.write() as tx:
        ann = tx.logins.get("ann")
        set_status(tx, actor="test", login=ann, status=LoginStatus.ACTIVE)
        add_member(tx, actor="test", name="admins", login=ann)
        save_group(tx, actor="test", name="admins", grants=EVERYTHING)
        change_login(tx, actor="test", login=ann, name="")
        assert tx.audit.about("login:ann") == tx.audit.about("access_group:admins") == []
