"""Guessing passwords: slower and slower, counted where every server sees it, and nobody is locked out for ever."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta

import pytest
from fastapi import FastAPI
from hypothesis import given
from hypothesis import strategies as st
from starlette.testclient import TestClient
from tests.web.access.conftest import PASSWORD, QUICK, Add, Enter

from duetime.app.app import App
from duetime.core.logins import Attempts
from duetime.store.store import Store
from duetime.testing.clock import ManualClock
from duetime.web.access import attempts
from duetime.web.access.attempts import LIMITS, failed_again, login_counter, seconds_blocked, taken_back
from duetime.web.access.browser_sessions import Browser as Machine
from duetime.web.access.login_steering import set_password
from duetime.web.access.origins import network_of
from duetime.web.access.password_login import Asked, PasswordLogin
from duetime.web.access.passwords import Passwords
from duetime.web.errors import LoginRefused, TooManyAttempts
from duetime.web.web_settings import WebSettings

NOW = datetime(2026, 3, 2, 19, tzinfo=UTC)
Browser = Callable[[], TestClient]


def guess(client: TestClient, *, login: str = "ann", password: str = "wrong password") -> int:
    return client.post("/login", data={"login": login, "password": password}, follow_redirects=False).status_code


def test_guessing_is_blocked_and_the_right_password_too(add: Add, browser: Browser, clock: ManualClock) -> None:
    add("ann")
    client = browser()
    free = LIMITS["login:"].free
    assert [guess(client) for _ in range(free + 1)] == [401] * (free + 1)
    blocked = client.post("/login", data={"login": "ann", "password": PASSWORD})
    assert (blocked.status_code, blocked.headers["retry-after"]) == (429, "2")
    assert "Too many attempts to log in. Try again in 2 seconds." in blocked.text
    clock.move_to(clock.now() + timedelta(seconds=2))
    assert guess(client) == 401
    assert guess(client) == 429
    clock.move_to(clock.now() + timedelta(seconds=4))
    assert guess(client, password=PASSWORD) == 303


def test_what_is_asked_during_a_block_does_not_make_it_longer(
    app: App, add: Add, browser: Browser, clock: ManualClock
) -> None:
    add("ann")
    client = browser()
    for _ in range(50):
        guess(client)
    with app.store.read() as tx:
        count = tx.login_attempts.find(login_counter("ann"))
    assert count is not None
    assert count.failures == LIMITS["login:"].free + 1
    clock.move_to(clock.now() + timedelta(seconds=2))
    assert guess(client, password=PASSWORD) == 303


def test_logins_that_do_not_exist_are_blocked_alike(add: Add, browser: Browser) -> None:
    add("ann")
    answers = {login: [guess(browser(), login=login) for _ in range(8)] for login in ("ann", "nobody")}
    assert answers["ann"] == answers["nobody"]


def test_a_browser_that_has_logged_in_before_is_not_kept_out_by_others(
    add: Add, browser: Browser, enter: Enter
) -> None:
    add("ann")
    known = enter("ann").client
    stranger = browser()
    for _ in range(20):
        guess(stranger)
    assert guess(stranger, password=PASSWORD) == 429
    assert guess(known, password=PASSWORD) == 303


def test_a_known_browser_may_not_guess_for_ever(add: Add, browser: Browser, enter: Enter) -> None:
    add("ann")
    thief = enter("ann").client
    answers = [guess(thief) for _ in range(attempts.DEVICE_FREE + 1 + LIMITS["login:"].free + 1 + 1)]
    assert answers[:-1] == [401] * (len(answers) - 1)
    assert answers[-1] == 429


def test_the_cookie_of_a_known_browser_is_for_its_login_alone(add: Add, browser: Browser, enter: Enter) -> None:
    add("ann")
    add("ben")
    thief = enter("ben").client
    for _ in range(6):
        guess(thief, login="ann")
    assert guess(thief, login="ann") == 429


def test_another_password_makes_every_browser_unknown(
    app: App, add: Add, browser: Browser, enter: Enter, passwords: Passwords
) -> None:
    login = add("ann")
    known = enter("ann").client
    with app.store.write() as tx:
        set_password(tx, actor="test", login=login, password_hash=passwords.hash("another password"), must_change=False)
    stranger = browser()
    for _ in range(6):
        guess(stranger)
    assert guess(known) == 429


def test_one_address_cannot_go_through_all_logins(add: Add, browser: Browser) -> None:
    free = LIMITS["address:"].free
    client = browser()
    answers = [guess(client, login=f"login{number}") for number in range(free + 2)]
    assert answers == [401] * (free + 1) + [429]


def test_one_own_login_does_not_free_an_address(add: Add, browser: Browser, clock: ManualClock) -> None:
    add("eve")
    client = browser()
    for number in range(LIMITS["address:"].free):
        guess(client, login=f"login{number}")
    assert guess(client, login="eve", password=PASSWORD) == 303
    stranger = browser()
    assert [guess(stranger, login="x"), guess(stranger, login="y")] == [401, 429]


def test_many_attempts_at_once_get_no_more_answers_than_in_turn(store: Store) -> None:
    with store.write() as tx:
        tx.logins.add("ann", password_hash=Passwords(QUICK).hash(PASSWORD))
    desk = PasswordLogin(store, settings=WebSettings(), passwords=Passwords(QUICK))
    asked = Asked(login="ann", password="wrong password", browser=Machine("192.0.2.7", ""))

    def answer(_number: int) -> str:
        try:
            desk.log_in(asked)
        except (LoginRefused, TooManyAttempts) as error:
            return type(error).__name__
        return "let in"

    with ThreadPoolExecutor(8) as pool:
        answers = list(pool.map(answer, range(24)))
    assert answers.count("LoginRefused") == LIMITS["login:"].free + 1
    assert answers.count("let in") == 0


def test_what_is_typed_as_a_login_is_kept_nowhere(app: App, browser: Browser) -> None:
    guess(browser(), login="my secret password")
    with app.store.read() as tx:
        assert tx.login_attempts.find(login_counter("my secret password")) is not None
    assert "secret" not in login_counter("my secret password")


def test_the_same_is_done_for_every_login(app: App, web: FastAPI, add: Add, monkeypatch: pytest.MonkeyPatch) -> None:
    """No time is saved for a login that does not exist, has no password or is disabled: the slow part always runs."""
    from duetime.core.logins import LoginStatus

    add("ann")
    disabled = add("ben")
    with app.store.write() as tx:
        tx.logins.change(disabled.login_id, status=LoginStatus.DISABLED)
        tx.logins.add("eve", password_hash=None)
    verified: list[str] = []

    class Counting:
        def __getattr__(self, name: str) -> object:
            return getattr(QUICK, name)

        def verify(self, kept: str, password: bytes) -> bool:
            verified.append(kept.rpartition("$")[0].rpartition("$")[0])
            return QUICK.verify(kept, password)

    desk = PasswordLogin(app.store, settings=WebSettings(), passwords=Passwords(Counting()))  # type: ignore[arg-type]
    for login in ("ann", "ben", "eve", "nobody"):
        with pytest.raises(LoginRefused):
            desk.log_in(Asked(login=login, password="wrong password", browser=Machine("192.0.2.7", "")))
    assert len(verified) == 4
    assert len(set(verified)) == 1  # of one kind, with the same parameters


@given(st.integers(min_value=0, max_value=10_000), st.sampled_from(["login:x", "address:x"]))
def test_blocks_grow_and_are_never_longer_than_a_quarter_of_an_hour(failures: int, who: str) -> None:
    count = Attempts(who, failures, NOW, None)
    once, twice = failed_again(count, now=NOW), failed_again(failed_again(count, now=NOW), now=NOW)
    first, second = (seconds_blocked([each], now=NOW) for each in (once, twice))
    assert first <= second <= 15 * 60
    assert (first > 0) == (failures + 1 > LIMITS[who.partition(":")[0] + ":"].free)


@pytest.mark.parametrize("who", ["login:x", "address:x"])
def test_old_failures_are_forgotten(who: str) -> None:
    count = Attempts(who, 1000, NOW, None)
    later = failed_again(count, now=NOW + LIMITS[who.partition(":")[0] + ":"].forget)
    assert (later.failures, later.blocked_until) == (1, None)


def test_a_failure_that_was_none_is_taken_back() -> None:
    count = Attempts("address:x", 7, NOW, None)
    assert taken_back(failed_again(count, now=NOW)).failures == 7
    assert taken_back(Attempts("address:x", 0, NOW, None)).failures == 0


@pytest.mark.parametrize(
    ("address", "counted"),
    [
        ("192.0.2.7", "192.0.2.7"),
        ("2001:db8:1:2:3:4:5:6", "2001:db8:1:2::/64"),
        ("2001:db8:1:2::9", "2001:db8:1:2::/64"),
        ("::ffff:192.0.2.7", "192.0.2.7"),
        ("", "unknown"),
        ("testclient", "testclient"),
    ],
)
def test_one_machine_is_one_address(address: str, counted: str) -> None:
    assert network_of(address) == counted
