"""Logging in by password."""

from dataclasses import dataclass
from datetime import timedelta

from duetime.core.logins import Attempts, Login, LoginStatus
from duetime.engine.log import get_logger
from duetime.store.store import Store, Transaction
from duetime.web.access import attempts
from duetime.web.access.browser_sessions import Browser, NewSession, open_session
from duetime.web.access.origins import network_of
from duetime.web.access.passwords import Passwords
from duetime.web.access.tokens import new_token
from duetime.web.errors import LoginRefused, TooManyAttempts
from duetime.web.web_settings import WebSettings

_log = get_logger("duetime.web")


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """An attempt to log in.

    Attributes:
        login: what was typed as the login.
        password: what was typed as the password.
        browser: where from.
        device: the cookie by which a browser is known that has logged in before.
        old_token: the cookie of the session that the browser still has.
    """

    login: str
    password: str
    browser: Browser
    device: str | None = None
    old_token: str | None = None


@dataclass(frozen=True, slots=True)
class LetIn:
    """An attempt that succeeded.

    Attributes:
        device: the cookie by which the browser is known from now on.
    """

    login: Login
    opened: NewSession
    device: str


class PasswordLogin:
    """Lets people in by password, as often as they may try."""

    def __init__(self, store: Store, *, settings: WebSettings, passwords: Passwords) -> None:
        self._store = store
        self._settings = settings
        self._passwords = passwords

    def log_in(self, asked: Asked) -> LetIn:
        """Open a session for whoever knows the password.

        The attempt is counted as a failure before the password is looked at and taken back when it fits: a thousand
        attempts at the same time get no more answers than a thousand in turn.

        Raises:
            LoginRefused: the login or the password is wrong, or the login is disabled; the same is done for each.
            TooManyAttempts: it was tried too often; nothing was looked at.
        """
        login, counted = self._proved(asked)
        fresh = self._fresh_hash(asked.password, login)
        with self._store.write() as tx:
            return self._let_in(tx, login, asked=asked, counted=counted, fresh=fresh)

    def prove(self, asked: Asked) -> Login:
        """Return the login of somebody who is logged in and has typed their password once more.

        Raises:
            LoginRefused: it is wrong.
            TooManyAttempts: it was tried too often; nothing was looked at.
        """
        login, counted = self._proved(asked)
        with self._store.write() as tx:
            self._forget(tx, counted)
        return login

    def _proved(self, asked: Asked) -> tuple[Login, tuple[str, ...]]:
        """Return the login whose password was typed, and what the attempt was counted for."""
        counted = self._count(asked)
        with self._store.read() as tx:
            login = tx.logins.find(asked.login)
        kept = login.password_hash if login is not None and login.status is LoginStatus.ACTIVE else None
        fits = self._passwords.fits(asked.password, kept)
        if login is None or not fits:
            _log.warning(
                "web.login_refused",
                login=None if login is None else login.login,  # not what was typed: it may be the password
                address=asked.browser.address,
            )
            raise LoginRefused
        return login, counted

    def _count(self, asked: Asked) -> tuple[str, ...]:
        """Count an attempt, and return what it was counted for.

        Raises:
            TooManyAttempts: one of them is blocked; it was not counted.
        """
        with self._store.write() as tx:
            now = tx.now
            whos = self._counters(tx, asked)
            counts = tx.login_attempts.locked(whos)
            seconds = attempts.seconds_blocked(counts.values(), now=now)
            if not seconds:
                after = [attempts.failed_again(count, now=now) for count in counts.values()]
                spent = [count.who for count in after if _is_spent(count)]
                tx.login_attempts.write([count for count in after if not _is_spent(count)])
                tx.login_attempts.forget(spent)
        if seconds:
            raise TooManyAttempts(seconds)
        return whos

    def _counters(self, tx: Transaction, asked: Asked) -> tuple[str, ...]:
        if asked.device:
            device = attempts.device_counter(asked.login, asked.device)
            if tx.login_attempts.find(device) is not None:
                return (device,)
        return attempts.login_counter(asked.login), f"{attempts.ADDRESS}{network_of(asked.browser.address)}"

    def _fresh_hash(self, password: str, login: Login) -> str | None:
        """Return how a password is kept from now on when the parameters have changed, else None."""
        if login.password_hash is None or not self._passwords.is_outdated(login.password_hash):
            return None
        return self._passwords.hash(password)

    def _let_in(
        self, tx: Transaction, login: Login, *, asked: Asked, counted: tuple[str, ...], fresh: str | None
    ) -> LetIn:
        present = tx.logins.require(login.login_id)
        if present.status is not LoginStatus.ACTIVE or present.password_hash != login.password_hash:
            raise LoginRefused  # it was disabled, or got another password, meanwhile
        if fresh is not None:
            tx.logins.change(login.login_id, password_hash=fresh)
        self._forget(tx, counted)
        device = new_token()
        tx.login_attempts.write([Attempts(attempts.device_counter(asked.login, device), 0, tx.now, None)])
        opened = open_session(
            tx, login, settings=self._settings, browser=asked.browser, by="password", old_token=asked.old_token
        )
        return LetIn(present, opened, device)

    def _forget(self, tx: Transaction, counted: tuple[str, ...]) -> None:
        """Take back what was counted for an attempt that succeeded, and what is long past for everybody."""
        tx.login_attempts.forget([who for who in counted if not who.startswith(attempts.ADDRESS)])
        addresses = [who for who in counted if who.startswith(attempts.ADDRESS)]
        tx.login_attempts.write([attempts.taken_back(each) for each in tx.login_attempts.locked(addresses).values()])
        tx.login_attempts.prune(attempts.DEVICE, before=tx.now - attempts.DEVICE_LIFE)
        for prefix, limit in attempts.LIMITS.items():
            tx.login_attempts.prune(prefix, before=tx.now - max(limit.forget, timedelta(hours=1)))


def _is_spent(count: Attempts) -> bool:
    """Return whether a known browser has failed so often that it is known no longer."""
    return count.who.startswith(attempts.DEVICE) and count.failures > attempts.DEVICE_FREE
