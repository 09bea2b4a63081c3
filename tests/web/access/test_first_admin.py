from concurrent.futures import ThreadPoolExecutor

import pytest
from tests.web.access.conftest import QUICK

from duetime.app.app import App
from duetime.core.access import EVERYTHING, Feature, Grant, Grants, Role
from duetime.core.logins import LoginStatus
from duetime.store.store import Store
from duetime.web.access.administrators import has_administrator
from duetime.web.access.first_admin import GROUP, LOGIN, ensure_admin
from duetime.web.access.passwords import Passwords


@pytest.fixture
def any_app(store: Store) -> App:
    return App(store, providers={}, installed_plugins=False)


def test_the_first_start_makes_an_administrator_and_tells_the_password_once(any_app: App) -> None:
    passwords = Passwords(QUICK)
    password = ensure_admin(any_app, passwords=passwords)
    assert password is not None
    with any_app.store.read() as tx:
        login = tx.logins.get(LOGIN)
        assert passwords.fits(password, login.password_hash)
        assert login.must_change
        assert has_administrator(tx)
        entries = [*tx.audit.about(f"login:{LOGIN}"), *tx.audit.about(f"access_group:{GROUP}")]
    assert [entry.verb for entry in entries] == ["login.add", "access_group.save"]
    assert password not in repr(entries)
    assert ensure_admin(any_app, passwords=passwords) is None


def test_a_disabled_login_is_a_login(any_app: App) -> None:
    with any_app.store.write() as tx:
        login = tx.logins.add("ann", password_hash="x")
        tx.logins.change(login.login_id, status=LoginStatus.DISABLED)
    assert ensure_admin(any_app, passwords=Passwords(QUICK)) is None


def test_of_several_servers_that_start_at_once_one_makes_it(any_app: App) -> None:
    with ThreadPoolExecutor(6) as pool:
        told = list(pool.map(lambda _: ensure_admin(any_app, passwords=Passwords(QUICK)), range(6)))
    (password,) = [each for each in told if each is not None]
    with any_app.store.read() as tx:
        (login,) = tx.logins.page().rows
    assert Passwords(QUICK).fits(password, login.password_hash)


def test_a_group_of_that_name_that_opens_less_is_put_right(any_app: App) -> None:
    with any_app.store.write() as tx:
        tx.access_groups.save(GROUP, grants=Grants((Grant(Feature.EVENTS, Role.VIEWER),)))
    assert ensure_admin(any_app, passwords=Passwords(QUICK)) is not None
    with any_app.store.read() as tx:
        assert tx.access_groups.get(GROUP).grants == EVERYTHING
