"""Somebody must always be able to say what is open to whom."""

from collections.abc import Iterator
from contextlib import contextmanager

from duetime.core.access import Feature, Role
from duetime.core.logins import administers_access
from duetime.store.store import Transaction
from duetime.web.errors import Forbidden, LastAdministrator
from duetime.web.visitor import Visitor


@contextmanager
def keeping_an_administrator(tx: Transaction) -> Iterator[None]:
    """Refuse the changes of the block, made by `tx`, when they take the last administrator away.

    One such block runs at a time, on whatever server: two administrators cannot take the role from each other at once.

    Raises:
        LastAdministrator: there was one before and is none after; the transaction must be rolled back.
    """
    tx.access_groups.lock()
    had_one = has_administrator(tx)
    yield
    if had_one and not has_administrator(tx):
        raise LastAdministrator


def has_administrator(tx: Transaction) -> bool:
    """Return whether some login that can come in administers access."""
    return any(login.can_come_in and administers_access(grants) for login, grants in tx.access_groups.everybody())


def require_everywhere(visitor: Visitor, role: Role = Role.VIEWER) -> None:
    """Refuse a visitor who has a role of access in some accounts only: logins and groups belong to no account.

    Raises:
        Forbidden: the visitor has not the role in all accounts.
    """
    if not visitor.reach(Feature.ACCESS, role).is_everywhere:
        raise Forbidden(Feature.ACCESS, role, "in all accounts, since logins and access groups belong to none")
