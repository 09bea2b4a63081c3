"""Changing logins: for the pages, the API and the command line alike. Each change is in the audit trail.

Whoever calls this has made sure that `actor` may do it.
"""

from collections.abc import Sequence
from datetime import timedelta
from typing import Any, Final

from duetime.core.errors import Invalid
from duetime.core.logins import Login, LoginStatus
from duetime.core.sanitising import clean_text
from duetime.store.store import Transaction
from duetime.web.access import attempts
from duetime.web.access.administrators import keeping_an_administrator
from duetime.web.access.browser_sessions import end_sessions

_LONGEST_ID = 300
_UNCHANGED: Final = object()
Identity = tuple[str, str]
"""The issuer and the subject by which OpenID Connect knows somebody."""


def subject_of(login: Login) -> str:
    """Return how the audit trail names a login."""
    return f"login:{login.login}"


def add_login(
    tx: Transaction,
    *,
    actor: str,
    login: str,
    password_hash: str | None,
    name: str = "",
    user_resource_id: str | None = None,
    groups: Sequence[str] = (),
    identity: Identity | None = None,
) -> Login:
    """Add a login and put it into access groups.

    Args:
        tx: the transaction.
        actor: who does it.
        login: the name to log in with.
        password_hash: of a password that must be changed at once; None = no password fits.
        name: what people call them.
        user_resource_id: the user that events they schedule act for.
        groups: what they may do.
        identity: by which OpenID Connect knows them.

    Raises:
        Conflict: there is such a login, or another one has the identity.
        Invalid: a name or an id is none.
        UnknownName: there is no such group.
    """
    _require_identity(identity)
    tx.access_groups.lock()
    added = tx.logins.add(
        login,
        name=name,
        user_resource_id=_user_id(user_resource_id),
        password_hash=password_hash,
        must_change=password_hash is not None,
        oidc=identity,
    )
    for group in groups:
        tx.access_groups.add_member(group, added.login_id)
    after = {**_facts(added), "groups": sorted(set(groups)), "has_password": password_hash is not None}
    tx.audit.add(actor=actor, verb="login.add", subject=subject_of(added), after=after)
    return added


def change_login(
    tx: Transaction,
    *,
    actor: str,
    login: Login,
    name: str | None = None,
    user_resource_id: str | object | None = _UNCHANGED,
    identity: Identity | object | None = _UNCHANGED,
) -> Login:
    """Change what is known of a login; what is not given stays.

    Raises:
        Conflict: another login has the identity.
        Invalid: an id is none.
        LastAdministrator: nobody could come in any more who administers access.
    """
    with keeping_an_administrator(tx):
        before, changed = _facts(login), login
        if name is not None:
            changed = tx.logins.change(login.login_id, name=name)
        if user_resource_id is None or isinstance(user_resource_id, str):
            changed = tx.logins.change(login.login_id, user_resource_id=_user_id(user_resource_id))
        if identity is None or isinstance(identity, tuple):
            _require_identity(identity)
            changed = tx.logins.link(login.login_id, identity)
            end_sessions(tx, login, actor=actor)
        if _facts(changed) != before:
            tx.audit.add(
                actor=actor, verb="login.change", subject=subject_of(login), before=before, after=_facts(changed)
            )
    return changed


def set_status(tx: Transaction, *, actor: str, login: Login, status: LoginStatus, reason: str = "") -> Login:
    """Disable a login, which ends its sessions at once and stops its API keys, or let it in again.

    Raises:
        LastAdministrator: it is the last one that administers access.
    """
    if login.status is status:
        return login
    with keeping_an_administrator(tx):
        changed = tx.logins.change(login.login_id, status=status)
        if status is LoginStatus.DISABLED:
            end_sessions(tx, login, actor=actor)
        tx.audit.add(
            actor=actor,
            verb="login.disable" if status is LoginStatus.DISABLED else "login.enable",
            subject=subject_of(login),
            reason=reason,
            before={"status": login.status.value},
            after={"status": changed.status.value},
        )
    return changed


def set_password(
    tx: Transaction, *, actor: str, login: Login, password_hash: str, must_change: bool, but: bytes | None = None
) -> Login:
    """Give a login another password, which ends its sessions; its API keys stay.

    Args:
        tx: the transaction.
        actor: who does it.
        login: whose password.
        password_hash: argon2id.
        must_change: whether somebody else than the person chose it.
        but: the one session that goes on.
    """
    changed = tx.logins.change(login.login_id, password_hash=password_hash, must_change=must_change)
    end_sessions(tx, login, actor=actor, but=but)
    tx.login_attempts.prune(attempts.device_counters(login.login), before=tx.now + timedelta(seconds=1))
    tx.login_attempts.forget([attempts.login_counter(login.login)])
    tx.audit.add(
        actor=actor,
        verb="login.set_password",
        subject=subject_of(login),
        before={"must_change": login.must_change},
        after={"must_change": must_change},
    )
    return changed


def reset_login(tx: Transaction, *, actor: str, login: Login, password_hash: str, reason: str = "") -> Login:
    """Take a login back from whoever may have got hold of it.

    It gets a new password, its sessions end, its API keys are revoked, blocks on logging in are lifted.
    """
    changed = set_password(tx, actor=actor, login=login, password_hash=password_hash, must_change=True)
    revoked = tx.api_keys.revoke_all(login.login_id)
    tx.audit.add(
        actor=actor, verb="login.reset", subject=subject_of(login), reason=reason, after={"revoked_api_keys": revoked}
    )
    return changed


def _facts(login: Login) -> dict[str, Any]:
    return {
        "name": login.name,
        "user_resource_id": login.user_resource_id,
        "status": login.status.value,
        "oidc_issuer": login.oidc_issuer,
        "oidc_subject": login.oidc_subject,
    }


def _user_id(text: str | None) -> str | None:
    if text is None or not text:
        return None
    if len(text) > _LONGEST_ID or not text.isprintable() or " " in text or clean_text(text) != text:
        message = f"A user's id has up to {_LONGEST_ID} printable characters without spaces, such as 'divvyuser:7'."
        raise Invalid(message)
    return text


def _require_identity(identity: object) -> None:
    if isinstance(identity, tuple) and not all(
        isinstance(part, str) and 0 < len(part) <= _LONGEST_ID and part.isprintable() and clean_text(part) == part
        for part in identity
    ):
        message = f"An identity is an issuer and a subject, of up to {_LONGEST_ID} printable characters each."
        raise Invalid(message)
