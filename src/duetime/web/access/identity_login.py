"""Logging in by OpenID Connect: from what the provider says about somebody to a login."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from duetime.core.errors import Conflict, UnknownName
from duetime.core.logins import Login, LoginStatus
from duetime.engine.log import get_logger
from duetime.store.store import Store, Transaction
from duetime.web.access.administrators import has_administrator
from duetime.web.access.browser_sessions import Browser, NewSession, open_session
from duetime.web.access.group_steering import add_member, remove_member
from duetime.web.access.login_steering import add_login
from duetime.web.errors import IdentityRefused
from duetime.web.oidc_settings import OidcSettings
from duetime.web.web_settings import WebSettings

_log = get_logger("duetime.web")
_NAME_CLAIMS = ("preferred_username", "email")
_NOT_IN_NAMES = re.compile(r"[^a-z0-9._@+-]")


@dataclass(frozen=True, slots=True)
class IdentityLogin:
    """Lets people in whom the identity provider vouches for."""

    store: Store
    settings: WebSettings
    oidc: OidcSettings

    def let_in(self, claims: Mapping[str, Any], *, browser: Browser, old_token: str | None) -> NewSession:
        """Open a session for the login that belongs to somebody.

        Args:
            claims: what the provider has said and signed.
            browser: where from.
            old_token: the cookie of the session that the browser still has.

        Raises:
            IdentityRefused: no login belongs to them and none may be made, or theirs is disabled.
        """
        with self.store.write() as tx:
            tx.access_groups.lock()
            login = tx.logins.by_oidc(self.oidc.issuer, claims["sub"]) or self._made(tx, claims)
            if login.status is not LoginStatus.ACTIVE:
                raise IdentityRefused(f"the login {login.login} is disabled")
            self._adjust_groups(tx, login, claims)
            return open_session(tx, login, settings=self.settings, browser=browser, by="oidc", old_token=old_token)

    def _made(self, tx: Transaction, claims: Mapping[str, Any]) -> Login:
        subject = claims["sub"]
        if not self.oidc.auto_create:
            raise IdentityRefused(f"no login is linked to the subject {subject[:200]!r}; an administrator can link one")
        name = _name_in(claims)
        if name is None:
            raise IdentityRefused("the provider gives no name that a login could have")
        try:
            return add_login(
                tx,
                actor="oidc",
                login=name,
                password_hash=None,
                name=str(claims.get("name") or ""),
                identity=(self.oidc.issuer, subject),
            )
        except Conflict as error:  # never hand over a login that somebody else may have
            raise IdentityRefused(
                f"there is a login {name} that is not linked to this subject; an administrator can link it"
            ) from error

    def _adjust_groups(self, tx: Transaction, login: Login, claims: Mapping[str, Any]) -> None:
        """Put somebody into the access groups that belong to their groups there, and take them out of the others."""
        told = claims.get(self.oidc.group_claim)
        theirs = {told} if isinstance(told, str) else {each for each in told or () if isinstance(each, str)}
        wanted = {group for there, group in self.oidc.groups.items() if there in theirs}
        present = {group.name for group in tx.access_groups.of(login.login_id)}
        for group in sorted(wanted - present):
            try:
                add_member(tx, actor="oidc", name=group, login=login)
            except UnknownName as error:
                _log.warning("web.oidc_group_unknown", login=login.login, problem=str(error))
        for group in sorted((set(self.oidc.groups.values()) - wanted) & present):
            self._leave(tx, login, group)

    def _leave(self, tx: Transaction, login: Login, group: str) -> None:
        """Take somebody out of a group, unless nobody would administer access any more."""
        had_one = has_administrator(tx)
        tx.access_groups.remove_member(group, login.login_id)
        is_last = had_one and not has_administrator(tx)
        tx.access_groups.add_member(group, login.login_id)
        if is_last:
            _log.warning("web.oidc_last_administrator_kept", login=login.login, group=group)
            return
        remove_member(tx, actor="oidc", name=group, login=login)


def _name_in(claims: Mapping[str, Any]) -> str | None:
    """Return the name that a new login gets, or None when the provider gives none that fits."""
    for claim in _NAME_CLAIMS:
        told = claims.get(claim)
        if isinstance(told, str):
            name = _NOT_IN_NAMES.sub("-", told.strip().lower())[:100].lstrip("._@+-")
            if name:
                return name
    return None
