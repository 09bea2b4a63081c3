"""Making and taking back API keys. Each change is in the audit trail, without the key.

Whoever calls this has made sure that `actor` may do it.
"""

from datetime import datetime, timedelta
from typing import NamedTuple

from duetime.core.access import Feature, Grant, Grants, Reach
from duetime.core.errors import Conflict, Invalid
from duetime.core.grant_documents import MOST_GRANTS, write_grants
from duetime.core.logins import ApiKey, Login, LoginStatus
from duetime.core.wording import write_instant
from duetime.store.store import Transaction
from duetime.web.access.tokens import new_key
from duetime.web.errors import KeyTooWide

DEFAULT_LIFE = timedelta(days=90)
LONGEST_LIFE = timedelta(days=3650)
MOST_LIVE = 100
"""So many keys of one login may be live at a time."""


class MadeKey(NamedTuple):
    """A key that was just made.

    Attributes:
        text: the key itself: shown once, kept nowhere.
    """

    key: ApiKey
    text: str


def create_key(
    tx: Transaction, *, actor: str, login: Login, name: str, grants: Grants, expires_at: datetime | None
) -> MadeKey:
    """Make a key that acts for a login.

    Args:
        tx: the transaction.
        actor: who does it.
        login: whom it acts for.
        name: what it is for.
        grants: what it opens at most; no more than its login may.
        expires_at: when it ends; None = never.

    Raises:
        Conflict: the login is disabled or has too many keys.
        KeyTooWide: the login may not do itself what the key should open.
        Invalid: there is no name or no grant, or the key would end in the past or in many years.
    """
    grants = Grants(tuple(grant for grant in grants.grants if grant.accounts is None or grant.accounts))
    _require_sense(tx, name=name, grants=grants, expires_at=expires_at)
    if login.status is not LoginStatus.ACTIVE:
        message = f"Login {login.login} is disabled; a key of it would open nothing. Enable it first."
        raise Conflict(message)
    require_within(grants, tx.access_groups.grants_of(login.login_id))
    if len(tx.api_keys.live_of(login.login_id)) >= MOST_LIVE:
        message = f"Login {login.login} has {MOST_LIVE} API keys already. Revoke those that nobody needs."
        raise Conflict(message)
    made = new_key()
    key = tx.api_keys.add(
        made.key_hash, login_id=login.login_id, prefix=made.prefix, grants=grants, name=name, expires_at=expires_at
    )
    tx.audit.add(
        actor=actor,
        verb="api_key.create",
        subject=f"login:{login.login}",
        after={
            "key": key.prefix,
            "name": key.name,
            "grants": write_grants(grants),
            "expires_at": None if expires_at is None else write_instant(expires_at),
        },
    )
    return MadeKey(key, made.text)


def revoke_key(tx: Transaction, *, actor: str, key: ApiKey, reason: str = "") -> ApiKey:
    """Take a key back for good; one that is revoked already stays so."""
    if tx.api_keys.revoke(key.key_id):
        owner = tx.logins.require(key.login_id)
        tx.audit.add(
            actor=actor,
            verb="api_key.revoke",
            subject=f"login:{owner.login}",
            reason=reason,
            before={"key": key.prefix, "name": key.name},
        )
    return tx.api_keys.get(key.key_id)


def require_within(wanted: Grants, limits: Grants) -> None:
    """Refuse grants that are wider than others.

    Raises:
        KeyTooWide: the others do not open what one of them does.
    """
    for grant in wanted.grants:
        for feature in Feature if grant.feature is None else (grant.feature,):
            if not _reaches(limits.reach(feature, grant.role), grant):
                raise KeyTooWide(feature, grant.role)
            if grant.payloads and not _reaches(limits.payload_reach(feature), grant):
                raise KeyTooWide(feature, grant.role, payloads=True)


def _require_sense(tx: Transaction, *, name: str, grants: Grants, expires_at: datetime | None) -> None:
    if not name.strip():
        message = "Say in a name what the key is for; it tells you later which keys can go."
        raise Invalid(message)
    if not grants.grants:
        message = "Say what the key opens, in at least one grant."
        raise Invalid(message)
    if len(grants.grants) > MOST_GRANTS:
        message = f"A key may have up to {MOST_GRANTS} grants, not {len(grants.grants)}. Ask for less at a time."
        raise Invalid(message)
    if expires_at is not None and not tx.now < expires_at <= tx.now + LONGEST_LIFE:
        message = f"A key ends after now and within {LONGEST_LIFE.days} days, or never."
        raise Invalid(message)


def _reaches(reach: Reach, grant: Grant) -> bool:
    if grant.accounts is None:
        return reach.is_everywhere
    return all(reach.covers(account) for account in grant.accounts)
